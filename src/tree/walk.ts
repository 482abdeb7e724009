import type { Hash } from "../chunk/hash.ts";
import { type ChunkStore, missingChunk } from "../chunk/store.ts";
import { decodeList } from "./blob.ts";
import { decodeNode, type Node } from "./node.ts";
import { blobOf } from "./slot.ts";

/** How many chunks are read at once. */
const BATCH = 1024;

/** The chunks that were visited. */
export interface Visited {
  /** Adds a chunk; whether it is new. */
  add(hash: Hash): boolean;
}

/** A chunk on the way: a node, or a part of a value with so many levels of lists in and below it. */
interface Found {
  readonly hash: Hash;
  readonly depth: number | undefined;
}

/**
 * Every chunk that trees are made of: their nodes, the pieces of their large values and the lists of those, each once, in
 * batches. Reads the store and no cache; holds little, however large the trees.
 *
 * @param visited the chunks that need not be visited, with all below them
 * @param whatIsMissing whether a chunk that is missing or damaged is an error
 */
export async function* walk(
  chunks: ChunkStore,
  roots: readonly Hash[],
  visited: Visited,
  whatIsMissing: "throw" | "skip" = "throw",
): AsyncGenerator<Hash[], void> {
  const open: Found[] = [];
  const find = (hash: Hash, depth: number | undefined): void => {
    if (visited.add(hash)) open.push({ hash, depth });
  };
  for (const root of roots) find(root, undefined);
  while (open.length > 0) {
    const batch = open.splice(-BATCH);
    yield batch.map(({ hash }) => hash);
    const branching = batch.filter(({ depth }) => depth !== 0);
    const payloads = await chunks.read(
      "node",
      branching.map(({ hash }) => hash),
      whatIsMissing,
    );
    for (const { hash, depth } of branching) {
      const payload = payloads.get(hash);
      if (payload === undefined) {
        if (whatIsMissing === "skip") continue;
        throw missingChunk(hash);
      }
      if (depth === undefined) findBelow(decodeNode(hash, payload), find);
      else for (const part of decodeList(hash, payload)) find(part.hash, depth - 1);
    }
  }
}

function findBelow(node: Node, find: (hash: Hash, depth: number | undefined) => void): void {
  for (let i = 0; i < node.count; i++) {
    if (node.level > 0) {
      find(node.childHash(i), undefined);
      continue;
    }
    const ref = blobOf(node.slot(i));
    if (ref !== undefined) find(ref.hash, ref.depth);
  }
}
