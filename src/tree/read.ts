import type { Hash } from "../chunk/hash.ts";
import type { Node } from "./node.ts";
import type { NodeReader, NodeStore } from "./node-store.ts";

/** The slot of `key`, if all nodes on the way are cached: `"missed"` if not, `undefined` if there is no such key. */
export function cachedSlot(nodes: NodeStore, root: Node, key: Uint8Array): Uint8Array | undefined | "missed" {
  let node = root;
  while (node.level > 0) {
    const index = node.lowerBound(key);
    if (index === node.count) return undefined;
    const child = nodes.cachedChild(node, index);
    if (child === undefined) return "missed";
    node = child;
  }
  const index = node.lowerBound(key);
  return node.isKey(index, key) ? node.slot(index) : undefined;
}

/** The slots of many keys, in their order; one round trip a level at most. */
export function getSlots(
  reader: NodeReader,
  root: Node,
  keys: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  return reader.run(() => keys.map((key) => readerSlot(reader, root, key)));
}

/** The slots of a key in many trees; one round trip a level at most, and what trees have in common is read once. */
export function getSlotInEach(
  reader: NodeReader,
  roots: readonly Hash[],
  key: Uint8Array,
): Promise<readonly (Uint8Array | undefined)[]> {
  return reader.run(() =>
    roots.map((hash) => {
      const root = reader.node(hash);
      return root && readerSlot(reader, root, key);
    }),
  );
}

function readerSlot(reader: NodeReader, root: Node, key: Uint8Array): Uint8Array | undefined {
  let node = root;
  while (node.level > 0) {
    const index = node.lowerBound(key);
    if (index === node.count) return undefined;
    const child = reader.child(node, index);
    if (child === undefined) return undefined;
    node = child;
  }
  const index = node.lowerBound(key);
  return node.isKey(index, key) ? node.slot(index) : undefined;
}
