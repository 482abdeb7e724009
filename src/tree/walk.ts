import type { Hash } from "../chunk/hash.ts";
import { type ChunkStore, missingChunk } from "../chunk/store.ts";
import { decodeList } from "./blob.ts";
import { decodeNode, type Node } from "./node.ts";
import { blobOf } from "./slot.ts";

/** How many chunks are read at once. */
const BATCH = 1024;

/** The chunks that were visited. A variant is another entry of the same hash. */
export interface Visited {
  /** Adds a chunk; whether it is new. */
  add(hash: Hash, variant?: number): boolean;
  has(hash: Hash, variant?: number): boolean;
}

/** A chunk on the way: a node, or a part of a value with so many levels of lists in and below it. */
export interface Start {
  readonly hash: Hash;
  /** `undefined`: it is a node. */
  readonly depth: number | undefined;
}

/** The variant of chunks that only others, which are stored as differences from them, need: what is below them is not visited. */
const AS_BASE = 1;

/** Whether a walk came to a chunk. */
export function wasVisited(visited: Visited, hash: Hash): boolean {
  return visited.has(hash) || visited.has(hash, AS_BASE);
}

/** The parts of values that slots lead to. */
export function partsIn(slots: Iterable<Uint8Array>): Start[] {
  const parts: Start[] = [];
  for (const slot of slots) {
    const ref = blobOf(slot);
    if (ref !== undefined) parts.push(ref);
  }
  return parts;
}

/**
 * Every chunk that trees are made of: their nodes with those from which these are stored as differences, the pieces of their large
 * values and the lists of those, in batches: each once, or twice if it is a node and another's base. Reads the store and
 * no cache; holds little, however large the trees.
 *
 * @param starts roots of trees, or parts of values
 * @param visited the chunks that need not be visited, with all below them
 * @param whatIsMissing whether a chunk that is missing or damaged is an error
 */
export async function* walk(
  chunks: ChunkStore,
  starts: readonly Start[],
  visited: Visited,
  whatIsMissing: "throw" | "skip" = "throw",
): AsyncGenerator<Hash[], void> {
  const open: Start[] = [];
  const find = ({ hash, depth }: Start): void => {
    if (visited.add(hash)) open.push({ hash, depth });
  };
  starts.forEach(find);
  while (open.length > 0) {
    const batch = open.splice(-BATCH);
    yield batch.map(({ hash }) => hash);
    const branching = batch.filter(({ depth }) => depth !== 0);
    const bases: Hash[] = [];
    const found = await chunks.readSound(
      "node",
      branching.map(({ hash }) => hash),
      whatIsMissing,
    );
    for (const { hash, depth } of branching) {
      const chunk = found.get(hash);
      if (chunk === undefined) {
        if (whatIsMissing === "skip") continue;
        throw missingChunk(hash);
      }
      const { payload } = chunk;
      for (const base of chunk.bases) if (visited.add(base, AS_BASE)) bases.push(base);
      if (depth === undefined) findBelow(decodeNode(hash, payload), find);
      else for (const part of decodeList(hash, payload)) find({ hash: part.hash, depth: depth - 1 });
    }
    if (bases.length > 0) yield bases;
  }
}

function findBelow(node: Node, find: (start: Start) => void): void {
  for (let i = 0; i < node.count; i++) {
    if (node.level > 0) find({ hash: node.childHash(i), depth: undefined });
    else partsIn([node.slot(i)]).forEach(find);
  }
}
