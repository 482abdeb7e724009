import { describe, expect, it } from "vitest";
import { Memory, MergeConflict, Versioned } from "vkv";
import { bytes, change, contents, failureOf, publishedContents, text } from "./helpers.ts";

/** A branch a ← b ← c that is reset to a, under a handle that was at c. */
async function rewound(): Promise<{ store: Memory; stale: Versioned; reset: Versioned; a: string; c: string }> {
  const store = new Memory();
  const reset = await Versioned.open(store);
  const a = await change(reset, { a: "1", k: "a" });
  await change(reset, { b: "1" });
  const c = await change(reset, { c: "1", k: "c" });
  await reset.merge();
  const stale = await Versioned.open(store);
  expect(await reset.resetTo(a)).toBe(true);
  return { store, stale, reset, a, c };
}

describe("a branch that was rewritten under a handle", () => {
  it("gets what was done since, in one commit on HEAD; what was rewound stays rewound", async () => {
    const { store, stale, a } = await rewound();
    await change(stale, { d: "1" });
    const result = await stale.merge({ info: { by: "stale" } });
    expect(result).toMatchObject({
      merged: true,
      strategy: "three_way",
      autoMergedKeys: ["d"],
      carriedKeys: ["b", "c", "k"],
    });
    expect(await stale.parents()).toEqual([a]);
    expect(await stale.commitInfo()).toEqual({ by: "stale" });
    expect(await publishedContents(store)).toEqual({ a: "1", k: "a", d: "1" });
  });

  it("takes no shortcut when HEAD is an ancestor of the local commit", async () => {
    const { store, stale, a } = await rewound();
    await change(stale, { d: "1" });
    // a is an ancestor of what stale has: moving HEAD there would bring b and c back.
    expect(await stale.mergeBase(a, stale.currentCommit)).toBe(a);
    await stale.merge();
    expect(await publishedContents(store)).toEqual({ a: "1", k: "a", d: "1" });
  });

  it("merges over the commit the handle began at, also when HEAD went on", async () => {
    const { store, stale, reset } = await rewound();
    await change(reset, { e: "1", k: "e" });
    await reset.merge();
    await change(stale, { d: "1", b: null });
    await stale.merge();
    expect(await stale.parents()).toEqual([reset.currentCommit]);
    expect(await publishedContents(store)).toEqual({ a: "1", k: "e", e: "1", d: "1" });
  });

  it("has a conflict where the handle changed what was rewound, and rules see the values", async () => {
    const { stale } = await rewound();
    await change(stale, { k: "mine" });
    const error = await failureOf(MergeConflict, stale.merge());
    expect(error.conflicts).toEqual([{ key: "k", old: bytes("c"), ours: bytes("mine"), theirs: bytes("a") }]);
    await stale.merge({ mergeFns: { k: (...values) => bytes(values.map(text).join()) } });
    expect(text(await stale.get("k"))).toBe("c,mine,a");
  });

  it("makes no commit where nothing is left to do, unless there is info", async () => {
    const { stale, reset, a } = await rewound();
    await change(reset, { d: "1" });
    await reset.merge();
    await change(stale, { d: "1" });
    expect(await stale.merge()).toMatchObject({ merged: true, strategy: "fast_forward", commit: reset.currentCommit });
    const again = await rewound();
    await change(again.reset, { d: "1" });
    await again.reset.merge();
    await change(again.stale, { d: "1" });
    const { commit } = await again.stale.merge({ info: { by: "stale" } });
    expect(await again.stale.parents(commit)).toEqual([again.reset.currentCommit]);
    expect(again.a).toBe(a);
  });

  it("stays where it is for a handle without local work, and is seen after reset", async () => {
    const { stale, a, c } = await rewound();
    expect((await stale.merge()).strategy).toBe("no_op");
    expect(stale.currentCommit).toBe(c);
    await stale.reset();
    expect(stale.currentCommit).toBe(a);
    expect(stale.baseCommit).toBe(a);
    expect(await contents(stale)).toEqual({ a: "1", k: "a" });
  });

  it("goes on as usual after the merge", async () => {
    const { store, stale } = await rewound();
    await change(stale, { d: "1" });
    await stale.merge();
    await change(stale, { e: "1" });
    expect((await stale.merge()).strategy).toBe("fast_forward");
    expect(await publishedContents(store)).toEqual({ a: "1", k: "a", d: "1", e: "1" });
  });

  it("is one that was deleted and created anew, too", async () => {
    const store = new Memory();
    const stale = await Versioned.open(store);
    await change(stale, { old: "1" });
    await stale.merge();
    await stale.deleteBranch("main");
    const anew = await Versioned.open(store);
    await change(anew, { new: "1" });
    await anew.merge();
    await change(stale, { mine: "1" });
    await stale.merge();
    expect(await publishedContents(store)).toEqual({ new: "1", mine: "1" });
  });

  it("is not one that was reset forward", async () => {
    const store = new Memory();
    const [one, two] = await Promise.all([Versioned.open(store), Versioned.open(store)]);
    const ahead = await one.createBranch("ahead");
    await change(ahead, { b: "1" });
    await ahead.merge();
    await one.resetTo(ahead.currentCommit);
    await change(two, { c: "1" });
    const mine = two.currentCommit;
    await two.merge();
    expect(await two.parents()).toEqual([ahead.currentCommit, mine]);
  });
});
