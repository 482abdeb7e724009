/** What the simulation found, each as one case. */
import { describe, expect, it } from "vitest";
import { ConcurrencyError, collectGarbage, Memory, retainHistory, SessionCollectedError, Versioned, verify } from "vkv";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { beginEpoch, raiseRefs } from "../../src/commit/epoch.ts";
import { ViewOf } from "../support/counting-store.ts";
import { Interrupted } from "../support/interrupted-store.ts";
import { change, failure, failureOf, publishedContents, storedContents } from "../versioned/helpers.ts";
import { type Fate, isBranchCas, ScriptedStore } from "../versioned/scripted-store.ts";

/** Removes what no ref holds. */
async function collect(store: Memory): Promise<void> {
  expect((await collectGarbage(store, { minAge: 0 })).completed).toBe(true);
}

describe("a transaction", () => {
  it("that had to look where HEAD is does not overwrite what others published", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    const other = await Versioned.open(store);
    let runs = 0;
    await v.transact(async (tx) => {
      await change(tx, { mine: "1" });
      if (runs++ > 0) return;
      await change(other, { theirs: "1" });
      await other.merge();
      await raiseRefs(store, await beginEpoch(store));
      await tx.createBranch("dev");
    });
    expect(runs).toBe(2);
    expect(await publishedContents(store)).toEqual({ mine: "1", theirs: "1" });
  });
});

describe("local work", () => {
  it("outlives a reset that could not read HEAD", async () => {
    const store = new Interrupted();
    const v = await Versioned.open(store);
    await change(v, { a: "1" });
    const other = await Versioned.open(new ViewOf(store));
    await change(other, { b: "1" });
    await other.merge();
    store.before("getMany", () => {
      throw new Error("The store is down.");
    });
    await failure(v.reset());
    await collect(store);
    await change(v, { c: "1" });
    await v.merge();
    expect(await publishedContents(store)).toEqual({ a: "1", b: "1", c: "1" });
    expect((await verify(store)).problems).toEqual([]);
  });

  it("is known to build on what another writer created first", async () => {
    const memory = new Memory();
    await Versioned.open(memory);
    const store = new ScriptedStore(memory);
    const others: Versioned[] = [];
    store.script = async (call): Promise<Fate> => {
      if (!isBranchCas(call, "dev") || others.length > 0) return "pass";
      const other = await Versioned.open(memory, { branch: "dev" });
      others.push(other);
      await change(other, { a: "1" });
      await other.merge();
      return "pass";
    };
    const v = await Versioned.open(store, { branch: "dev" });
    expect(v.currentCommit).toBe(others[0]?.currentCommit);
    expect(await v.has("a")).toBe(true);
    await v.deleteBranch("dev");
    await collect(memory);
    await change(v, { b: "1" });
    await failureOf(SessionCollectedError, v.createBranch("again"));
    expect(await v.listBranches()).toEqual(["main"]);
  });

  it("is not said to be published when that lies beyond a cut", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await Versioned.open(store);
    const other = await Versioned.open(memory);
    await change(v, { a: "1" });
    store.script = async (call): Promise<Fate> => {
      if (!isBranchCas(call)) return "pass";
      store.script = undefined;
      for (const b of ["1", "2", "3"]) {
        await change(other, { b });
        await other.merge();
      }
      await retainHistory(memory, { commits: 1 });
      return "fail before";
    };
    const error = await failureOf(ConcurrencyError, v.merge());
    expect(error.outcome).toBe("unknown");
    expect(await publishedContents(memory)).toEqual({ b: "3" });
    await v.merge();
    expect(await publishedContents(memory)).toEqual({ a: "1", b: "3" });
  });
});

describe("a branch", () => {
  async function initialOf(store: Memory): Promise<string> {
    return (await Versioned.open(store)).initialCommit();
  }

  /** A store in which, between the next reading of a branch and what it leads to, that is replaced and collected. */
  async function outpaced(): Promise<{ store: ScriptedStore; memory: Memory }> {
    const memory = new Memory();
    const first = await Versioned.open(memory);
    const root = first.currentCommit;
    await change(first, { a: "1" });
    await first.merge();
    const head = first.currentCommit;
    const store = new ScriptedStore(memory);
    store.script = async ({ key }): Promise<Fate> => {
      if (key !== chunkKey("commit", head as Hash)) return "pass";
      store.script = undefined;
      expect(await first.latestHead()).toBe(head);
      await first.resetTo(root);
      await change(first, { b: "1" });
      await first.merge();
      await collect(memory);
      return "pass";
    };
    return { store, memory };
  }

  it("is opened where it is now if what it led to was collected meanwhile", async () => {
    const { store } = await outpaced();
    const v = await Versioned.open(store, { create: false });
    expect(await v.get("a")).toBeUndefined();
    expect(await v.has("b")).toBe(true);
  });

  it("is merged from where it is now if what it led to was collected meanwhile", async () => {
    const { store, memory } = await outpaced();
    const v = await (await Versioned.open(memory)).createBranch("dev", { at: await initialOf(memory) });
    const copy = await Versioned.open(store, { branch: v.branch });
    await change(copy, { d: "1" });
    await copy.mergeFrom("main");
    await copy.merge();
    expect(await publishedContents(memory, "dev")).toEqual({ b: "1", d: "1" });
  });

  it("is cut where it is now if what it led to was collected meanwhile", async () => {
    const { store } = await outpaced();
    expect(await retainHistory(store, { commits: 1 })).toMatchObject([{ name: "main", commits: 1, cut: true }]);
  });

  it("that a collector finds collected by another one is no damage: it leaves the work to that one", async () => {
    const { store, memory } = await outpaced();
    expect(await collectGarbage(store, { minAge: 0 })).toMatchObject({ commits: 0, chunks: 0, completed: false });
    expect(await publishedContents(memory)).toEqual({ b: "1" });
  });
});

it("a tag at a commit that its branch was cut before holds that commit", async () => {
  const store = new Memory();
  const v = await Versioned.open(store);
  await change(v, { a: "1" });
  await v.merge();
  const dev = await v.createBranch("dev");
  await change(dev, { d: "1" });
  await dev.merge();
  await change(v, { a: "2" });
  const cut = v.currentCommit;
  for (const a of ["3", "4"]) await change(v, { a });
  await v.mergeFrom("dev");
  await v.merge();
  await v.deleteBranch("dev");
  // The first commit is held by way of dev, and its child on main is not.
  await retainHistory(store, { commits: 3 });
  await (await Versioned.open(store)).createTag("t", { at: cut });
  await collect(store);
  expect(await storedContents(store, cut)).toEqual({ a: "2" });
});
