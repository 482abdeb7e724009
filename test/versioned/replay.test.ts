import { beforeEach, describe, expect, it } from "vitest";
import {
  CommitNotFoundError,
  collectGarbage,
  counter,
  HistoryCutError,
  Memory,
  MergeConflict,
  retainHistory,
  SessionCollectedError,
  Versioned,
} from "vkv";
import { CountingStore, ViewOf } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { bytes, change, contents, publishedContents, text } from "./helpers.ts";

let store: Memory;
let v: Versioned;
const large = "x".repeat(3000);

beforeEach(async () => {
  store = new PlainMemory();
  v = await Versioned.open(store);
  await change(v, { a: "1", b: "1", c: "1" });
  await v.merge();
});

describe("cherryPick", () => {
  it("does again what a commit changed, and nothing else of its branch", async () => {
    const other = await v.createBranch("other");
    await change(other, { unwanted: "1" });
    const wanted = await change(other, { a: "2", b: null, d: large }, { by: "ann" });
    await other.merge();
    await change(v, { c: "3" });
    const before = v.currentCommit;
    const result = await v.cherryPick(wanted);
    expect(result).toMatchObject({ merged: true, strategy: "three_way", carriedKeys: ["a", "b", "d"], conflicts: [] });
    expect(await v.commit()).toMatchObject({ hash: result.commit, parents: [before], info: { by: "ann" } });
    await v.merge();
    await v.deleteBranch("other");
    expect(await publishedContents(store)).toEqual({ a: "2", c: "3", d: large });
  });

  it("passes over what is there already", async () => {
    const other = await v.createBranch("other");
    const picked = await change(other, { a: "2", b: "2" });
    await change(v, { a: "2" });
    expect((await v.cherryPick(picked)).carriedKeys).toEqual(["b"]);
    const before = v.currentCommit;
    expect(await v.cherryPick(picked)).toMatchObject({ strategy: "no_op", commit: before, merged: true });
    v.setMergeFn("a", () => bytes("never"));
    expect(await v.cherryPick(picked, { info: { again: true } })).toMatchObject({ strategy: "no_op", commit: before });
    expect(v.currentCommit).toBe(before);
  });

  it("asks rules, or conflicts", async () => {
    const other = await v.createBranch("other");
    const picked = await change(other, { a: "theirs", b: "theirs", c: null });
    await change(v, { a: "ours", c: "ours" });
    const before = v.currentCommit;
    await expect(v.cherryPick(picked)).rejects.toThrow(MergeConflict);
    const { conflicts } = await v.cherryPick(picked, { onConflict: "abandon" });
    expect(conflicts.map(({ key, old, ours, theirs }) => [key, text(old), text(ours), text(theirs)])).toEqual([
      ["a", "1", "ours", "theirs"],
      ["c", "1", "ours", undefined],
    ]);
    expect(v.currentCommit).toBe(before);
    const preview = await v.cherryPick(picked, { mergeFns: { a: "ours", c: "theirs" }, dryRun: true });
    expect(preview).toMatchObject({ autoMergedKeys: ["a", "c"], resolvedKeys: ["a", "c"], carriedKeys: ["b"] });
    expect(v.currentCommit).toBe(before);
    await v.cherryPick(picked, { mergeFns: { a: "ours", c: "theirs" } });
    expect(await contents(v)).toEqual({ a: "ours", b: "theirs" });
  });

  it("of a merge counts against its first parent, unless another is named", async () => {
    const main = v.currentCommit;
    const side = await v.createBranch("side");
    const left = await change(side, { left: "1" });
    const other = await v.createBranch("other");
    await change(other, { right: "1" });
    await other.merge();
    await side.mergeFrom("other");
    const merge = side.currentCommit;
    const right = (await side.parents(merge))[1] ?? "";
    const pick = async (options?: Parameters<Versioned["cherryPick"]>[1]): Promise<unknown> => {
      const at = await v.checkout(main);
      await at?.cherryPick(merge, options);
      return at && contents(at);
    };
    const base = { a: "1", b: "1", c: "1" };
    expect(await pick()).toEqual({ ...base, right: "1" });
    expect(await pick({ parent: left })).toEqual({ ...base, right: "1" });
    expect(await pick({ parent: right })).toEqual({ ...base, left: "1" });
    await expect(pick({ parent: main })).rejects.toThrow(RangeError);
    await expect(pick({ parent: 1 as never })).rejects.toThrow(TypeError);
  });

  it("costs what the commit changed, whatever else differs", async () => {
    const key = (i: number): string => `k${String(i).padStart(5, "0")}`;
    await v.snapshot(Array.from({ length: 5000 }, (_, i) => [key(i), new Uint8Array(20)] as const));
    await v.merge();
    const other = await v.createBranch("other");
    const picks: string[] = [];
    for (const differing of [1, 2000]) {
      await other.snapshot(Array.from({ length: differing }, (_, i) => [key(i), bytes(`${differing}`)] as const));
      picks.push(await change(other, { [key(4000)]: `${differing}` }));
    }
    await other.merge();
    const costs: [roundTrips: number, reads: number][] = [];
    for (const pick of picks) {
      const counting = new CountingStore(store);
      const cold = await Versioned.open(counting);
      counting.reset();
      await cold.cherryPick(pick, { defaultMerge: "theirs" });
      costs.push([counting.roundTrips, counting.count("get").items + counting.count("getMany").items]);
    }
    // Where the key was another one already, the way to it in the current commit is two nodes more.
    expect(costs).toEqual([
      [8, 11],
      [10, 13],
    ]);
  });

  it("of a commit without parents does all that is in it", async () => {
    const other = await Versioned.open(new Memory());
    await change(other, { x: "1" });
    expect(await v.cherryPick(await v.initialCommit())).toMatchObject({ strategy: "no_op" });
  });
});

describe("revert", () => {
  it("undoes what a commit changed, and keeps what came later", async () => {
    const wrong = await change(v, { a: "wrong", b: null, d: "wrong" });
    await change(v, { c: "later" });
    const before = v.currentCommit;
    expect(await v.revert(wrong, { info: { reverts: wrong } })).toMatchObject({ carriedKeys: ["a", "b", "d"] });
    expect(await contents(v)).toEqual({ a: "1", b: "1", c: "later" });
    expect(await v.commit()).toMatchObject({ parents: [before], info: { reverts: wrong } });
    expect(await v.revert(wrong)).toMatchObject({ strategy: "no_op" });
    await v.revert(v.currentCommit);
    expect(await contents(v)).toEqual({ a: "wrong", c: "later", d: "wrong" });
  });

  it("conflicts where the key was changed again, and asks rules", async () => {
    v.setContentType("hits", counter());
    await v.snapshot({ hits: counter().encode(0n) });
    const add = await v.snapshot({ hits: counter().encode(5n) });
    await v.snapshot({ hits: counter().encode(7n) });
    await v.revert(add);
    expect(counter().decode((await v.get("hits")) ?? bytes(""))).toBe(2n);
    const first = await change(v, { a: "2" });
    await change(v, { a: "3" });
    await expect(v.revert(first)).rejects.toThrow(MergeConflict);
    await v.revert(first, { defaultMerge: "theirs" });
    expect(text(await v.get("a"))).toBe("1");
  });

  it("of a merge takes back what it brought into its first parent", async () => {
    const other = await v.createBranch("other");
    await change(other, { more: "1", a: "2" });
    await other.merge();
    await change(v, { c: "2" });
    await v.mergeFrom("other");
    await v.revert(v.currentCommit);
    expect(await contents(v)).toEqual({ a: "1", b: "1", c: "2" });
  });

  it("says that history was cut below the commit", async () => {
    for (let i = 0; i < 10; i++) await change(v, { n: String(i) });
    await v.merge();
    const ids = await v.history().toArray();
    await retainHistory(store, { commits: 3 });
    for (const collected of [false, true]) {
      if (collected) await collectGarbage(store, { minAge: 0 });
      const cold = await Versioned.open(new ViewOf(store));
      await expect(cold.revert(ids[2] ?? "")).rejects.toThrow(HistoryCutError);
      await expect(cold.cherryPick(ids[2] ?? "")).rejects.toThrow(HistoryCutError);
      await expect(cold.revert("ab".repeat(32))).rejects.toThrow(CommitNotFoundError);
      await cold.revert(ids[1] ?? "", { defaultMerge: "theirs" });
      expect(text(await cold.get("n"))).toBe("7");
    }
  });

  it("says, as cherryPick does, that a commit which was read was collected since, with what is below it", async () => {
    await change(v, { n: "1" });
    const unpublished = await change(v, { n: "2" });
    await v.reset();
    const other = await Versioned.open(new ViewOf(store));
    await other.commit(unpublished);
    await collectGarbage(store, { minAge: 0 });
    await expect(other.revert(unpublished)).rejects.toThrow(SessionCollectedError);
    await expect(other.cherryPick(unpublished)).rejects.toThrow(SessionCollectedError);
  });
});
