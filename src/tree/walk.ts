import type { Hash } from "../chunk/hash.ts";
import { CorruptionError } from "../errors.ts";
import { decodeList } from "./blob.ts";
import type { Node } from "./node.ts";
import { NodeReader, type NodeStore } from "./node-store.ts";
import { blobOf } from "./slot.ts";

/** How many chunks are fetched at once. */
const BATCH = 1024;

/**
 * Every chunk that a tree is made of: its nodes, the pieces of its large values and their lists, each once, in batches.
 *
 * @param seen the chunks that need not be visited, with all below them; those that are visited are added
 */
export async function* walk(nodes: NodeStore, root: Hash, seen: Set<Hash>): AsyncGenerator<Hash[], void> {
  const open: Found[] = [];
  const found = (hash: Hash, depth: number | undefined): void => {
    if (seen.has(hash)) return;
    seen.add(hash);
    open.push({ hash, depth });
  };
  found(root, undefined);
  while (open.length > 0) {
    const batch = open.splice(-BATCH);
    yield batch.map(({ hash }) => hash);
    const reader = new NodeReader(nodes);
    const inner = batch.filter(({ depth }) => depth === undefined);
    const opened = await reader.run(() => inner.map(({ hash }) => reader.node(hash)));
    for (const node of opened) if (node !== undefined) visitNode(node, found);
    const lists = batch.filter(({ depth }) => depth !== undefined && depth > 0);
    const payloads =
      lists.length === 0
        ? new Map()
        : await nodes.chunks.read(
            "node",
            lists.map(({ hash }) => hash),
          );
    for (const { hash, depth = 0 } of lists) {
      const payload = payloads.get(hash);
      if (payload === undefined)
        throw new CorruptionError(`Chunk ${hash}, a part of a value, is missing.`, { at: hash });
      for (const part of decodeList(hash, payload)) found(part.hash, depth - 1);
    }
  }
}

/** A chunk on the way: a node, or a part of a value with so many levels of lists in and below it. */
interface Found {
  readonly hash: Hash;
  readonly depth: number | undefined;
}

function visitNode(node: Node, found: (hash: Hash, depth: number | undefined) => void): void {
  for (let i = 0; i < node.count; i++) {
    if (node.level > 0) {
      found(node.childHash(i), undefined);
      continue;
    }
    const ref = blobOf(node.slot(i));
    if (ref !== undefined) found(ref.hash, ref.depth);
  }
}
