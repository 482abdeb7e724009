/** Several writers on a branch that is kept small. */
import { describe, expect, it } from "vitest";
import { collectGarbage, counter, GCVersioned, Memory, MergeConflict, SessionCollectedError, Versioned } from "vkv";
import { ViewOf } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { failureOf, publishedContents } from "../versioned/helpers.ts";
import { droppedBy, fill, historyOf, keysOf, openSmall, sized } from "./helpers.ts";

/** A published branch with a and b, and two handles on it. */
async function two(sizes = { a: 40, b: 40 }): Promise<{ store: Memory; v: GCVersioned; other: Versioned }> {
  const store = new Memory();
  const v = await openSmall(store);
  await fill(v, sizes);
  await v.merge();
  return { store, v, other: await Versioned.open(store) };
}

async function published(store: Memory): Promise<string> {
  return Object.keys(await publishedContents(store)).join(" ");
}

describe("a writer based before a rebase", () => {
  it("gets its change onto the new history, and what was dropped stays dropped", async () => {
    const { store, v, other } = await two();
    await v.rebase({ keepKeys: ["b"] });
    await fill(other, { c: 1 });
    const result = await other.merge();
    expect(result).toMatchObject({ merged: true, strategy: "three_way", autoMergedKeys: ["c"], carriedKeys: ["a"] });
    expect(await other.parents()).toEqual([v.currentCommit]);
    expect(await published(store)).toBe("b c");
    await v.reset();
    expect(await historyOf(v)).toHaveLength(2);
  });

  it("has a conflict where it changed a key that was dropped, which a rule decides", async () => {
    const { store, v, other } = await two();
    await v.rebase({ keepKeys: ["b"] });
    await fill(other, { a: 1 });
    const error = await failureOf(MergeConflict, other.merge());
    expect(error.conflicts).toMatchObject([{ key: "a", theirs: undefined }]);
    await other.merge({ defaultMerge: "ours" });
    expect(await published(store)).toBe("a b");
  });

  it("can make several commits and merge again, and so can others after it", async () => {
    const { store, v, other } = await two();
    await fill(other, { c: 1 });
    await fill(other, { d: 1 });
    await v.rebase();
    await other.merge();
    await fill(v, { e: 1 });
    await v.merge();
    expect(await published(store)).toBe("b c d e");
  });

  it("is told where the commit that it began at was collected, and begins again", async () => {
    const store = new PlainMemory();
    const v = await GCVersioned.open(store, { highWaterBytes: 1_000_000 });
    await v.snapshot(Array.from({ length: 1000 }, (_, i) => [`k${i}`, sized(10)]));
    await v.merge();
    const other = await Versioned.open(new ViewOf(store));
    await fill(other, { k0: 1 });
    await v.rebase({ keepKeys: ["k0", "k500"] });
    await collectGarbage(store, { minAge: 0 });
    await failureOf(SessionCollectedError, other.merge());
    expect(await published(store)).toBe("k0 k500");
    await other.reset();
    await fill(other, { k0: 1 });
    await other.merge();
    expect((await publishedContents(store))["k0"]).toHaveLength(1);
  });

  it("gets its change in though the commit that it began at was collected, as long as it is in memory", async () => {
    const { store, v } = await two();
    const other = await Versioned.open(new ViewOf(store));
    await fill(other, { c: 1 });
    await v.rebase({ keepKeys: ["b"] });
    await collectGarbage(store, { minAge: 0 });
    await other.merge();
    expect(await published(store)).toBe("b c");
  });

  it("may be one that rebases itself", async () => {
    const { store, v } = await two();
    const other = await openSmall(store);
    await fill(v, { c: 50 });
    await fill(other, { d: 50 });
    await v.merge();
    await other.merge();
    expect(await published(store)).toBe("c d");
    await fill(other, { e: 1 });
    await other.merge();
    expect(await published(store)).toBe("e");
  });
});

describe("a snapshot that dropped keys, where HEAD has moved since", () => {
  it("goes on top of HEAD: what others did stays, history with it, and what was dropped is gone", async () => {
    const { store, v, other } = await two();
    await fill(other, { c: 1 });
    await other.merge();
    await fill(v, { d: 50 });
    expect(droppedBy(v.lastRebaseResult)).toBe("a b");
    const result = await v.merge();
    expect(result).toMatchObject({ merged: true, strategy: "three_way", carriedKeys: ["c"] });
    expect(await v.parents()).toEqual([other.currentCommit]);
    expect(await published(store)).toBe("c d");
  });

  it("leaves alone what others wrote to a dropped key: that is no conflict, and no rule is asked", async () => {
    const { store, v, other } = await two();
    await other.snapshot({ a: sized(7) });
    await other.merge();
    v.setMergeFn("a", () => {
      throw new Error("not to be called");
    });
    await fill(v, { d: 50 });
    await v.merge();
    expect(await publishedContents(store)).toMatchObject({ a: "\x07".repeat(7) });
    expect(await published(store)).toBe("a d");
  });

  it("knows what several snapshots dropped", async () => {
    const { store, v, other } = await two();
    await other.snapshot({ a: sized(7) });
    await other.merge();
    await fill(v, { d: 50 });
    await fill(v, { e: 60 });
    expect(await keysOf(v)).toBe("");
    await fill(v, { f: 1 });
    await v.merge();
    expect(await published(store)).toBe("a f");
  });

  it("still has a conflict for what this handle wrote or removed itself", async () => {
    const { store, v, other } = await two({ a: 40, b: 40 });
    await fill(other, { a: 7, b: 7 });
    await other.merge();
    await fill(v, { d: 50 });
    await fill(v, { a: 1 });
    const error = await failureOf(MergeConflict, v.merge());
    expect([...error.conflictingKeys]).toEqual(["a"]);
    await v.merge({ mergeFns: { a: "ours" } });
    expect(await published(store)).toBe("a b d");
    expect((await v.get("a"))?.length).toBe(1);
  });

  it("asks rules for what both sides changed and was not dropped", async () => {
    const hits = counter();
    const { store, v, other } = await two();
    for (const each of [v, other]) each.setContentType("hits", hits);
    await other.snapshot({ hits: hits.encode(2n) });
    await other.merge();
    await v.snapshot({ hits: hits.encode(3n), d: sized(42) });
    expect(droppedBy(v.lastRebaseResult)).toBe("a b");
    expect((await v.merge()).resolvedKeys).toEqual(["hits"]);
    expect(hits.decode((await v.get("hits")) ?? new Uint8Array())).toBe(5n);
    expect(await published(store)).toBe("d hits");
  });

  it("has a conflict for a dropped key that a merge brought back changed", async () => {
    const { store, v, other } = await two();
    const side = await other.createBranch("side");
    await fill(side, { a: 3 });
    await side.merge();
    await fill(v, { d: 50 });
    await v.mergeFrom("side");
    expect(await keysOf(v)).toBe("a b d");
    await fill(other, { a: 7 });
    await other.merge();
    const error = await failureOf(MergeConflict, v.merge());
    expect([...error.conflictingKeys]).toEqual(["a"]);
    expect(await published(store)).toBe("a b");
  });

  it("forgets what it dropped once that is published", async () => {
    const { v, other } = await two();
    await fill(v, { d: 50 });
    await v.merge();
    await fill(v, { a: 5 });
    await v.merge();
    await other.reset();
    await fill(other, { a: 7 });
    await other.merge();
    await v.snapshot(null, { removals: ["a"] });
    await failureOf(MergeConflict, v.merge());
  });

  it("is merged so by a dry run as well, which moves nothing", async () => {
    const { v, other } = await two();
    await fill(other, { c: 1 });
    await other.merge();
    await fill(v, { d: 50 });
    const mine = v.currentCommit;
    expect(await v.merge({ dryRun: true })).toMatchObject({ strategy: "three_way", carriedKeys: ["c"] });
    expect(v.currentCommit).toBe(mine);
    expect(await v.latestHead()).toBe(other.currentCommit);
  });

  it("merges where the branch was rewritten, too", async () => {
    const { store, v, other } = await two();
    await fill(other, { x: 1 });
    await other.merge();
    const w = await openSmall(store);
    await w.rebase({ keepKeys: ["x"] });
    await fill(v, { d: 50 });
    await v.merge();
    expect(await published(store)).toBe("d x");
  });
});

describe("many writers on one branch", () => {
  it("lose nothing that was not dropped", async () => {
    const store = new Memory();
    const writers = await Promise.all(Array.from({ length: 4 }, () => openSmall(store)));
    await Promise.all(
      writers.map(async (v, i) => {
        for (let round = 0; round < 20; round++) {
          await v.transact(async (tx) => {
            const count = (await tx.get(`__count${i}`))?.length ?? 0;
            await tx.snapshot({ [`__count${i}`]: sized(count + 1), [`w${i}/${round}`]: sized(10) });
          });
        }
      }),
    );
    const contents = await publishedContents(store);
    for (const i of [0, 1, 2, 3]) expect(contents[`__count${i}`]?.length).toBe(20);
  });
});
