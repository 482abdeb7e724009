/** Nodes and commits as somebody who knows the format can make them: their hashes are right, what they say need not be. */
import { HASH_BYTES, type Hash, hashOf, writeHash } from "../../src/chunk/hash.ts";
import { type Chunk, ChunkStore } from "../../src/chunk/store.ts";
import { varintLength, writeVarint } from "../../src/chunk/varint.ts";
import { encodeInfo, type Info } from "../../src/commit/info.ts";
import { encodeRef, refKey } from "../../src/commit/ref.ts";
import { Memory } from "../../src/kv/memory.ts";
import type { KVStore } from "../../src/kv/store.ts";
import { EntryList } from "../../src/tree/entry-list.ts";
import { keyBytes } from "../../src/tree/key-bytes.ts";
import { decodeNode, type Node } from "../../src/tree/node.ts";
import { buildNode } from "../../src/tree/node-builder.ts";

/** Bytes one after another: numbers as varints, hashes as their 32 bytes. */
export function payloadOf(kind: number, ...parts: readonly (number | Hash | Uint8Array)[]): Uint8Array {
  const pieces = parts.map((part) => {
    if (part instanceof Uint8Array) return part;
    const bytes = new Uint8Array(typeof part === "number" ? varintLength(part) : HASH_BYTES);
    if (typeof part === "number") writeVarint(part, bytes, 0);
    else writeHash(part, bytes, 0);
    return bytes;
  });
  return Uint8Array.from([kind, ...pieces.flatMap((piece) => [...piece])]);
}

/** A node of any entries, in the order given. */
export function craftNode(level: number, entries: readonly (readonly [key: string, slot: Uint8Array])[]): Node {
  const list = new EntryList();
  for (const [key, slot] of entries) list.push(keyBytes(key), slot);
  return buildNode(list, 0, entries.length, level, false, false);
}

/** The slot of an inner node's entry that says anything of its child. */
export function craftSlot(child: Hash, size: number, bytes: number): Uint8Array {
  return payloadOf(0, child, size, bytes).subarray(1);
}

/** What a commit says. */
export interface CommitFields {
  readonly root: Hash;
  readonly size: number;
  readonly bytes: number;
  readonly generation: number;
  readonly depth: number;
  readonly merges: number;
  readonly parents: readonly Hash[];
  readonly skips: readonly Hash[];
  readonly info?: Info | undefined;
}

/** A commit that says anything. */
export function craftCommit(commit: CommitFields): Chunk {
  const { root, size, bytes, generation, depth, merges, parents, skips, info } = commit;
  const about = info === undefined ? [0] : [1, encodeInfo(info)];
  const numbers = [size, bytes, generation, depth, merges, parents.length];
  const payload = payloadOf(4, root, ...numbers, ...parents, ...skips, ...about);
  return { kind: "commit", hash: hashOf(payload), payload };
}

/** Stores chunks, and points a branch to a commit. */
export async function plant(store: KVStore, chunks: readonly Chunk[], head: Hash, branch = "main"): Promise<void> {
  await new ChunkStore(store).put(chunks, 0);
  await store.set(refKey("branch", branch), encodeRef(head, 0));
}

/** A store whose only commit has a tree of these nodes. The totals that the commit says are the root's. */
export async function plantTree(
  nodes: readonly Node[],
  root: Node,
  branch = "main",
  store = new Memory(),
): Promise<Memory> {
  const { size, bytes } = decodeNode(root.hash, root.payload).totals();
  const commit = craftCommit({
    root: root.hash,
    size: Math.min(size, Number.MAX_SAFE_INTEGER),
    bytes,
    generation: 0,
    depth: 0,
    merges: 0,
    parents: [],
    skips: [],
  });
  const chunks = [root, ...nodes].map(({ hash, payload }): Chunk => ({ kind: "node", hash, payload }));
  await plant(store, [...chunks, commit], commit.hash, branch);
  return store;
}
