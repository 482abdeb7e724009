import { describe, expect, it } from "vitest";
import { GCVersioned, Memory, Namespaced, Versioned } from "vkv";
import { bytes, text } from "../versioned/helpers.ts";
import { droppedBy, fill, historyOf, keysOf, openSmall, sized } from "./helpers.ts";

describe("when a snapshot drops keys", () => {
  it("is over high water, not at it", async () => {
    const v = await openSmall();
    await fill(v, { a: 60, b: 40 });
    expect(await keysOf(v)).toBe("a b");
    expect(v.lastRebaseResult).toEqual({
      performed: false,
      newCommit: undefined,
      droppedKeys: [],
      keptKeys: [],
      totalSizeBefore: 100,
      totalSizeAfter: 100,
    });
    await fill(v, { c: 1 });
    expect(await keysOf(v)).toBe("b c");
  });

  it("counts the bytes of values, and those of a replaced value once", async () => {
    const v = await openSmall();
    for (let i = 0; i < 10; i++) await fill(v, { ["k".repeat(1000)]: 90 + i });
    expect(v.lastRebaseResult?.performed).toBe(false);
    expect(v.lastRebaseResult?.totalSizeBefore).toBe(99);
  });

  it("tells what was done", async () => {
    const v = await openSmall();
    await fill(v, { a: 40 });
    await fill(v, { b: 40 });
    const commit = await fill(v, { c: 40 });
    expect(v.lastRebaseResult).toEqual({
      performed: true,
      newCommit: commit,
      droppedKeys: ["a", "b"],
      keptKeys: ["c"],
      totalSizeBefore: 120,
      totalSizeAfter: 40,
    });
    expect(v.currentCommit).toBe(commit);
    await fill(v, { d: 1 });
    expect(v.lastRebaseResult?.performed).toBe(false);
  });

  it("does not look again where nothing changes, and at the next change finds lower limits", async () => {
    const store = new Memory();
    const wide = await GCVersioned.open(store, { highWaterBytes: 1000 });
    await fill(wide, { a: 80, b: 80 });
    await wide.merge();
    const v = await openSmall(store);
    expect(await v.snapshot()).toBe(wide.currentCommit);
    expect(v.lastRebaseResult).toBeUndefined();
    await v.snapshot(null, { info: { by: "v" } });
    expect(droppedBy(v.lastRebaseResult)).toBe("a b");
  });

  it("is one whose merged or inherited contents are over high water", async () => {
    const store = new Memory();
    const [a, b] = await Promise.all([openSmall(store), openSmall(store)]);
    await fill(a, { a: 60 });
    await a.merge();
    await fill(b, { b: 60 });
    await b.merge();
    expect(await keysOf(b)).toBe("a b");
    await fill(b, { c: 1 });
    expect(droppedBy(b.lastRebaseResult)).toBe("a b");
  });
});

describe("what a snapshot drops", () => {
  it("is the coldest first, until no more than low water is left", async () => {
    const v = await openSmall(undefined, 75);
    for (const key of ["d", "a", "c", "b"]) await fill(v, { [key]: 25 });
    await fill(v, { e: 25 });
    expect(droppedBy(v.lastRebaseResult)).toBe("a d");
    expect(await keysOf(v)).toBe("b c e");
  });

  it("is not what was read since: get and getMany count, has and scans do not", async () => {
    const v = await openSmall(undefined, 80);
    await fill(v, { a: 20, b: 20, c: 20, d: 20, e: 20 });
    await v.getMany(["a", "nothing"]);
    await v.get("b");
    expect(await v.has("c")).toBe(true);
    await v.keys().toArray();
    await v.entries({ prefix: "d" }).toArray();
    await fill(v, { f: 40 });
    expect(droppedBy(v.lastRebaseResult)).toBe("c d e");
  });

  it("is not what was written last: a value that is set to what it was counts too", async () => {
    const v = await openSmall(undefined, 80);
    await fill(v, { a: 40, b: 40 });
    await fill(v, { a: 40, c: 40 });
    expect(droppedBy(v.lastRebaseResult)).toBe("b");
  });

  it("is the largest first among equally cold ones, then the first in key order", async () => {
    const v = await openSmall(undefined, 70);
    await fill(v, { small: 10, big: 50, mid: 30 });
    await fill(v, { extra: 20 });
    expect(droppedBy(v.lastRebaseResult)).toBe("big");
    const w = await openSmall(undefined, 70);
    await fill(w, { c: 30, a: 30, b: 30 });
    await fill(w, { d: 40 });
    expect(droppedBy(w.lastRebaseResult)).toBe("a b");
  });

  it("is never a key whose last segment begins with __", async () => {
    const v = await openSmall();
    await fill(v, { __a: 10, "ns/__b": 10, "ns/deep/__": 10 });
    await fill(v, { "__ns/c": 10, _d: 10, e__: 10, "__/f": 10, "ns/g/": 10 });
    await fill(v, { h: 40 });
    expect(await keysOf(v)).toBe("__a ns/__b ns/deep/__");
  });

  it("is what it can be, where what is kept is over low water by itself", async () => {
    const v = await openSmall();
    await fill(v, { __kept: 70, a: 20 });
    await fill(v, { b: 20 });
    expect(await keysOf(v)).toBe("__kept");
    expect(v.lastRebaseResult).toMatchObject({ totalSizeBefore: 110, totalSizeAfter: 70 });
  });

  it("is nothing where nothing can be dropped: that is an ordinary snapshot", async () => {
    const v = await openSmall();
    const first = await fill(v, { __kept: 200 });
    expect(v.lastRebaseResult?.performed).toBe(false);
    await fill(v, { __more: 200 });
    expect(await v.parents()).toEqual([first]);
  });

  it("is of what it writes itself the largest, if that is over low water alone", async () => {
    const v = await openSmall();
    await fill(v, { old: 10 });
    await fill(v, { a: 30, b: 60, c: 20 });
    expect(droppedBy(v.lastRebaseResult)).toBe("b old");
    expect(await keysOf(v)).toBe("a c");
    await fill(v, { d: 101 });
    expect(await keysOf(v)).toBe("");
    expect(v.lastRebaseResult).toMatchObject({ droppedKeys: ["a", "c", "d"], keptKeys: [], totalSizeAfter: 0 });
  });

  it("may be a large value, of which nothing is read", async () => {
    const v = await GCVersioned.open(new Memory(), { highWaterBytes: 1_000_000, lowWaterBytes: 400_000 });
    await fill(v, { a: 700_000, b: 600 });
    await fill(v, { c: 300_000 });
    expect(droppedBy(v.lastRebaseResult)).toBe("a");
    expect((await v.commit()).bytes).toBe(300_600);
  });

  it("is chosen of all keys of a tree with several levels", async () => {
    const v = await GCVersioned.open(new Memory(), { highWaterBytes: 30_000, lowWaterBytes: 10_000 });
    const names = Array.from({ length: 3000 }, (_, i) => `k${i}`);
    await v.snapshot(names.map((key) => [key, sized(10)]));
    await v.getMany(names.filter((_, i) => i % 3 === 0));
    await fill(v, { last: 1 });
    const left = new Set(await v.keys().toArray());
    expect(left.size).toBe(1000);
    expect(names.filter((key, i) => left.has(key) && i % 3 !== 0)).toEqual([]);
    expect(left.has("last")).toBe(true);
  });
});

describe("the commit of a snapshot that drops keys", () => {
  it("has no parents and the snapshot's info; its id is that of its contents", async () => {
    const v = await openSmall();
    await fill(v, { a: 60 });
    await v.snapshot({ b: sized(50) }, { info: { by: "me" } });
    expect(await v.parents()).toEqual([]);
    expect(await v.commitInfo()).toEqual({ by: "me" });
    expect(await historyOf(v)).toEqual([v.currentCommit]);
    const w = await openSmall();
    await fill(w, { c: 99 });
    await w.snapshot({ b: sized(50) }, { info: { by: "me" } });
    expect(w.currentCommit).toBe(v.currentCommit);
    const plain = await Versioned.open();
    await fill(plain, { b: 50 });
    expect((await v.commit()).root).toBe((await plain.commit()).root);
  });

  it("is the handle's own until merge, which moves HEAD to it", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    await fill(v, { a: 60 });
    await v.merge();
    const head = v.currentCommit;
    await fill(v, { b: 50 });
    expect(await v.latestHead()).toBe(head);
    expect(v.baseCommit).toBe(head);
    const result = await v.merge();
    expect(result).toMatchObject({ merged: true, strategy: "fast_forward", commit: v.currentCommit });
    const other = await Versioned.open(store);
    expect(await keysOf(other)).toBe("b");
    expect(await historyOf(other)).toEqual([v.currentCommit]);
  });

  it("is dropped by reset, as other local work", async () => {
    const v = await openSmall();
    await fill(v, { a: 60 });
    await v.merge();
    await fill(v, { b: 50 });
    await v.reset();
    expect(await keysOf(v)).toBe("a");
  });

  it("is built upon by the next ones", async () => {
    const v = await openSmall();
    await fill(v, { a: 60 });
    const root = await fill(v, { b: 50 });
    await fill(v, { c: 10 });
    expect(await v.parents()).toEqual([root]);
    await v.merge();
    expect(await v.latestHead()).toBe(v.currentCommit);
  });

  it("removes and drops at once", async () => {
    const v = await openSmall();
    await fill(v, { a: 40, b: 30, c: 30 });
    await v.snapshot({ d: sized(50) }, { removals: ["b"] });
    expect(await keysOf(v)).toBe("d");
    expect(v.lastRebaseResult).toMatchObject({ droppedKeys: ["a", "c"], totalSizeBefore: 120 });
  });
});

describe("what stands on a GCVersioned", () => {
  it("can be a namespace, whose reads and writes count", async () => {
    const v = await openSmall(undefined, 80);
    const agent = new Namespaced(v, "agent");
    await agent.snapshot({ a: sized(40), b: sized(40), __state: bytes("s") });
    await agent.get("a");
    await agent.child("x").snapshot({ c: sized(40) });
    expect(await keysOf(v)).toBe("agent/__state agent/x/c");
    expect(droppedBy(agent.baseStore.lastRebaseResult)).toBe("agent/a agent/b");
    expect(text(await v.namespace("agent").get("__state"))).toBe("s");
  });

  it("can be a transaction, which publishes what it left", async () => {
    const store = new Memory();
    const v = await openSmall(store, 80);
    await fill(v, { a: 40, b: 40 });
    await v.merge();
    await v.transact(async (tx) => {
      expect(tx).toBeInstanceOf(GCVersioned);
      await tx.get("a");
      await fill(tx, { c: 40 });
      expect(await keysOf(tx)).toBe("a c");
    });
    expect(await keysOf(v)).toBe("a c");
    expect(await keysOf(await Versioned.open(store))).toBe("a c");
  });

  it("can be a transaction, or a handle at another commit, whose reads count for the branch", async () => {
    const v = await openSmall(undefined, 80);
    await fill(v, { a: 40, b: 20, c: 20, d: 20 });
    await v.merge();
    await v.transact((tx) => tx.get("a"));
    const there = await v.checkout(v.currentCommit);
    await there?.get("c");
    await fill(v, { e: 20 });
    expect(droppedBy(v.lastRebaseResult)).toBe("b d");
  });

  it("can be a transaction with info", async () => {
    const v = await openSmall();
    await v.transact(async (tx) => fill(tx, { a: 60, b: 50 }), { info: { by: "tx" } });
    expect(await keysOf(v)).toBe("b");
    expect(await v.commitInfo()).toEqual({ by: "tx" });
    expect(await historyOf(v)).toHaveLength(2);
  });
});
