import { describe, expect, it } from "vitest";
import { ConcurrencyError, Memory, Versioned } from "vkv";
import { bytes, change, contents, failure, failureOf, publishedContents, text } from "./helpers.ts";
import { type Fate, isBranchCas, ScriptedFailure, ScriptedStore } from "./scripted-store.ts";

/** A store with a branch, a handle on it whose store is scripted, and one of another writer. */
async function world(): Promise<{ memory: Memory; store: ScriptedStore; v: Versioned; other: Versioned }> {
  const memory = new Memory();
  const other = await Versioned.open(memory);
  await change(other, { n: "0" });
  await other.merge();
  const store = new ScriptedStore(memory);
  return { memory, store, v: await Versioned.open(store), other };
}

/** Decides the fate of the next write to the branch, and of those after it. */
function nextBranchCas(store: ScriptedStore, fates: readonly (() => Fate | Promise<Fate>)[]): void {
  const left = [...fates];
  store.script = async (call) => (isBranchCas(call) ? ((await left.shift()?.()) ?? "pass") : "pass");
}

describe("a lost race", () => {
  it("is merged again with the new HEAD", async () => {
    const { memory, store, v, other } = await world();
    await change(v, { a: "1" });
    nextBranchCas(store, [
      async (): Promise<Fate> => {
        await change(other, { b: "1" });
        await other.merge();
        return "pass";
      },
    ]);
    expect(await v.merge()).toMatchObject({ strategy: "three_way", autoMergedKeys: ["a"], carriedKeys: ["b"] });
    expect(await publishedContents(memory)).toEqual({ n: "0", a: "1", b: "1" });
  });

  it("is settled whoever comes in between, ten times over", async () => {
    const { memory, store, v, other } = await world();
    await change(v, { a: "1" });
    const meddle = (i: number) => async (): Promise<Fate> => {
      await change(other, { [`b${i}`]: "1" });
      await other.merge();
      return "pass";
    };
    nextBranchCas(
      store,
      Array.from({ length: 10 }, (_, i) => meddle(i)),
    );
    await v.merge();
    expect(Object.keys(await publishedContents(memory))).toHaveLength(12);
  });

  it("ends in a ConcurrencyError after the bounded number of tries, with nothing published and the work kept", async () => {
    const { memory, store, v } = await world();
    const mine = await change(v, { a: "1" });
    store.script = (call) => (isBranchCas(call) ? "refuse" : "pass");
    const error = await failureOf(ConcurrencyError, v.merge({ retries: 2 }));
    expect(error).toMatchObject({ ref: "main", outcome: "lost" });
    expect(error.attempts).toBe(store.calls.filter((call) => isBranchCas(call)).length);
    expect(v.currentCommit).toBe(mine);
    expect(await publishedContents(memory)).toEqual({ n: "0" });
    store.script = undefined;
    await v.merge();
    expect(await publishedContents(memory)).toEqual({ n: "0", a: "1" });
  });

  it("tries more than twice by default, and gives up in the end", async () => {
    const { store, v } = await world();
    await change(v, { a: "1" });
    store.script = (call) => (isBranchCas(call) ? "refuse" : "pass");
    const { attempts } = await failureOf(ConcurrencyError, v.merge());
    expect(attempts).toBeGreaterThan(8);
  });

  it("is abandoned on request, as a conflict is", async () => {
    const { store, v } = await world();
    await change(v, { a: "1" });
    store.script = (call) => (isBranchCas(call) ? "refuse" : "pass");
    const result = await v.merge({ retries: 1, onConflict: "abandon" });
    expect(result).toMatchObject({ merged: false, commit: undefined, conflicts: [] });
  });

  it("for creating a branch is lost to the one who was first", async () => {
    const { memory, store, v } = await world();
    const at = v.currentCommit;
    store.script = async (call): Promise<Fate> => {
      if (call.op === "cas" && call.key === "b/new") {
        store.script = undefined;
        await (await Versioned.open(memory)).createBranch("new");
      }
      return "pass";
    };
    const error = await failure(v.createBranch("new"));
    expect(error).toMatchObject({ code: "VKV_BRANCH_EXISTS", branch: "new" });
    expect(await (await Versioned.open(memory, { branch: "new" })).latestHead()).toBe(at);
  });

  it("of two that open a new branch at once leaves one branch, and both can publish", async () => {
    for (let round = 0; round < 5; round++) {
      const memory = new Memory();
      const handles = await Promise.all([1, 2, 3].map(() => Versioned.open(new ScriptedStore(memory))));
      await Promise.all(
        handles.map(async (v, i) => {
          await change(v, { [`k${i}`]: "1" });
          await v.merge();
        }),
      );
      expect(await publishedContents(memory)).toEqual({ k0: "1", k1: "1", k2: "1" });
    }
  });
});

describe("a write of HEAD whose answer is lost", () => {
  it("has landed, and is known by its own bytes: the merge succeeds", async () => {
    const { memory, store, v } = await world();
    const mine = await change(v, { a: "1" });
    nextBranchCas(store, [() => "fail after"]);
    expect(await v.merge()).toMatchObject({ strategy: "fast_forward", commit: mine });
    expect(v.baseCommit).toBe(mine);
    expect(await publishedContents(memory)).toEqual({ n: "0", a: "1" });
    await change(v, { b: "1" });
    expect((await v.merge()).strategy).toBe("fast_forward");
  });

  it("has not landed: the merge fails with the store's error, publishes nothing, and can be done again", async () => {
    const { memory, store, v } = await world();
    const mine = await change(v, { a: "1" });
    nextBranchCas(store, [() => "fail before"]);
    expect(await failure(v.merge())).toBeInstanceOf(ScriptedFailure);
    expect(await publishedContents(memory)).toEqual({ n: "0" });
    expect(v.currentCommit).toBe(mine);
    await v.merge();
    expect(await publishedContents(memory)).toEqual({ n: "0", a: "1" });
  });

  it("that was not to land can never land later: the store's delayed write finds other bytes", async () => {
    const { memory, store, v } = await world();
    await change(v, { a: "1" });
    let late: (() => boolean) | undefined;
    const swap = store.cas.bind(store);
    store.cas = (key, value, expected) => {
      if (key !== "b/main" || late !== undefined) return swap(key, value, expected);
      late = () => memory.cas(key, value, expected);
      return Promise.reject(new ScriptedFailure("timed out"));
    };
    expect(await failure(v.merge())).toBeInstanceOf(ScriptedFailure);
    expect(late?.()).toBe(false);
    expect(await publishedContents(memory)).toEqual({ n: "0" });
  });

  it("has landed and another writer went on: the merge is done, and once only", async () => {
    const { memory, store, v, other } = await world();
    await change(v, { a: "1" });
    const goOn = async (): Promise<Fate> => "fail after";
    nextBranchCas(store, [goOn]);
    // The look that follows the failure finds the other writer's HEAD.
    const get = store.get.bind(store);
    store.get = async (key) => {
      if (key === "b/main") {
        store.get = get;
        await other.reset();
        await change(other, { b: "1" });
        await other.merge();
      }
      return get(key);
    };
    const result = await v.merge();
    expect(result.merged).toBe(true);
    expect(await publishedContents(memory)).toEqual({ n: "0", a: "1", b: "1" });
    await change(v, { c: "1" });
    await v.merge();
    expect(await contents(v)).toEqual({ n: "0", a: "1", b: "1", c: "1" });
    expect(await v.history({ allParents: true }).toArray()).toHaveLength(6);
  });

  it("into a rewritten branch is not done twice: a counting rule counts once", async () => {
    const { memory, store, v, other } = await world();
    const start = other.currentCommit;
    await change(other, { n: "5" });
    await other.merge();
    await v.reset();
    await other.resetTo(start);
    await change(v, { n: "6" });
    const add = (...[old, mine, theirs]: (Uint8Array | undefined)[]): Uint8Array =>
      bytes(String(Number(text(mine)) + Number(text(theirs)) - Number(text(old))));
    v.setMergeFn("n", add);
    // The handle's first look finds that HEAD moved; the write after it lands, unanswered, and another writer goes on.
    nextBranchCas(store, [() => "pass", () => "fail after"]);
    const get = store.get.bind(store);
    let looks = 0;
    store.get = async (key) => {
      if (key === "b/main" && ++looks === 2) {
        await other.reset();
        await change(other, { b: "1" });
        await other.merge();
      }
      return get(key);
    };
    expect((await v.merge()).merged).toBe(true);
    expect(looks).toBeGreaterThanOrEqual(2);
    expect(await publishedContents(memory)).toEqual({ n: "1", b: "1" });
  });

  it("and cannot be looked at either: the outcome is unknown, and the merge can be done again", async () => {
    for (const fate of ["fail before", "fail after"] as const) {
      const { memory, store, v } = await world();
      await change(v, { a: "1" });
      let isDown = false;
      store.script = (call) => {
        if (isDown) return "fail before";
        isDown = isBranchCas(call);
        return isDown ? fate : "pass";
      };
      const error = await failureOf(ConcurrencyError, v.merge());
      expect(error).toMatchObject({ outcome: "unknown", ref: "main" });
      expect(error.cause).toBeInstanceOf(ScriptedFailure);
      store.script = undefined;
      expect((await v.merge()).merged).toBe(true);
      expect(await publishedContents(memory)).toEqual({ n: "0", a: "1" });
      expect(await v.history().toArray()).toHaveLength(3);
    }
  });

  it("for a new branch has landed: the branch is there, and createBranch succeeds", async () => {
    const { memory, store, v } = await world();
    let writes = 0;
    store.script = (call) => (isBranchCas(call, "new") && ++writes === 2 ? "fail after" : "pass");
    const created = await v.createBranch("new");
    store.script = undefined;
    await change(created, { a: "1" });
    await created.merge();
    expect(await publishedContents(memory, "new")).toEqual({ n: "0", a: "1" });
  });
});

describe("resetTo", () => {
  it("loses against a writer that was first, and changes nothing", async () => {
    const { memory, store, v, other } = await world();
    const start = await v.initialCommit();
    nextBranchCas(store, [
      async (): Promise<Fate> => {
        await change(other, { b: "1" });
        await other.merge();
        return "pass";
      },
    ]);
    const error = await failureOf(ConcurrencyError, v.resetTo(start));
    expect(error).toMatchObject({ ref: "main", outcome: "lost" });
    expect(await publishedContents(memory)).toEqual({ n: "0", b: "1" });
  });

  it("that landed unanswered succeeds; with another writer after it the outcome is unknown", async () => {
    const { memory, store, v } = await world();
    const start = await v.initialCommit();
    nextBranchCas(store, [() => "fail after"]);
    expect(await v.resetTo(start)).toBe(true);
    expect(await publishedContents(memory)).toEqual({});

    const second = await world();
    nextBranchCas(second.store, [() => "fail after"]);
    const get = second.store.get.bind(second.store);
    second.store.get = async (key) => {
      if (key === "b/main") {
        second.store.get = get;
        await second.other.reset();
        await change(second.other, { b: "1" });
        await second.other.merge();
      }
      return get(key);
    };
    const error = await failureOf(ConcurrencyError, second.v.resetTo(start));
    expect(error.outcome).toBe("unknown");
    expect(await publishedContents(second.memory)).toEqual({ b: "1" });
  });
});
