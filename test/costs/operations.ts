/** What each operation of the design's cost table costs, counted. */
import assert from "node:assert/strict";
import { beginEpoch, raiseRefs } from "../../src/commit/epoch.ts";
import type { Memory } from "../../src/kv/memory.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { CountingStore } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";

export interface Cost {
  readonly roundTrips: number;
  /** Chunks and other records that were read. */
  readonly reads: number;
  /** Bytes of values that were written. */
  readonly written: number;
}

const KEYS_OF_USER = 100;

/** 21 bytes, as in the design's figures. */
export function keyOf(index: number): string {
  return `user/${String(Math.floor(index / KEYS_OF_USER)).padStart(8, "0")}/k${String(1000 + (index % KEYS_OF_USER))}xx`;
}

/** 100 bytes that no other key has. */
export function versionOf(index: number, version = 0): Uint8Array {
  const value = new Uint8Array(100);
  new DataView(value.buffer).setUint32(0, index);
  new DataView(value.buffer).setUint32(4, version);
  for (let i = 8; i < 100; i++) value[i] = (index * 31 + i * 7) & 255;
  return value;
}

/** A store with `n` keys on its branch `main`, of which later commits changed some. */
export interface Filled {
  readonly store: Memory;
  readonly n: number;
}

export async function fill(n: number, tailLimit = 0): Promise<Filled> {
  const store = new PlainMemory(tailLimit);
  const v = await Versioned.open(store);
  for (let from = 0; from < n; from += 200_000) {
    const count = Math.min(200_000, n - from);
    await v.snapshot(
      Array.from({ length: count }, (_, i): [string, Uint8Array] => [keyOf(from + i), versionOf(from + i)]),
    );
  }
  await v.merge();
  return { store, n };
}

/** Every row, in order. Each begins with cold caches unless it says so. */
export async function measure({ store, n }: Filled): Promise<Map<string, Cost>> {
  const rows = new Map<string, Cost>();
  let counting = new CountingStore(store);
  const middle = Math.floor(n / 2);
  const spread = Array.from({ length: 100 }, (_, i) => Math.floor((i * n) / 100));
  const row = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    counting.reset();
    const result = await work();
    const reads = counting.count("get").items + counting.count("getMany").items;
    rows.set(name, { roundTrips: counting.roundTrips, reads, written: counting.written });
    return result;
  };
  const cold = async (): Promise<Versioned> => {
    counting = new CountingStore(store);
    return Versioned.open(counting);
  };
  /** Another process publishes something. */
  const publish = async (index: number, version: number): Promise<void> => {
    const other = await Versioned.open(new CountingStore(store));
    await other.snapshot({ [keyOf(index)]: versionOf(index, version) });
    await other.merge();
  };

  counting = new CountingStore(new PlainMemory());
  await row("open, creating store and branch", () => Versioned.open(counting));
  await row("open, creating a branch", () => Versioned.open(counting, { branch: "another" }));
  counting = new CountingStore(store);
  let v = await row("open", () => Versioned.open(counting));
  assert(await row("get", () => v.get(keyOf(middle))));
  await row("get, warm", () => v.get(keyOf(middle)));
  await row("size", () => v.size());
  v = await cold();
  assert.equal(await row("get of a missing key", () => v.get(`${keyOf(middle)}?`)), undefined);
  v = await cold();
  assert.equal((await row("getMany of 100 keys", () => v.getMany(spread.map(keyOf)))).size, 100);
  v = await cold();
  const under = keyOf(middle).slice(0, -6);
  assert.equal(
    (await row("scan of the 100 keys under a prefix", () => v.keys({ prefix: under }).toArray())).length,
    100,
  );
  v = await cold();
  const thousand = (): Promise<string[]> => v.keys({ limit: 1000, gte: keyOf(0) }).toArray();
  assert.equal((await row("scan of 1,000 keys", thousand)).length, 1000);

  // A commit, warm: what it replaces was read.
  v = await cold();
  await v.getMany(spread.map(keyOf));
  await row("snapshot of 1 key, warm", () => v.snapshot({ [keyOf(0)]: versionOf(0, 1) }));
  await row("merge, fast-forward", () => v.merge());
  const hundred = new Map(spread.map((index) => [keyOf(index), versionOf(index, 2)]));
  await row("snapshot of 100 keys, warm", () => v.snapshot(hundred));
  await v.merge();
  const after = v.currentCommit;
  const [, one = "", before = ""] = await v.history({ limit: 3 }).toArray();
  v = await cold();
  await row("snapshot of 1 key", () => v.snapshot({ [keyOf(middle)]: versionOf(middle, 3) }));
  await v.reset();

  v = await cold();
  await row("diff of 1 key", () => v.diff(before, one));
  v = await cold();
  const changes = await row("diff of 100 keys", () => v.diff(one, after));
  assert.equal(changes.modified.size, 100);
  v = await cold();
  await row("changes of 100 keys, with values", () => v.changes(one, after).toArray());

  // A three-way merge: one key each.
  v = await cold();
  await v.snapshot({ [keyOf(1)]: versionOf(1, 4) });
  await publish(n - 1, 4);
  const merged = await row("merge, three-way, each side 1 key", () => v.merge());
  assert.equal(merged.strategy, "three_way");
  v = await cold();
  await v.snapshot(new Map(spread.map((index) => [keyOf(index + 2), versionOf(index, 5)])));
  await publish(n - 1, 5);
  await row("merge, three-way, 100 keys and 1 key", () => v.merge());

  // Branches and tags.
  v = await cold();
  await row("createBranch", () => v.createBranch("topic"));
  await row("createTag", () => v.createTag("v1", { info: { release: 1 } }));
  v = await cold();
  const local = await v.snapshot({ [keyOf(middle)]: versionOf(middle, 6) });
  await v.snapshot({ [keyOf(middle)]: versionOf(middle, 7) });
  await row("createBranch at an older local commit", () => v.createBranch("local", { at: local }));
  await v.deleteBranch("local");
  v = await cold();
  await row("createBranch at an older commit", () => v.createBranch("older", { at: one }));
  await row("deleteBranch", () => v.deleteBranch("older"));
  await row("deleteTag", () => v.deleteTag("v1"));
  v = await cold();
  await v.snapshot({ [keyOf(3)]: versionOf(3, 9) });
  const topic = await Versioned.open(new CountingStore(store), { branch: "topic" });
  await topic.snapshot({ [keyOf(n - 3)]: versionOf(n - 3, 9) });
  await topic.merge();
  await row("mergeFrom a branch, each side 1 key", () => v.mergeFrom("topic"));
  v = await cold();
  await row("resetTo an older commit", () => v.resetTo(one));
  await row("resetTo, warm", () => v.resetTo(before));
  for (let i = 0; i < 40; i++) await v.createBranch(`b${i}`);
  v = await cold();
  assert.equal((await row("listBranches, 42 of them", () => v.listBranches())).length, 42);
  await row("reset", () => v.reset());
  const work = (tx: Versioned): Promise<string> => tx.snapshot({ [keyOf(7)]: versionOf(7, 6) });
  await row("transact of 1 key", () => v.transact(work));

  // After a collection began.
  v = await cold();
  await v.snapshot({ [keyOf(8)]: versionOf(8, 7) });
  await raiseRefs(store, await beginEpoch(store));
  await row("merge, fast-forward, first after a collection", () => v.merge());
  v = await cold();
  await v.snapshot({ [keyOf(8)]: versionOf(8, 8) });
  await raiseRefs(store, await beginEpoch(store));
  await v.reset();
  await v.get(keyOf(8));
  await row("snapshot of 1 key that makes old chunks again", () => v.snapshot({ [keyOf(8)]: versionOf(8, 8) }));
  return rows;
}

/** The most round trips that the design allows, for a tree of a depth. */
export function allowed(name: string, depth: number): number {
  const pages = (keys: number): number => 1 + Math.ceil(Math.max(0, keys - 128) / 1024);
  /** Of a search in a history of 10,000 commits. */
  const ancestry = 16;
  /** Of the ancestors that a new commit names. */
  const skips = 6;
  const bounds: Record<string, number> = {
    open: 3,
    "open, creating store and branch": 7,
    "open, creating a branch": 7,
    get: depth,
    "get, warm": 0,
    size: 0,
    "get of a missing key": depth,
    "getMany of 100 keys": depth,
    "scan of the 100 keys under a prefix": depth + pages(100),
    "scan of 1,000 keys": depth + pages(1000),
    "snapshot of 1 key, warm": 1,
    "snapshot of 100 keys, warm": 1,
    "snapshot of 1 key": depth + skips + 1,
    "snapshot of 1 key that makes old chunks again": 3,
    "merge, fast-forward": 1,
    // The lost cas, the ref, the chunks, raising them, and the cas.
    "merge, fast-forward, first after a collection": 5,
    "diff of 1 key": 2 * depth,
    "diff of 100 keys": 2 * depth,
    "changes of 100 keys, with values": 2 * depth,
    "merge, three-way, each side 1 key": 4 * depth + ancestry,
    "merge, three-way, 100 keys and 1 key": 4 * depth + ancestry,
    "mergeFrom a branch, each side 1 key": 4 * depth + ancestry,
    createBranch: 3,
    createTag: 3,
    // The commit, and that it is below HEAD.
    "createBranch at an older local commit": 3,
    "createBranch at an older commit": 3 + 1 + ancestry,
    "resetTo an older commit": 2 + ancestry,
    "resetTo, warm": 2,
    deleteBranch: 2,
    deleteTag: 2,
    "listBranches, 42 of them": 2,
    reset: 2,
    "transact of 1 key": 2 + depth + skips + 2,
  };
  const bound = bounds[name];
  assert(bound !== undefined, `no bound for ${name}`);
  return bound;
}
