/** Random stores, and who needs which of their chunks: found by brute force. */
import { type Memory, Versioned } from "vkv";
import { equalBytes } from "../../src/bytes.ts";
import { decodeChunk } from "../../src/chunk/codec.ts";
import type { Hash } from "../../src/chunk/hash.ts";
import { HashSet } from "../../src/chunk/hash-set.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { ChunkStore, missingCommit } from "../../src/chunk/store.ts";
import { type CommitRecord, decodeCommit } from "../../src/commit/commit.ts";
import { tailOf } from "../../src/commit/tail.ts";
import type { EntryList } from "../../src/tree/entry-list.ts";
import { keyText } from "../../src/tree/key-bytes.ts";
import { decodeNode } from "../../src/tree/node.ts";
import { partsIn, walk } from "../../src/tree/walk.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { noise, randomFrom } from "../support/tree.ts";

/** Values in the leaf, in a chunk of their own, and in pieces; some of them come often. */
function valueFrom(random: (below: number) => number): Uint8Array {
  const kind = random(20);
  if (kind === 0) return noise(150_000 + random(3) * 50_000, random(3));
  if (kind < 4) return noise(600 + random(3), random(5));
  return noise(random(40), random(1000));
}

/** A store with a history of some branches and tags, the same for every seed. */
export async function randomStore(seed: number, tailLimit = 0): Promise<Memory> {
  const random = randomFrom(seed);
  const store = new PlainMemory(tailLimit);
  const branches = ["main"];
  const main = await Versioned.open(store);
  await main.snapshot(
    Array.from({ length: random(200) }, (_, i): [string, Uint8Array] => [`k${i}`, valueFrom(random)]),
  );
  await main.merge();
  const steps = 3 + random(12);
  for (let step = 0; step < steps; step++) {
    const v = await Versioned.open(store, { branch: branches[random(branches.length)] ?? "main" });
    const kind = random(10);
    if (kind === 0) {
      await v.createTag(`t${step}`);
    } else if (kind < 3) {
      await v.createBranch(`b${step}`);
      branches.push(`b${step}`);
    } else if (kind < 5) {
      await v.mergeFrom(branches[random(branches.length)] ?? "main", { defaultMerge: "theirs" });
      await v.merge();
    } else {
      const some = (length: number): string[] => Array.from({ length }, () => `k${random(250)}`);
      const info = random(3) === 0 ? { info: { step } } : {};
      const removals = some(random(5));
      await v.snapshot(new Map(some(random(8)).map((key) => [key, valueFrom(random)])), { removals, ...info });
      await v.merge();
    }
  }
  return store;
}

export function copyOf(store: Memory): Memory {
  const copy = new PlainMemory(store.traits.tailLimit);
  for (const [key, value] of store.memory) copy.set(key, value);
  return copy;
}

/** Whether two stores hold the same. */
export function sameStores(a: Memory, b: Memory): boolean {
  if (a.memory.size !== b.memory.size) return false;
  return [...a.memory].every(([key, value]) => {
    const other = b.memory.get(key);
    return other !== undefined && equalBytes(value, other);
  });
}

/** Who needs what in a sound store. */
export interface Needs {
  /** By commit: the store keys of the chunks that it needs itself. */
  readonly chunks: ReadonlyMap<string, ReadonlySet<string>>;
  /** By store key of a ref: its history, the head first. */
  readonly histories: ReadonlyMap<string, readonly string[]>;
}

export async function needsOf(store: Memory): Promise<Needs> {
  const chunks = new Map<string, ReadonlySet<string>>();
  const histories = new Map<string, readonly string[]>();
  const v = await Versioned.open(store, { create: false });
  const heads = new Map<string, string>();
  for (const name of await v.listBranches()) heads.set(`b/${name}`, await v.resolveCommit(name));
  for (const [name, { commit }] of await v.listTags()) heads.set(`t/${name}`, commit);
  for (const [key, from] of heads) {
    const history = await v.history({ from, allParents: true }).toArray();
    histories.set(key, history);
    for (const id of history) if (!chunks.has(id)) chunks.set(id, await chunksOf(new ChunkStore(store), id));
  }
  return { chunks, histories };
}

/**
 * Its record; those of the tail below, if only changes of its tree are stored, down to the base; the nodes of the base's tree,
 * all of which are in its own tree or needed to make that, with what those are stored as differences from; and its values.
 */
async function chunksOf(chunks: ChunkStore, id: string): Promise<Set<string>> {
  const keys = new Set<string>();
  const tail: EntryList[] = [];
  let commit = await commitOf(chunks, id);
  for (let changes = tailOf(commit); changes !== undefined; changes = tailOf(commit)) {
    keys.add(chunkKey("commit", commit.hash));
    tail.push(changes.edits);
    commit = await commitOf(chunks, commit.parents[0] ?? "");
  }
  keys.add(chunkKey("commit", commit.hash));
  const slots = new Map<string, Uint8Array>();
  for (const open = [commit.root]; open.length > 0; ) {
    for (const [hash, { payload, bases }] of await chunks.readSound("node", open.splice(0))) {
      for (const each of [hash, ...bases]) keys.add(chunkKey("node", each));
      const node = decodeNode(hash, payload);
      for (let i = 0; i < node.count; i++) {
        if (node.level > 0) open.push(node.childHash(i));
        else slots.set(keyText(node.key(i)), node.slot(i));
      }
    }
  }
  for (const edits of tail.reverse()) {
    for (let i = 0; i < edits.length; i++) {
      if (edits.isRemoval(i)) slots.delete(keyText(edits.key(i)));
      else slots.set(keyText(edits.key(i)), edits.slot(i));
    }
  }
  for await (const batch of walk(chunks, partsIn(slots.values()), new HashSet())) {
    for (const hash of batch) keys.add(chunkKey("node", hash));
  }
  return keys;
}

async function commitOf(chunks: ChunkStore, id: string): Promise<CommitRecord> {
  const hash = id as Hash;
  const chunk = (await chunks.readSound("commit", [hash])).get(hash);
  if (chunk === undefined) throw missingCommit(hash);
  return decodeCommit(hash, chunk);
}

/** The store keys of all chunks that are needed. */
export function neededBy({ chunks }: Needs): string[] {
  return [...new Set([...chunks.values()].flatMap((keys) => [...keys]))].sort();
}

/** A way to damage a stored chunk. `undefined`: it is removed. */
export type Harm = (stored: Uint8Array, at: number, others: readonly Uint8Array[]) => Uint8Array | undefined;

/** All ways in which a medium or a program may damage a chunk. */
export const HARMS: Readonly<Record<string, Harm>> = {
  removed: () => undefined,
  "one bit flipped": (stored, at) => {
    const bit = at % (8 * stored.length);
    return stored.with(bit >> 3, (stored[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
  },
  "one bit of the header flipped": (stored, at) => {
    const chunk = decodeChunk(stored);
    const { byteOffset } = chunk.base === undefined ? chunk.payload : chunk.delta;
    const bit = at % (8 * (byteOffset - stored.byteOffset));
    return stored.with(bit >> 3, (stored[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
  },
  "cut off": (stored, at) => stored.slice(0, at % stored.length),
  extended: (stored, at) => new Uint8Array([...stored, ...noise(1 + (at % 100), at)]),
  "extended in front": (stored, at) => new Uint8Array([at % 256, ...stored]),
  zeroed: (stored) => new Uint8Array(stored.length),
  "replaced by another chunk": (stored, at, others) => {
    const different = others.filter((other) => !equalBytes(other, stored));
    return different[at % different.length] ?? new Uint8Array(0);
  },
};
