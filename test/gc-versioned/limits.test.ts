import { describe, expect, it } from "vitest";
import { BranchExistsError, BranchNotFoundError, GCVersioned, Memory, Versioned } from "vkv";
import { failureOf } from "../versioned/helpers.ts";
import { droppedBy, fill, historyOf, keysOf, openSmall } from "./helpers.ts";

function limits(highWaterBytes: unknown, lowWaterBytes?: unknown): Promise<GCVersioned> {
  return GCVersioned.open(new Memory(), { highWaterBytes, lowWaterBytes } as { highWaterBytes: number });
}

describe("the limits", () => {
  it("need a high water above 0", async () => {
    for (const high of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, undefined, "100", 100n]) {
      expect((await failureOf(RangeError, limits(high))).message).toContain("highWaterBytes");
    }
    await failureOf(TypeError, GCVersioned.open(new Memory(), undefined as never));
    await failureOf(TypeError, GCVersioned.open({} as never, { highWaterBytes: 1 }));
  });

  it("are checked before anything is read or written", async () => {
    const store = new Memory();
    await failureOf(RangeError, GCVersioned.open(store, { highWaterBytes: 0 }));
    expect(store.memory.size).toBe(0);
  });

  it("have a low water of 80 % of high water unless it is above 0 and at most high water", async () => {
    for (const low of [undefined, 0, -1, 1001, Number.NaN, Number.POSITIVE_INFINITY]) {
      const v = await limits(1000, low);
      expect([v.highWater, v.lowWater]).toEqual([1000, 800]);
    }
    expect((await limits(1000, 1000)).lowWater).toBe(1000);
    expect((await limits(1000, 1)).lowWater).toBe(1);
    expect((await limits(33)).lowWater).toBe(26);
    await failureOf(TypeError, limits(1000, "500"));
  });

  it("are the handle's: nothing of them is stored", async () => {
    const stores = [new Memory(), new Memory()];
    const [a, b] = await Promise.all([Versioned.open(stores[0]), openSmall(stores[1])]);
    expect(b.currentCommit).toBe(a.currentCommit);
    expect([...(stores[1]?.memory.keys() ?? [])].sort()).toEqual([...(stores[0]?.memory.keys() ?? [])].sort());
  });
});

describe("open", () => {
  it("takes what Versioned.open takes", async () => {
    const store = new Memory();
    await failureOf(BranchNotFoundError, GCVersioned.open(store, { highWaterBytes: 9, create: false }));
    const v = await GCVersioned.open(store, { highWaterBytes: 9, branch: "b" });
    const commit = await fill(v, { a: 1 });
    await fill(v, { b: 1 });
    const at = await GCVersioned.open(store, { highWaterBytes: 9, branch: "b", commit });
    expect(at.currentCommit).toBe(commit);
    expect(at).toBeInstanceOf(Versioned);
    expect(await GCVersioned.branches(store)).toEqual(["b"]);
    expect((await GCVersioned.open(undefined, { highWaterBytes: 9 })).store).toBeInstanceOf(Memory);
  });
});

describe("the handles that a handle gives", () => {
  it("are of its kind, with its limits", async () => {
    const v = await openSmall();
    const commit = await fill(v, { a: 60 });
    const branch: GCVersioned = await v.createBranch("other");
    const there: GCVersioned | undefined = await v.checkout(commit);
    const onNew: GCVersioned | undefined = await v.checkout(commit, { branch: "new" });
    expect(await v.checkout("0".repeat(64))).toBeUndefined();
    await failureOf(BranchExistsError, v.createBranch("other"));
    for (const each of [branch, there, onNew]) {
      expect(each).toBeInstanceOf(GCVersioned);
      expect([each?.highWater, each?.lowWater]).toEqual([100, 50]);
      if (each === undefined) continue;
      await fill(each, { b: 50 });
      expect(droppedBy(each.lastRebaseResult)).toBe("a");
    }
    expect(await keysOf(v)).toBe("a");
  });

  it("publish to a branch that is not there yet", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    const commit = await fill(v, { a: 60 });
    const onNew = await v.checkout(commit, { branch: "new" });
    if (onNew === undefined) throw new Error("The commit is gone.");
    await fill(onNew, { b: 50 });
    expect((await onNew.merge()).merged).toBe(true);
    const reader = await Versioned.open(store, { branch: "new", create: false });
    expect(await keysOf(reader)).toBe("b");
    expect(await historyOf(reader)).toHaveLength(1);
  });
});
