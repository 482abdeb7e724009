import { beforeEach, describe, expect, it } from "vitest";
import {
  CorruptionError,
  collectGarbage,
  counter,
  GCVersioned,
  HistoryCutError,
  type Memory,
  retainHistory,
  SessionCollectedError,
  Versioned,
  verify,
} from "vkv";
import { type Hash, isHash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { ViewOf } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { bytes, change, contents, publishedContents } from "../versioned/helpers.ts";

/** A branch with a commit for each number: `n` is the last one, `k1`, `k2` … are all of them. */
async function grow(v: Versioned, from: number, to: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = from; i <= to; i++) ids.push(await change(v, { n: String(i), [`k${i}`]: "x" }));
  await v.merge();
  return ids;
}

let store: Memory;
let v: Versioned;
let ids: string[];

beforeEach(async () => {
  store = new PlainMemory();
  v = await Versioned.open(store);
  ids = await grow(v, 1, 40);
});

/** Opens a branch without the caches of others. */
function cold(options: { branch?: string; commit?: string } = {}): Promise<Versioned> {
  return Versioned.open(new ViewOf(store), { create: false, ...options });
}

function asHash(id: string): Hash {
  if (!isHash(id)) throw new Error(`${id} is no id.`);
  return id;
}

function commitsIn(storage: Memory): number {
  return [...storage.keys("c/")].length;
}

describe("a history that is cut", () => {
  it("ends there, at once, with ids and contents as they were", async () => {
    const before = await contents(v);
    expect(await retainHistory(store, { commits: 10 })).toEqual([
      { kind: "branch", name: "main", commits: 10, cut: true },
    ]);
    for (const collected of [false, true]) {
      if (collected) expect(await collectGarbage(store, { minAge: 0 })).toMatchObject({ completed: true });
      const reader = await cold();
      expect(await reader.history().toArray()).toEqual(ids.slice(-10).reverse());
      expect(await reader.history({ allParents: true }).toArray()).toEqual(ids.slice(-10).reverse());
      expect(await reader.history({ limit: 3 }).toArray()).toEqual(ids.slice(-3).reverse());
      expect(await contents(reader)).toEqual(before);
      expect(await reader.parents(ids[30])).toEqual([ids[29]]);
      const oldest = await cold({ commit: ids[30] ?? "" });
      expect(await contents(oldest)).toMatchObject({ n: "31" });
    }
    expect(await (await cold()).checkout(ids[28] ?? "")).toBeUndefined();
  });

  it("goes on with the ids that it would have had", async () => {
    await retainHistory(store, { commits: 2 });
    await collectGarbage(store, { minAge: 0 });
    const others = new PlainMemory();
    const twin = await Versioned.open(others);
    const expected = await grow(twin, 1, 200);
    const actual = await grow(await cold(), 41, 200);
    expect(actual).toEqual(expected.slice(40));
    for (const commits of [7, 1]) {
      await retainHistory(store, { commits });
      await collectGarbage(store, { minAge: 0 });
      expect(await (await cold()).history().toArray()).toEqual(expected.slice(-commits).reverse());
      expect(commitsIn(store)).toBeLessThan(commits + 12);
    }
    expect(await grow(await cold(), 201, 300)).toEqual(await grow(twin, 201, 300));
  });

  it("is kept by another branch or a tag that holds it", async () => {
    await v.createBranch("all");
    await v.createTag("old", { at: ids[4] ?? "" });
    await retainHistory(store, { branches: ["main"], commits: 3 });
    await collectGarbage(store, { minAge: 0 });
    expect(await (await cold()).history().toArray()).toHaveLength(3);
    expect(await (await cold({ branch: "all" })).history().toArray()).toHaveLength(41);
    await (await cold()).deleteBranch("all");
    await collectGarbage(store, { minAge: 0 });
    expect(await contents(await cold({ commit: ids[4] ?? "" }))).toMatchObject({ n: "5" });
    expect(await (await cold()).checkout(ids[5] ?? "")).toBeUndefined();
    expect(await retainHistory(store, { tags: ["old"], commits: 1 })).toEqual([
      { kind: "tag", name: "old", commits: 1, cut: true },
    ]);
    await collectGarbage(store, { minAge: 0 });
    expect(await contents(await cold({ commit: ids[4] ?? "" }))).toMatchObject({ n: "5" });
    expect(await (await cold()).checkout(ids[2] ?? "")).toBeUndefined();
    // Its descendants need to name it, so that it is still there; but not its contents.
    const named = await cold({ commit: ids[3] ?? "" });
    await expect(named.get("n")).rejects.toThrow(SessionCollectedError);
    await expect(named.entries().toArray()).rejects.toThrow(SessionCollectedError);
    await expect((await cold()).resetTo(ids[3] ?? "")).rejects.toThrow(SessionCollectedError);
    await expect((await cold()).createTag("named", { at: ids[3] ?? "" })).rejects.toThrow(SessionCollectedError);
  });

  it("is cut further, never less", async () => {
    await retainHistory(store, { commits: 5 });
    expect(await retainHistory(store, { commits: 20 })).toMatchObject([{ commits: 5, cut: false }]);
    expect(await retainHistory(store, { commits: 4 })).toMatchObject([{ commits: 4, cut: true }]);
  });

  it("can begin at a commit", async () => {
    expect(await retainHistory(store, { since: ids[20] ?? "" })).toMatchObject([{ commits: 20, cut: true }]);
    await collectGarbage(store, { minAge: 0 });
    expect(await (await cold()).history().toArray()).toEqual(ids.slice(20).reverse());
  });

  it("can begin with what the store first saw lately", async () => {
    expect(await retainHistory(store, { maxAge: 3_600_000 })).toMatchObject([{ commits: 41, cut: false }]);
    await new Promise((done) => setTimeout(done, 15));
    const young = await grow(v, 41, 43);
    expect(await retainHistory(store, { maxAge: 10 })).toMatchObject([{ commits: 3, cut: true }]);
    expect(await (await cold()).history().toArray()).toEqual([...young].reverse());
    await new Promise((done) => setTimeout(done, 15));
    expect(await retainHistory(store, { maxAge: 10 })).toMatchObject([{ commits: 1, cut: true }]);
  });
});

describe("a commit that was cut off and is made again", () => {
  /** The id of what is cut off is a function of contents: the same snapshot on the same parent gives it again. */
  async function again(handle: Versioned, ...steps: number[]): Promise<void> {
    for (const step of steps) await change(handle, { n: String(step), [`k${step}`]: "x" });
    await handle.merge();
  }

  async function expectWhole(branch: string, commits: number): Promise<void> {
    for (let i = 0; i < 2; i++) {
      await collectGarbage(store, { minAge: 0 });
      expect(await verify(store)).toMatchObject({ ok: true });
      const reader = await cold({ branch });
      expect(await reader.history().toArray()).toHaveLength(commits);
      for await (const id of reader.history()) expect(await contents(await cold({ commit: id }))).toBeDefined();
    }
  }

  it("is kept, on a branch that was reset below the cut", async () => {
    await v.createTag("whole", { at: ids[36] ?? "" });
    await retainHistory(store, { branches: ["main"], commits: 1 });
    for (const steps of [[38], [38, 39], [38, 39, 40, 41]]) {
      const main = await cold();
      await main.resetTo(ids[36] ?? "");
      await again(main, ...steps);
      expect(main.currentCommit).toBe(ids[(steps.at(-1) ?? 0) - 1] ?? main.currentCommit);
      await expectWhole("main", 38 + steps.length);
    }
  });

  it("is kept, on a branch that is made below the cut", async () => {
    await v.createTag("whole", { at: ids[36] ?? "" });
    await retainHistory(store, { branches: ["main"], commits: 1 });
    const dev = await (await cold()).createBranch("dev", { at: ids[36] ?? "" });
    await again(dev, 38, 39);
    await expectWhole("dev", 40);
  });

  it("is kept, where history began anew meanwhile", async () => {
    const main = await GCVersioned.open(new ViewOf(store), { highWaterBytes: 1_000_000 });
    await main.rebase({ keepKeys: ["n"] });
    await retainHistory(store, { commits: 1 });
    await change(main, { n: "41" });
    await main.merge();
    await retainHistory(store, { commits: 1 });
    await main.reset();
    await main.rebase({ keepKeys: ["n"] });
    await change(main, { n: "40" });
    await main.rebase({ keepKeys: ["n"] });
    await change(main, { n: "42" });
    await main.merge();
    await expectWhole("main", 2);
  });
});

describe("damage beside a history that was cut", () => {
  it("is damage, and no cut", async () => {
    const other = await Versioned.open(store, { branch: "other" });
    await grow(other, 1, 3);
    await retainHistory(store, { branches: ["other"], commits: 1 });
    const all = new Map(store.memory);
    const lost = chunkKey("commit", asHash(ids[20] ?? ""));
    store.remove(lost);
    const before = new Map(store.memory);
    const reader = await cold();
    await expect(reader.history().toArray()).rejects.toThrow(CorruptionError);
    await expect(reader.history({ allParents: true }).toArray()).rejects.toThrow(CorruptionError);
    await expect(reader.keyHistory("k3").toArray()).rejects.toThrow(CorruptionError);
    for (const options of [{ commits: 1000 }, { maxAge: 1e9 }]) {
      await expect(retainHistory(new ViewOf(store), { branches: ["main"], ...options })).rejects.toThrow(
        CorruptionError,
      );
    }
    expect(store.memory).toEqual(before);
    store.set(lost, all.get(lost) ?? new Uint8Array(0));
    expect(await (await cold()).history().toArray()).toHaveLength(41);
  });
});

describe("a handle from before the cut, or of another branch", () => {
  it("sees no damage where contents are gone", async () => {
    for (let depth = 41; depth < 46; depth++) {
      await grow(await cold(), depth, depth);
      const stale = await cold();
      await stale.get("n");
      const dev = await stale.createBranch(`dev${depth}`, { at: await stale.initialCommit() });
      const oldest = stale.currentCommit;
      await retainHistory(store, { branches: ["main"], commits: 1 });
      await collectGarbage(store, { minAge: 0 });
      for (const handle of [stale, await dev.checkout(oldest)]) {
        if (handle === undefined) throw new Error("It is not there.");
        expect((await handle.keyHistory("n").toArray()).length).toBeGreaterThan(0);
        expect(await handle.stats()).toMatchObject({ shared: 0 });
        expect(await handle.history().toArray()).toContain(oldest);
        await expect(handle.cherryPick(oldest)).rejects.toThrow(HistoryCutError);
      }
      expect(await (await cold({ branch: `dev${depth}`, commit: oldest })).history().toArray()).toEqual([oldest]);
      await (await cold()).deleteBranch(`dev${depth}`);
    }
  });

  it("says that its commits were collected, whatever it asks", async () => {
    const reader = await cold();
    await (await cold()).resetTo(ids[5] ?? "");
    await collectGarbage(store, { minAge: 0 });
    const [a = "", b = ""] = [ids[39], ids[5]];
    for (const ask of [
      () => reader.history().toArray(),
      () => reader.history({ allParents: true }).toArray(),
      () => reader.keyHistory("n").toArray(),
      () => reader.initialCommit(),
      () => reader.stats(),
      () => reader.diff(a, b),
      () => reader.changes(a, b).toArray(),
      () => reader.mergeBase(a, b),
    ]) {
      await expect(ask(), String(ask)).rejects.toThrow(SessionCollectedError);
    }
  });
});

describe("merging with a history that was cut", () => {
  it("goes on where the base is this side of the cut", async () => {
    const other = await v.createBranch("other");
    await change(other, { mine: "1" });
    await other.merge();
    await grow(v, 41, 45);
    await retainHistory(store, { branches: ["main"], commits: 7 });
    await collectGarbage(store, { minAge: 0 });
    const main = await cold();
    expect((await main.mergeFrom("other")).strategy).toBe("three_way");
    await main.merge();
    expect(await publishedContents(store)).toMatchObject({ mine: "1", n: "45" });
    await collectGarbage(store, { minAge: 0 });
    expect(await contents(await cold())).toMatchObject({ mine: "1", n: "45" });
  });

  it("says that the base lies beyond it", async () => {
    const other = await v.createBranch("other", { at: ids[9] ?? "" });
    await change(other, { mine: "1" });
    await other.merge();
    await retainHistory(store, { commits: 5, branches: ["main", "other"] });
    for (const collected of [false, true]) {
      if (collected) await collectGarbage(store, { minAge: 0 });
      const main = await cold();
      await expect(main.mergeFrom("other")).rejects.toThrow(HistoryCutError);
      await expect(main.mergeBase(main.currentCommit, other.currentCommit)).rejects.toThrow(HistoryCutError);
      expect(await contents(main)).toMatchObject({ n: "40" });
    }
  });

  it("finds the base in the other branch, if that holds it", async () => {
    const other = await v.createBranch("other", { at: ids[9] ?? "" });
    await change(other, { mine: "1" });
    await other.merge();
    await retainHistory(store, { commits: 35, branches: ["main"] });
    await collectGarbage(store, { minAge: 0 });
    const main = await cold();
    expect((await main.mergeFrom("other")).strategy).toBe("three_way");
    await main.merge();
    await (await cold()).deleteBranch("other");
    await collectGarbage(store, { minAge: 0 });
    expect(await contents(await cold())).toMatchObject({ mine: "1", n: "40" });
  });

  it("brings the cut along into a branch that did not hold what was cut", async () => {
    const side = await Versioned.open(store, { branch: "side" });
    await change(side, { side: "1" });
    await side.merge();
    await retainHistory(store, { commits: 5, branches: ["main"] });
    await collectGarbage(store, { minAge: 0 });
    const reader = await cold({ branch: "side" });
    // Their base is the root commit, which main does not hold any more.
    await expect(reader.mergeFrom("main")).rejects.toThrow(HistoryCutError);
    const at = await Versioned.open(new ViewOf(store), { branch: "new", commit: ids[39] ?? "" });
    await change(at, { more: "1" });
    await at.merge();
    await collectGarbage(store, { minAge: 0 });
    expect(await (await cold({ branch: "new" })).history().toArray()).toHaveLength(6);
  });

  it("keeps the history of a branch that merges a cut one", async () => {
    const all = await v.createBranch("all");
    await change(all, { all: "1" });
    await all.merge();
    await grow(v, 41, 45);
    await retainHistory(store, { branches: ["main"], commits: 8 });
    await collectGarbage(store, { minAge: 0 });
    const reader = await cold({ branch: "all" });
    await reader.mergeFrom("main");
    await reader.merge();
    await collectGarbage(store, { minAge: 0 });
    expect(await (await cold({ branch: "all" })).history({ allParents: true }).toArray()).toHaveLength(48);
  });

  it("puts the work of a writer from before the cut on top of HEAD", async () => {
    const writer = await Versioned.open(new ViewOf(store));
    writer.setContentType("hits", counter());
    await writer.snapshot({ mine: bytes("1"), hits: counter().encode(3n) });
    await grow(v, 41, 60);
    await retainHistory(store, { commits: 5 });
    const result = await writer.merge();
    expect(result.strategy).toBe("three_way");
    const reader = await cold();
    expect(await contents(reader)).toMatchObject({ mine: "1", n: "60" });
    expect(await reader.history({ allParents: true }).toArray()).toHaveLength(6);
  });

  it("tells such a writer if its work was collected meanwhile", async () => {
    const view = new ViewOf(store);
    const writer = await Versioned.open(view, { commit: ids[3] ?? "" });
    await retainHistory(store, { commits: 5 });
    await collectGarbage(store, { minAge: 0 });
    await expect(writer.get("n")).rejects.toThrow(SessionCollectedError);
    await expect(change(writer, { mine: "1" })).rejects.toThrow(SessionCollectedError);
    await writer.reset();
    expect(await contents(writer)).toMatchObject({ n: "40" });
  });
});

describe("what cannot be", () => {
  it("is refused, and nothing is cut", async () => {
    const before = new Map(store.memory);
    const refused: readonly [unknown, string][] = [
      [{}, "TypeError"],
      [{ commits: 1, maxAge: 1 }, "TypeError"],
      [{ commits: 0 }, "RangeError"],
      [{ commits: 1.5 }, "RangeError"],
      [{ maxAge: -1 }, "RangeError"],
      [{ maxAge: Number.NaN }, "RangeError"],
      [{ since: "main" }, "CommitNotFoundError"],
      [{ since: 5 }, "TypeError"],
      [{ commits: 1, branches: "main" }, "TypeError"],
      [{ commits: 1, branches: ["main", "none"] }, "BranchNotFoundError"],
      [{ commits: 1, tags: ["none"] }, "TagNotFoundError"],
      [{ commits: 1, tags: [""] }, "InvalidNameError"],
      [undefined, "TypeError"],
      [{ commits: 1, branch: "main" }, "TypeError"],
      [{ commits: "1" }, "TypeError"],
      [{ maxAge: "1" }, "TypeError"],
      [{ commits: 1, signal: 1 }, "TypeError"],
    ];
    for (const [options, name] of refused) {
      await expect(
        retainHistory(store, options as Parameters<typeof retainHistory>[1]),
        JSON.stringify(options),
      ).rejects.toMatchObject({ name });
    }
    expect(store.memory).toEqual(before);
    await expect(retainHistory(store, { commits: 1, signal: AbortSignal.abort() })).rejects.toThrow("abort");
    expect(store.memory).toEqual(before);
  });
});
