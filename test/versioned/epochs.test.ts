/** Writers beside collections: what a collector does is done by hand here, so that it stops where a test needs it. */
import { describe, expect, it } from "vitest";
import { BranchNotFoundError, Memory, SessionCollectedError, Versioned } from "vkv";
import { beginEpoch, raiseRefs } from "../../src/commit/epoch.ts";
import { change, contents, failureOf, publishedContents } from "./helpers.ts";
import { type Fate, ScriptedStore } from "./scripted-store.ts";

/** A collection's first two steps. */
async function collectBegins(store: Memory): Promise<void> {
  await raiseRefs(store, await beginEpoch(store));
}

/** The store's keys of chunks. */
function chunks(store: Memory): string[] {
  return [...store.keys()].filter((key) => key.startsWith("n/") || key.startsWith("c/"));
}

const large = "x".repeat(3000);

/** A handle with unpublished work, and the keys of the chunks that only this work has. */
async function unpublished(value: string): Promise<{ store: Memory; v: Versioned; own: string[] }> {
  const store = new Memory();
  const v = await Versioned.open(store);
  await change(v, { base: "1" });
  await v.merge();
  const before = new Set(chunks(store));
  await change(v, { a: value });
  return { store, v, own: chunks(store).filter((key) => !before.has(key)) };
}

describe("a collection that began under a handle", () => {
  it("does not hinder it: the work is made safe and published", async () => {
    const { store, v } = await unpublished(large);
    for (let i = 0; i < 3; i++) {
      await collectBegins(store);
      await change(v, { [`k${i}`]: "1" });
      expect((await v.merge()).merged).toBe(true);
    }
    expect(await publishedContents(store)).toEqual({ base: "1", a: large, k0: "1", k1: "1", k2: "1" });
  });

  it("raises what the handle put to the new epoch before HEAD moves", async () => {
    const { store, v, own } = await unpublished(large);
    expect(own.map((key) => store.get(key)?.[1])).toEqual(own.map(() => 0));
    await collectBegins(store);
    await v.merge();
    // The second byte of a stored chunk is its epoch.
    expect(own.map((key) => store.get(key)?.[1])).toEqual(own.map(() => 1));
  });

  it("and swept what the handle still has in memory: it is put again, and HEAD leads to all of it", async () => {
    const { store, v, own } = await unpublished("small");
    await collectBegins(store);
    for (const key of own) store.remove(key);
    expect((await v.merge()).merged).toBe(true);
    expect(await publishedContents(store)).toEqual({ base: "1", a: "small" });
  });

  it("and swept what is nowhere any more: SessionCollectedError, HEAD untouched, and reset goes on", async () => {
    const { store, v, own } = await unpublished(large);
    const head = await v.latestHead();
    await collectBegins(store);
    for (const key of own) store.remove(key);
    for (let i = 0; i < 2; i++) {
      const error = await failureOf(SessionCollectedError, v.merge());
      expect(error.code).toBe("VKV_SESSION_COLLECTED");
    }
    expect(await v.latestHead()).toBe(head);
    expect(await publishedContents(store)).toEqual({ base: "1" });
    await v.reset();
    await change(v, { b: "2" });
    await v.merge();
    expect(await publishedContents(store)).toEqual({ base: "1", b: "2" });
  });

  it("does not stop resetTo, createBranch, createTag or transact", async () => {
    const { store, v } = await unpublished("1");
    await collectBegins(store);
    const dev = await v.createBranch("dev");
    await collectBegins(store);
    await v.createTag("v1");
    await collectBegins(store);
    expect(await v.resetTo(await v.initialCommit())).toBe(true);
    await collectBegins(store);
    await v.transact((tx) => change(tx, { t: "1" }));
    await change(dev, { d: large });
    await dev.merge();
    expect(await publishedContents(store)).toEqual({ t: "1" });
    expect(await publishedContents(store, "dev")).toEqual({ base: "1", a: "1", d: large });
  });

  it("and swept work whose branch is gone: after a reset in vain it can still be rescued", async () => {
    const { store, v, own } = await unpublished("small");
    await v.deleteBranch("main");
    await failureOf(BranchNotFoundError, v.reset());
    await collectBegins(store);
    for (const key of own) store.remove(key);
    await v.createBranch("rescued");
    expect(await publishedContents(store, "rescued")).toEqual({ base: "1", a: "small" });
  });

  it("and swept an old commit: going back to it is refused, not a broken HEAD", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    await change(v, { base: "1" });
    await v.merge();
    const before = new Set(chunks(store));
    const old = await change(v, { a: large });
    const own = chunks(store).filter((key) => !before.has(key));
    await v.reset();
    await collectBegins(store);
    for (const key of own) store.remove(key);
    // The handle's caches still know the commit.
    await failureOf(SessionCollectedError, v.createBranch("dev", { at: old }));
    await v.reset();
    await failureOf(SessionCollectedError, v.resetTo(old));
    await failureOf(SessionCollectedError, v.createTag("v1", { at: old }));
    expect(await v.listBranches()).toEqual(["main"]);
    expect(await v.listTags()).toEqual(new Map());
    expect(await publishedContents(store)).toEqual({ base: "1" });
  });

  it("and died after its first step: branches are created all the same, and its part is done", async () => {
    const { store, v } = await unpublished(large);
    await beginEpoch(store);
    const dev = await v.createBranch("dev");
    expect(await contents(dev)).toEqual({ base: "1", a: large });
    await v.merge();
    expect(await publishedContents(store)).toEqual({ base: "1", a: large });
    expect(await publishedContents(store, "dev")).toEqual({ base: "1", a: large });
  });

  it("and died after its first step: a branch of the old epoch can be merged by a handle of the new one", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    const dev = await v.createBranch("dev");
    await change(dev, { d: "1" });
    await dev.merge();
    const epoch = await beginEpoch(store);
    // Only main was raised.
    const main = new ScriptedStore(store);
    const keys = main.keys.bind(main);
    main.keys = async function* (prefix) {
      for await (const key of keys(prefix)) if (key !== "b/dev") yield key;
    };
    await raiseRefs(main, epoch);
    const raised = await Versioned.open(store);
    await change(raised, { m: large });
    expect((await raised.mergeFrom("dev")).strategy).toBe("three_way");
    await raised.merge();
    expect(await publishedContents(store)).toEqual({ d: "1", m: large });
  });

  it("while a merge is under way is met by the merge's own retry", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await Versioned.open(store);
    await change(v, { a: large });
    let isFirst = true;
    store.script = async (call): Promise<Fate> => {
      if (isFirst && call.op === "cas" && call.key === "b/main") {
        isFirst = false;
        await collectBegins(memory);
      }
      return "pass";
    };
    expect((await v.merge({ retries: 1 })).strategy).toBe("fast_forward");
    expect(await publishedContents(memory)).toEqual({ a: large });
  });
});

describe("a reservation, left by one who died while creating a branch", () => {
  it("is no branch, and hinders nobody", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await Versioned.open(store);
    let writes = 0;
    // The first write of the ref reserves it; the second, and the looks after it, never come.
    store.script = (call) => (call.key === "b/dev" && ++writes > 1 ? "fail before" : "pass");
    await v.createBranch("dev").then(
      () => expect.unreachable(),
      () => undefined,
    );
    expect(memory.get("b/dev")).toBeDefined();
    const other = await Versioned.open(memory);
    expect(await other.listBranches()).toEqual(["main"]);
    expect(await Versioned.open(memory, { branch: "dev", create: false }).catch((error: Error) => error.name)).toBe(
      "BranchNotFoundError",
    );
    expect(await other.deleteBranch("dev")).toBe(false);
    const dev = await other.createBranch("dev");
    await change(dev, { d: "1" });
    await dev.merge();
    expect(await publishedContents(memory, "dev")).toEqual({ d: "1" });
  });
});
