/** What is stored of the use of keys: advice beside the branch. */
import { describe, expect, it } from "vitest";
import { collectGarbage, GCVersioned, Memory, Versioned } from "vkv";
import type { Hash } from "../../src/chunk/hash.ts";
import { HashSet } from "../../src/chunk/hash-set.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { ChunkStore } from "../../src/chunk/store.ts";
import { readRef, refKey } from "../../src/commit/ref.ts";
import { Repository } from "../../src/commit/repository.ts";
import { Usage } from "../../src/gc/usage.ts";
import { walk } from "../../src/tree/walk.ts";
import { ViewOf } from "../support/counting-store.ts";
import { failure } from "../versioned/helpers.ts";
import { ScriptedStore } from "../versioned/scripted-store.ts";
import { droppedBy, fill, historyOf, keysOf, openSmall, reopenSmall, sized } from "./helpers.ts";

const USAGE = refKey("usage", "main");

/** Published a, b and c of 30 bytes each, of which a was used last. */
async function used(store: Memory): Promise<GCVersioned> {
  const v = await openSmall(store, 60);
  await fill(v, { a: 30 });
  await fill(v, { b: 30 });
  await fill(v, { c: 30 });
  await v.merge();
  await v.get("a");
  await v.snapshot();
  return v;
}

/** What a write of 30 bytes by another process drops; 90 bytes are there. */
async function droppedLater(store: Memory): Promise<string | undefined> {
  const v = await reopenSmall(store, 90);
  await fill(v, { d: 30 });
  return droppedBy(v.lastRebaseResult);
}

/** The commit that holds the stored use of a branch's keys. */
async function usageCommit(store: Memory, branch = "main"): Promise<string | undefined> {
  return (await readRef(store, refKey("usage", branch)))?.head;
}

/** How many keys have a stored use. */
async function usedKeys(store: Memory): Promise<number> {
  const commit = await Repository.of(store).commits.load((await readRef(store, USAGE))?.head ?? failing());
  expect(commit.parents).toEqual([]);
  return commit.size;
}

/** Damages a chunk of the stored use. */
async function damage(store: Memory, what: "commit" | "node"): Promise<void> {
  const commit = await Repository.of(new ViewOf(store)).commits.load((await readRef(store, USAGE))?.head ?? failing());
  const key = what === "commit" ? chunkKey("commit", commit.hash) : chunkKey("node", commit.root);
  const bytes = store.get(key) ?? failing();
  store.set(key, bytes.fill(0, bytes.length - 3));
}

function failing(): never {
  throw new Error("It is not there.");
}

describe("the stored use of keys", () => {
  it("is known to another process", async () => {
    const store = new Memory();
    await used(store);
    expect(await droppedLater(store)).toBe("b");
  });

  it("is stored with a snapshot, also one that changes nothing, and not by reading, merging or opening", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    await fill(v, { a: 30, b: 30 });
    await v.merge();
    const before = await usageCommit(store);
    const reader = await reopenSmall(store);
    await reader.get("a");
    await reader.getMany(["a", "b"]);
    await reader.has("a");
    await reader.keys().toArray();
    await reader.merge();
    await reader.reset();
    await reader.maybeRebase();
    expect(await usageCommit(store)).toBe(before);
    expect(await reader.snapshot()).toBe(reader.currentCommit);
    expect(await usageCommit(store)).not.toBe(before);
  });

  it("is not stored by a snapshot before which nothing was used", async () => {
    const store = new Memory();
    await used(store);
    const v = await reopenSmall(store);
    const before = new Map(store.memory);
    await v.snapshot();
    await v.get("missing");
    await v.snapshot();
    expect(store.memory).toEqual(before);
  });

  it("says nothing of keys that are kept in any case", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    await fill(v, { __a: 10, "n/__b": 10 });
    await v.get("__a");
    await v.snapshot();
    expect(await usageCommit(store)).toBeUndefined();
  });

  it("is neither a branch nor a tag, and no part of history", async () => {
    const store = new Memory();
    const v = await used(store);
    expect(await v.listBranches()).toEqual(["main"]);
    expect(await Versioned.branches(store)).toEqual(["main"]);
    expect(await v.listTags()).toEqual(new Map());
    expect(await historyOf(v)).not.toContain(await usageCommit(store));
  });

  it("adds up what several processes used", async () => {
    const store = new Memory();
    const v = await openSmall(store, 60);
    await fill(v, { a: 25, b: 25, c: 25, d: 25 });
    await v.merge();
    const [one, two] = [await reopenSmall(store, 60), await reopenSmall(store, 60)];
    await one.get("c");
    await two.get("a");
    await Promise.all([one.snapshot(), two.snapshot()]);
    const last = await reopenSmall(store, 60);
    await fill(last, { e: 10 });
    expect(droppedBy(last.lastRebaseResult)).toBe("b d");
  });

  it("counts from where others left off: what was used later is warmer", async () => {
    const store = new Memory();
    const v = await openSmall(store, 60);
    await fill(v, { a: 30, b: 30, c: 30 });
    for (let i = 0; i < 50; i++) await v.get("a");
    await v.snapshot();
    await v.merge();
    const other = await reopenSmall(store, 60);
    await other.get("b");
    await other.snapshot();
    const third = await reopenSmall(store, 41);
    await fill(third, { d: 11 });
    expect(droppedBy(third.lastRebaseResult)).toBe("a c");
    expect(await keysOf(third)).toBe("b d");
  });

  it("forgets keys that are removed or dropped", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    await fill(v, { a: 30, b: 30, c: 30 });
    await v.snapshot(null, { removals: ["a"] });
    expect(await usedKeys(store)).toBe(2);
    await fill(v, { d: 60 });
    expect(droppedBy(v.lastRebaseResult)).toBe("b c d");
    await fill(v, { e: 1 });
    expect(await usedKeys(store)).toBe(1);
  });

  it("still knows what was used where very many keys were dropped", async () => {
    const usage = new Usage(Repository.of(new Memory()), "main");
    usage.noteAll(["a", "b"]);
    usage.forget(Array.from({ length: 200_000 }, (_, i) => `k${i}`));
    usage.note("b");
    usage.note("k7");
    const uses = await usage.read();
    expect(["a", "b", "k7", "k8"].map((key) => uses.take(key))).toEqual([1, 2, 3, 0]);
  });

  it("forgets keys that others removed, once it drops some", async () => {
    const store = new Memory();
    await used(store);
    const plain = await Versioned.open(store);
    await plain.snapshot(null, { removals: ["a", "b"] });
    await plain.merge();
    const v = await openSmall(store);
    await fill(v, { d: 90 });
    expect(droppedBy(v.lastRebaseResult)).toBe("c d");
    expect(await usedKeys(store)).toBe(0);
  });

  it("is that of the branch it began at, for a new branch", async () => {
    const store = new Memory();
    await used(store);
    const v = await reopenSmall(store, 60);
    const branch = await v.createBranch("other");
    await fill(branch, { d: 1 });
    await branch.merge();
    await fill(branch, { e: 29 });
    expect(droppedBy(branch.lastRebaseResult)).toBe("b c");
    await branch.get("a");
    await branch.snapshot();
    await branch.merge();
    const later = await reopenSmall(store, 80, "other");
    await fill(later, { f: 41 });
    expect(droppedBy(later.lastRebaseResult)).toBe("d e");
    expect(await droppedLater(store)).toBe("b");
  });

  it("of a new branch begins with what this process used", async () => {
    const v = await openSmall(undefined, 90);
    await fill(v, { a: 30, b: 30, c: 30 });
    await v.get("a");
    const branch = await v.createBranch("other");
    await branch.get("b");
    await fill(branch, { d: 30 });
    expect(droppedBy(branch.lastRebaseResult)).toBe("c");
    await fill(v, { d: 30 });
    expect(droppedBy(v.lastRebaseResult)).toBe("b");
  });

  it("goes with its branch", async () => {
    const store = new Memory();
    const v = await used(store);
    await v.createBranch("other");
    expect(await v.deleteBranch("main")).toBe(true);
    expect(await usageCommit(store)).toBeUndefined();
    expect(await v.deleteBranch("main")).toBe(false);
  });

  it("goes at the next collection, if a Versioned deleted the branch", async () => {
    const store = new Memory();
    const v = await used(store);
    const branch = await v.createBranch("other");
    await fill(branch, { d: 1 });
    await (await Versioned.open(store)).deleteBranch("main");
    await collectGarbage(store, { minAge: 0 });
    expect(await usageCommit(store)).toBeUndefined();
    expect(await usageCommit(store, "other")).toBeDefined();
  });
});

describe("where the stored use of keys cannot be had", () => {
  it("snapshots all the same when it is damaged, drops by size, and begins anew", async () => {
    for (const what of ["commit", "node"] as const) {
      const store = new Memory();
      await used(store);
      await damage(store, what);
      expect(await droppedLater(store)).toBe("a");
      const v = await reopenSmall(store, 90);
      await v.get("a");
      await v.snapshot();
      expect(await droppedLater(store)).toBe("b");
    }
  });

  it("drops by size, too, when the ref is damaged", async () => {
    const store = new Memory();
    await used(store);
    store.set(USAGE, new Uint8Array([2, 9]));
    expect(await droppedLater(store)).toBe("a");
  });

  it("begins anew, too, when it is damaged where it is written into", async () => {
    const store = new Memory();
    const v = await GCVersioned.open(store, { highWaterBytes: 1_000_000 });
    await v.snapshot(Array.from({ length: 1000 }, (_, i) => [`k${i}`, sized(1)]));
    await v.merge();
    const root = (await Repository.of(store).commits.load((await readRef(store, USAGE))?.head ?? failing())).root;
    const nodes: Hash[] = [];
    for await (const hashes of walk(new ChunkStore(store), [{ hash: root, depth: undefined }], new HashSet()))
      nodes.push(...hashes);
    for (const hash of nodes) if (hash !== root) store.remove(chunkKey("node", hash));
    const other = await GCVersioned.open(new ViewOf(store), { highWaterBytes: 1_000_000 });
    await other.get("k7");
    await other.snapshot();
    expect(await usedKeys(store)).toBe(1);
  });

  it("snapshots all the same when the store fails to store it, and stores it with the next one", async () => {
    const memory = new Memory();
    await used(memory);
    const store = new ScriptedStore(memory);
    const v = await openSmall(store, 60);
    store.script = ({ op, key }) => (op === "cas" && key === USAGE ? "fail before" : "pass");
    await v.get("b");
    const before = await usageCommit(memory);
    await fill(v, { empty: 0 });
    expect(await usageCommit(memory)).toBe(before);
    store.script = undefined;
    await v.snapshot();
    expect(await usageCommit(memory)).not.toBe(before);
    await v.merge();
    expect(await droppedLater(memory)).toBe("c");
  });

  it("snapshots without dropping when the store fails to read it, and drops with the next one", async () => {
    const memory = new Memory();
    await used(memory);
    const store = new ScriptedStore(memory);
    const v = await openSmall(store, 60);
    store.script = ({ op, key }) => (op === "get" && key === USAGE ? "fail before" : "pass");
    await fill(v, { d: 30 });
    expect(await keysOf(v)).toBe("a b c d");
    expect(v.lastRebaseResult).toMatchObject({ performed: false, totalSizeBefore: 120 });
    await failure(v.rebase());
    store.script = undefined;
    await fill(v, { empty: 0 });
    expect(droppedBy(v.lastRebaseResult)).toBe("b c");
  });

  it("gives up after some lost races, and stores it with the next snapshot", async () => {
    const memory = new Memory();
    await used(memory);
    const store = new ScriptedStore(memory);
    const v = await openSmall(store, 60);
    let lost = 0;
    store.script = ({ op, key }) => {
      if (op !== "cas" || key !== USAGE) return "pass";
      lost++;
      return "refuse";
    };
    await v.get("b");
    await v.snapshot();
    expect(lost).toBe(3);
    store.script = undefined;
    await v.snapshot();
    expect(await droppedLater(memory)).toBe("c");
  });

  it("is an error when the data fails, and the handle stays as it was", async () => {
    const memory = new Memory();
    const v0 = await used(memory);
    const store = new ScriptedStore(memory);
    const v = await openSmall(store, 60);
    store.script = ({ op, key }) => (op === "cas" && key.startsWith("c/") ? "fail before" : "pass");
    await failure(fill(v, { d: 30 }));
    expect(v.currentCommit).toBe(v0.currentCommit);
    expect(v.lastRebaseResult).toBeUndefined();
  });
});

describe("a branch's commits", () => {
  it("are not changed by what was used", async () => {
    const [small, plain] = [await openSmall(), await Versioned.open()];
    for (const v of [small, plain]) {
      await fill(v, { a: 20, b: 20 });
      await v.get("a");
      await v.snapshot({ c: sized(5) }, { info: { n: 1 }, removals: ["b"] });
      await v.merge();
    }
    expect(small.currentCommit).toBe(plain.currentCommit);
  });
});
