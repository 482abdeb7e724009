import type { Hash } from "../chunk/hash.ts";
import { LOOKED_UP, writeUtf8 } from "./key-bytes.ts";
import type { Node } from "./node.ts";
import type { NodeReader, NodeStore } from "./node-store.ts";
import { Page } from "./page.ts";

/** The leaf that has the key in `bytes` from `start` to `end`, if any has; if a node on the way is not cached, the one above it. */
export function lowestCached(nodes: NodeStore, root: Node, bytes: Uint8Array, start: number, end: number): Node {
  let node = root;
  while (node.level > 0) {
    const index: number = node.lowerBound(bytes, start, end);
    const child = nodes.cachedChild(node, Math.min(index, node.count - 1));
    if (child === undefined) return node;
    node = child;
  }
  return node;
}

/** The entries of those of `keys` that are there; `undefined` if a node on the way to one is not cached. */
export function cachedEntries(
  nodes: NodeStore,
  root: Node,
  keys: readonly string[],
): { readonly keys: string[]; readonly page: Page } | undefined {
  const found: string[] = [];
  const page = new Page();
  let leaf: Node | undefined;
  let from = 0;
  let to = 0;
  for (const key of keys) {
    const end = writeUtf8(key, LOOKED_UP, 0);
    // Of keys that come in order, the next one mostly lies behind the last.
    if (leaf !== undefined && to < leaf.count && leaf.compareKey(to, LOOKED_UP, 0, end) === 0) {
      to++;
      found.push(key);
      continue;
    }
    if (leaf !== undefined) page.add(leaf, from, to);
    leaf = lowestCached(nodes, root, LOOKED_UP, 0, end);
    if (leaf.level > 0) return undefined;
    from = leaf.find(LOOKED_UP, 0, end);
    to = from + 1;
    if (from < 0) leaf = undefined;
    else found.push(key);
  }
  if (leaf !== undefined) page.add(leaf, from, to);
  return { keys: found, page };
}

/** The slots of many keys below a node, in their order; one round trip a level at most. */
export async function getSlots(
  reader: NodeReader,
  from: Node,
  keys: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const reached = keys.map((key) => lowest(reader, from, key));
  while (reader.missed) {
    await reader.fetch();
    for (let i = 0; i < keys.length; i++) {
      const node = reached[i];
      const key = keys[i];
      if (node !== undefined && key !== undefined) reached[i] = lowest(reader, node, key);
    }
  }
  return keys.map((key, i) => slotIn(reached[i], key));
}

/** The slots of a key in many trees; one round trip a level at most, and what trees have in common is read once. */
export function getSlotInEach(
  reader: NodeReader,
  roots: readonly (Node | Hash)[],
  key: Uint8Array,
): Promise<readonly (Uint8Array | undefined)[]> {
  return reader.run(() =>
    roots.map((each) => {
      const root = typeof each === "string" ? reader.node(each) : each;
      return root && slotIn(lowest(reader, root, key), key);
    }),
  );
}

/** The lowest node on the way to a key that is at hand: the leaf that has it, if any has, or the node whose child is missed. */
function lowest(reader: NodeReader, from: Node, key: Uint8Array): Node {
  let node = from;
  while (node.level > 0) {
    const index = node.lowerBound(key);
    const child = index === node.count ? undefined : reader.child(node, index);
    if (child === undefined) return node;
    node = child;
  }
  return node;
}

function slotIn(node: Node | undefined, key: Uint8Array): Uint8Array | undefined {
  const index = node === undefined || node.level > 0 ? -1 : node.find(key);
  return index < 0 ? undefined : node?.slot(index);
}
