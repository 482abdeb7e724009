import { describe, expect, it } from "vitest";
import { BranchNotFoundError, ConcurrencyError, GCVersioned, InvalidKeyError, Memory, Versioned } from "vkv";
import { failureOf } from "../versioned/helpers.ts";
import { fill, historyOf, keysOf, openSmall } from "./helpers.ts";

describe("rebase", () => {
  it("publishes a commit without parents, with local work", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    await fill(v, { a: 20 });
    await v.merge();
    await fill(v, { b: 20 });
    const result = await v.rebase();
    expect(result).toEqual({
      performed: true,
      newCommit: v.currentCommit,
      droppedKeys: [],
      keptKeys: ["a", "b"],
      totalSizeBefore: 40,
      totalSizeAfter: 40,
    });
    expect(v.lastRebaseResult).toBe(result);
    expect(v.baseCommit).toBe(v.currentCommit);
    expect(await v.latestHead()).toBe(v.currentCommit);
    expect(await historyOf(v)).toEqual([v.currentCommit]);
    expect(await keysOf(await Versioned.open(store))).toBe("a b");
  });

  it("drops the coldest keys above low water, though all are below high water", async () => {
    const v = await openSmall();
    await fill(v, { a: 30, b: 20, c: 20 });
    await v.get("a");
    const result = await v.rebase();
    expect(result).toMatchObject({ droppedKeys: ["b"], keptKeys: ["a", "c"], totalSizeBefore: 70, totalSizeAfter: 50 });
  });

  it("keeps the keys it is told to, and those beginning with __, whatever their size", async () => {
    const v = await openSmall();
    await fill(v, { a: 30, b: 30, c: 30, "ns/__d": 10 });
    const result = await v.rebase({ keepKeys: new Set(["a", "c", "nothing"]), info: { why: "tidy" } });
    expect(result).toMatchObject({ droppedKeys: ["b"], keptKeys: ["a", "c", "ns/__d"], totalSizeAfter: 70 });
    expect(await v.commitInfo()).toEqual({ why: "tidy" });
    expect((await v.rebase({ keepKeys: [] })).keptKeys).toEqual(["ns/__d"]);
  });

  it("gives the same commit for the same contents", async () => {
    const [a, b] = [await openSmall(), await openSmall()];
    await fill(a, { x: 1, y: 2 });
    await a.rebase({ keepKeys: ["y"] });
    await fill(b, { y: 2 });
    await fill(b, { z: 3 });
    await b.rebase({ keepKeys: ["y"] });
    expect(a.currentCommit).toBe(b.currentCommit);
    expect((await a.rebase()).newCommit).toBe(b.currentCommit);
  });

  it("is a ConcurrencyError where HEAD has moved, and leaves the handle as it was", async () => {
    const store = new Memory();
    const [v, other] = [await openSmall(store), await openSmall(store)];
    await fill(other, { theirs: 1 });
    await other.merge();
    const mine = await fill(v, { mine: 1 });
    const error = await failureOf(ConcurrencyError, v.rebase());
    expect(error).toMatchObject({ ref: "main", outcome: "lost" });
    expect(v.currentCommit).toBe(mine);
    expect(v.lastRebaseResult?.performed).toBe(false);
    await v.merge();
    expect((await v.rebase()).keptKeys).toEqual(["mine", "theirs"]);
  });

  it("never takes back what is between the commit that the handle began at and HEAD", async () => {
    const store = new Memory();
    const first = await openSmall(store);
    const commit = await fill(first, { a: 1 });
    await fill(first, { b: 1 });
    await first.merge();
    const v = await GCVersioned.open(store, { highWaterBytes: 100, commit });
    await failureOf(ConcurrencyError, v.rebase());
    expect(await first.latestHead()).toBe(first.currentCommit);
  });

  it("needs its branch", async () => {
    const v = await openSmall();
    await v.deleteBranch("main");
    await failureOf(BranchNotFoundError, v.rebase());
    const w = await openSmall();
    const onNew = await w.checkout(w.currentCommit, { branch: "new" });
    await failureOf(BranchNotFoundError, onNew?.rebase() ?? Promise.resolve());
  });

  it("cannot be called inside transact", async () => {
    const v = await openSmall();
    await v.transact(async (tx) => {
      await failureOf(TypeError, tx.rebase());
      await failureOf(TypeError, tx.maybeRebase());
    });
  });

  it("checks what it is given first", async () => {
    const v = await openSmall();
    await failureOf(TypeError, v.rebase({ keepKeys: "a" as never }));
    await failureOf(TypeError, v.rebase({ keepKeys: [1] as never }));
    await failureOf(InvalidKeyError, v.rebase({ keepKeys: [""] }));
    await failureOf(TypeError, v.rebase({ info: "why" as never }));
    await failureOf(TypeError, v.rebase(1 as never));
    expect(v.lastRebaseResult).toBeUndefined();
  });

  it("waits for the calls before it", async () => {
    const v = await openSmall();
    const [, result] = await Promise.all([fill(v, { a: 10 }), v.rebase(), fill(v, { b: 10 })]);
    expect(result.keptKeys).toEqual(["a"]);
    expect(await v.parents()).toEqual([result.newCommit]);
  });
});

describe("maybeRebase", () => {
  it("does nothing up to high water", async () => {
    const v = await openSmall();
    const commit = await fill(v, { a: 100 });
    const result = await v.maybeRebase();
    expect(result).toEqual({
      performed: false,
      newCommit: undefined,
      droppedKeys: [],
      keptKeys: [],
      totalSizeBefore: 100,
      totalSizeAfter: 100,
    });
    expect(v.lastRebaseResult).toBe(result);
    expect(v.currentCommit).toBe(commit);
    expect(await v.latestHead()).not.toBe(commit);
  });

  it("rebases above it: after a merge, for one", async () => {
    const store = new Memory();
    const [a, b] = [await openSmall(store), await openSmall(store)];
    await fill(a, { a: 60 });
    await a.merge();
    await fill(b, { b: 45 });
    await b.merge();
    const result = await b.maybeRebase();
    expect(result).toMatchObject({ performed: true, keptKeys: ["b"], totalSizeBefore: 105, totalSizeAfter: 45 });
    expect(await keysOf(await Versioned.open(store))).toBe("b");
  });
});
