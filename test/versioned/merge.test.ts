import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BranchNotFoundError, ConcurrencyError, Memory, MergeConflict, type MergeResult, Versioned } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { bytes, change, contents, diverged, failureOf, publishedContents, text } from "./helpers.ts";

const nothing = { autoMergedKeys: [], resolvedKeys: [], carriedKeys: [], conflicts: [] };

describe("merge: strategies", () => {
  it("is a no-op when there is no local work, even if HEAD has moved", async () => {
    const store = new Memory();
    const [v, other] = await Promise.all([Versioned.open(store), Versioned.open(store)]);
    const at = v.currentCommit;
    await change(other, { a: "1" });
    await other.merge();
    expect(await v.merge()).toEqual({ merged: true, commit: at, strategy: "no_op", ...nothing });
    expect(v.currentCommit).toBe(at);
    expect(v.baseCommit).toBe(at);
    expect(await contents(v)).toEqual({});
  });

  it("fast-forwards when HEAD is where the work began, without a new commit", async () => {
    const v = await Versioned.open();
    await change(v, { a: "1" });
    const id = await change(v, { b: "2" });
    expect(await v.merge({ info: { by: "me" } })).toEqual({
      merged: true,
      commit: id,
      strategy: "fast_forward",
      ...nothing,
    });
    expect(v.baseCommit).toBe(id);
    expect(await v.latestHead()).toBe(id);
    expect(await v.commitInfo()).toBeUndefined();
  });

  it("merges three ways otherwise, with the parents (their head, ours)", async () => {
    const { ours, theirs, store } = await diverged({ base: "0", gone: "0" }, { a: "1", gone: null }, { b: "2" });
    const mine = ours.currentCommit;
    const result = await ours.merge({ info: { by: "me" } });
    expect(result).toEqual({
      ...nothing,
      merged: true,
      commit: ours.currentCommit,
      strategy: "three_way",
      autoMergedKeys: ["a", "gone"],
      carriedKeys: ["b"],
    });
    expect(await ours.parents()).toEqual([theirs.currentCommit, mine]);
    expect(await ours.commitInfo()).toEqual({ by: "me" });
    expect(ours.baseCommit).toBe(ours.currentCommit);
    expect(await publishedContents(store)).toEqual({ base: "0", a: "1", b: "2" });
  });

  it("moves to HEAD when that holds ours already, without a merge commit", async () => {
    const { ours, theirs } = await diverged({}, { a: "1" }, { b: "2" });
    await theirs.mergeFrom({ commit: ours.currentCommit });
    await theirs.merge();
    const head = theirs.currentCommit;
    expect(await ours.merge()).toEqual({ ...nothing, merged: true, strategy: "fast_forward", commit: head });
    expect(ours.currentCommit).toBe(head);
    expect(await ours.latestHead()).toBe(head);
  });

  it("fast-forwards when ours holds the moved HEAD already", async () => {
    const { ours, theirs } = await diverged({}, { a: "1" }, { b: "2" });
    await ours.mergeFrom("main");
    const merged = ours.currentCommit;
    expect(await ours.parents()).toContain(theirs.currentCommit);
    expect(await ours.merge()).toMatchObject({ strategy: "fast_forward", commit: merged });
    expect(await ours.latestHead()).toBe(merged);
  });

  it("can be done again and again", async () => {
    const { ours, theirs, store } = await diverged({ n: "0" }, { a: "1" }, { b: "1" });
    for (let i = 0; i < 5; i++) {
      await change(ours, { [`a${i}`]: "1" });
      await ours.merge();
      await change(theirs, { [`b${i}`]: "1" });
      await theirs.merge();
    }
    expect(Object.keys(await publishedContents(store))).toHaveLength(13);
  });

  it("merges histories that share nothing but the root", async () => {
    const store = new Memory();
    const one = await Versioned.open(store, { branch: "one" });
    const two = await Versioned.open(store, { branch: "two" });
    await change(one, { a: "1", same: "x" });
    await change(two, { b: "2", same: "x" });
    await two.merge();
    expect((await one.mergeFrom("two")).strategy).toBe("three_way");
    expect(await contents(one)).toEqual({ a: "1", b: "2", same: "x" });
  });
});

describe("merge: what becomes of a key", () => {
  it.each<[string, string | null, string | null, string | null, string | null]>([
    ["changed by us", "0", "1", "0", "1"],
    ["changed by them", "0", "0", "2", "2"],
    ["removed by us", "0", null, "0", null],
    ["removed by them", "0", "0", null, null],
    ["added by us", null, "1", null, "1"],
    ["added by them", null, null, "2", "2"],
    ["removed by both", "0", null, null, null],
    ["changed alike by both", "0", "1", "1", "1"],
    ["added alike by both", null, "1", "1", "1"],
    ["changed and changed back by us, changed by them", "0", "0", "2", "2"],
  ])("%s", async (_, old, ours, theirs, merged) => {
    const world = await diverged({ k: old, n: "0" }, { k: ours, mine: "1" }, { k: theirs, yours: "2" });
    await world.ours.merge();
    const k = merged === null ? {} : { k: merged };
    expect(await contents(world.ours)).toEqual({ ...k, n: "0", mine: "1", yours: "2" });
  });

  it.each<[string, string | null, string | null, string | null]>([
    ["changed differently", "0", "1", "2"],
    ["added differently", null, "1", "2"],
    ["removed by us, changed by them", "0", null, "2"],
    ["changed by us, removed by them", "0", "1", null],
  ])("is a conflict: %s", async (_, old, ours, theirs) => {
    const world = await diverged({ k: old, n: "0" }, { k: ours }, { k: theirs });
    const before = world.ours.currentCommit;
    const error = await failureOf(MergeConflict, world.ours.merge());
    const value = (side: string | null): Uint8Array | undefined => (side === null ? undefined : bytes(side));
    expect(error.conflicts).toEqual([{ key: "k", old: value(old), ours: value(ours), theirs: value(theirs) }]);
    expect([...error.conflictingKeys]).toEqual(["k"]);
    expect(error.mergeErrors.size).toBe(0);
    expect(world.ours.currentCommit).toBe(before);
    expect(await world.ours.latestHead()).toBe(world.theirs.currentCommit);
  });

  it("agrees with a model, for any changes and with a rule for some keys", async () => {
    const key = fc.integer({ min: 0, max: 40 }).map((i) => `k${i}`);
    const value = fc.option(fc.constantFrom("1", "2", "3", "x".repeat(700)), { nil: null });
    const side = fc.dictionary(key, value, { maxKeys: 25 });
    await fc.assert(
      fc.asyncProperty(side, side, side, async (old, mine, others) => {
        const world = await diverged({ z: "0", ...old }, { ...mine, mine: "1" }, { ...others, yours: "2" });
        const before = apply({}, old);
        const states = [before, apply(before, mine), apply(before, others)];
        const expected = model(states[0] ?? {}, states[1] ?? {}, states[2] ?? {});
        const { ours } = world;
        if (expected.conflicts.length > 0) {
          const error = await failureOf(MergeConflict, ours.merge());
          expect(error.conflicts.map((conflict) => conflict.key)).toEqual(expected.conflicts);
        }
        const rule = (_old: unknown, a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined =>
          a === undefined || b === undefined ? undefined : bytes(`${text(a)}+${text(b)}`);
        const result = await ours.merge({ mergeFns: Object.fromEntries(expected.conflicts.map((k) => [k, rule])) });
        const joined = expected.conflicts.map((k): [string, string | undefined] => {
          const [a, b] = [states[1]?.[k], states[2]?.[k]];
          return [k, a === undefined || b === undefined ? undefined : `${a}+${b}`];
        });
        const all = { ...expected.merged, ...Object.fromEntries(joined), z: "0", mine: "1", yours: "2" };
        expect(await contents(ours)).toEqual(
          Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)),
        );
        expect(result.resolvedKeys).toEqual(expected.conflicts);
        expect(await publishedContents(world.store)).toEqual(await contents(ours));
        const sizes = (await ours.entries().toArray()).reduce((sum, [, v]) => sum + v.length, 0);
        expect(await ours.commit()).toMatchObject({ size: await ours.size(), bytes: sizes });
      }),
      propertyOptions({ numRuns: 40 }),
    );
  });
});

describe("merge: results", () => {
  it("lists ours that landed, rule-decided and carried keys, in key order", async () => {
    const { ours } = await diverged(
      { both: "0", rule: "0", mine: "0", yours: "0" },
      { rule: "1", mine: "1", both: "1", added: "1" },
      { rule: "2", yours: "2", both: "1", new: "2" },
    );
    const result = await ours.merge({ mergeFns: { rule: () => bytes("3") } });
    expect(result).toMatchObject({
      autoMergedKeys: ["added", "both", "mine", "rule"],
      resolvedKeys: ["rule"],
      carriedKeys: ["new", "yours"],
      conflicts: [],
    });
  });

  it("orders conflicts by key, code point by code point", async () => {
    const keys = ["b", "a", "\u{1f600}", "\uffff", "é"];
    const all = (value: string): Record<string, string> => Object.fromEntries(keys.map((key) => [key, value]));
    const { ours } = await diverged({}, all("1"), all("2"));
    const error = await failureOf(MergeConflict, ours.merge());
    expect([...error.conflictingKeys]).toEqual(["a", "b", "é", "\uffff", "\u{1f600}"]);
    expect(error.message).toContain('"a"');
  });

  it("is kept as lastMergeResult, also when abandoned; not of a dry run or a failure", async () => {
    const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    expect(ours.lastMergeResult).toBeUndefined();
    await failureOf(MergeConflict, ours.merge());
    await ours.merge({ dryRun: true, mergeFns: { k: "ours" } });
    expect(ours.lastMergeResult).toBeUndefined();
    const abandoned = await ours.merge({ onConflict: "abandon" });
    expect(ours.lastMergeResult).toBe(abandoned);
    const merged = await ours.merge({ mergeFns: { k: "ours" } });
    expect(ours.lastMergeResult).toBe(merged);
    const again = await ours.merge();
    expect(again.strategy).toBe("no_op");
    expect(ours.lastMergeResult).toBe(again);
  });

  it("abandons on request: not merged, the conflicts listed, nothing moved", async () => {
    const { ours, theirs } = await diverged({ k: "0" }, { k: "1", a: "1" }, { k: "2" });
    const before = ours.currentCommit;
    expect(await ours.merge({ onConflict: "abandon" })).toEqual({
      ...nothing,
      merged: false,
      commit: undefined,
      strategy: "three_way",
      conflicts: [{ key: "k", old: bytes("0"), ours: bytes("1"), theirs: bytes("2") }],
    });
    expect(ours.currentCommit).toBe(before);
    expect(await ours.latestHead()).toBe(theirs.currentCommit);
  });

  it("still has the local commit after a conflict: merge again with other rules, or reset", async () => {
    const { ours, store } = await diverged({ k: "0" }, { k: "1", a: "1" }, { k: "2" });
    await failureOf(MergeConflict, ours.merge());
    await failureOf(MergeConflict, ours.merge());
    await change(ours, { b: "1" });
    await ours.merge({ mergeFns: new Map([["k", "theirs"]]) });
    expect(await publishedContents(store)).toEqual({ k: "2", a: "1", b: "1" });

    const second = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    await failureOf(MergeConflict, second.ours.merge());
    await second.ours.reset();
    expect(await contents(second.ours)).toEqual({ k: "2" });
  });
});

describe("merge: dry run", () => {
  /** What a store holds. */
  const held = async (store: Memory): Promise<[string, string][]> => {
    const all: [string, string][] = [];
    for await (const [key, value] of store.entries()) all.push([key, Buffer.from(value).toString("hex")]);
    return all.sort();
  };

  it("gives the result of a merge with a HEAD that moved, and moves and stores nothing", async () => {
    const { ours, store } = await diverged({ k: "0" }, { k: "1", a: "1" }, { k: "2", b: "2" });
    const before = { held: await held(store), at: ours.currentCommit };
    const dry = await ours.merge({ dryRun: true, mergeFns: { k: () => bytes("x".repeat(5000)) } });
    expect(dry).toMatchObject({ merged: true, strategy: "three_way", resolvedKeys: ["k"], carriedKeys: ["b"] });
    expect({ held: await held(store), at: ours.currentCommit }).toEqual(before);
    const real = await ours.merge({ mergeFns: { k: () => bytes("x".repeat(5000)) } });
    expect(real).toEqual(dry);
    expect(ours.currentCommit).toBe(dry.commit);
  });

  it("tells of conflicts as a merge does", async () => {
    const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    await failureOf(MergeConflict, ours.merge({ dryRun: true }));
    const dry = await ours.merge({ dryRun: true, onConflict: "abandon" });
    expect(dry.merged).toBe(false);
    expect(dry.conflicts.map(({ key }) => key)).toEqual(["k"]);
  });

  it("tells a fast-forward from a no-op, and a deleted branch", async () => {
    const v = await Versioned.open();
    expect((await v.merge({ dryRun: true })).strategy).toBe("no_op");
    const id = await change(v, { a: "1" });
    expect(await v.merge({ dryRun: true })).toMatchObject({ strategy: "fast_forward", commit: id });
    expect(await v.latestHead()).toBe(v.baseCommit);
    await v.deleteBranch("main");
    await failureOf(BranchNotFoundError, v.merge({ dryRun: true }));
  });

  it("does the same for mergeFrom", async () => {
    const { ours, store } = await diverged({ k: "0" }, { a: "1" }, { b: "2" });
    const before = { held: await held(store), at: ours.currentCommit };
    const dry = await ours.mergeFrom("main", { dryRun: true });
    expect({ held: await held(store), at: ours.currentCommit }).toEqual(before);
    expect(await ours.mergeFrom("main")).toEqual(dry);
  });
});

describe("merge: options", () => {
  it.each<[string, object, typeof TypeError | typeof RangeError]>([
    ["onConflict", { onConflict: "ignore" }, TypeError],
    ["dryRun", { dryRun: 1 }, TypeError],
    ["info", { info: "text" }, TypeError],
    ["retries below 0", { retries: -1 }, RangeError],
    ["retries that are no whole number", { retries: 1.5 }, RangeError],
    ["retries that are no number", { retries: "3" }, RangeError],
    ["a rule", { mergeFns: { k: "mine" } }, TypeError],
    ["a rule in a Map", { mergeFns: new Map([["k", 5]]) }, TypeError],
    ["rules", { mergeFns: "ours" }, TypeError],
    ["a default rule", { defaultMerge: "both" }, TypeError],
  ])("checks %s first, also on a no-op", async (_, options, type) => {
    const v = await Versioned.open();
    await failureOf(type, v.merge(options as never));
    await failureOf(type, v.mergeFrom("main", options as never));
    await change(v, { a: "1" });
    await failureOf(type, v.merge(options as never));
    expect(await v.latestHead()).toBe(v.baseCommit);
  });

  it("refuses options that are no object", async () => {
    const v = await Versioned.open();
    await failureOf(TypeError, v.merge(null as never));
    await failureOf(TypeError, v.merge("throw" as never));
  });

  it("needs no retry for a HEAD that moved before the call", async () => {
    const { ours } = await diverged({}, { a: "1" }, { b: "2" });
    expect((await ours.merge({ retries: 0 })).strategy).toBe("three_way");
  });
});

describe("merge: a branch that is gone", () => {
  it("says so when HEAD was deleted under a handle, and works again when the branch is back", async () => {
    const v = await Versioned.open();
    await change(v, { a: "1" });
    await v.merge();
    await change(v, { b: "2" });
    await v.deleteBranch("main");
    for (let i = 0; i < 2; i++) {
      const error = await failureOf(BranchNotFoundError, v.merge());
      expect(error.branch).toBe("main");
    }
    await failureOf(BranchNotFoundError, v.merge({ onConflict: "abandon" }));
    const other = await Versioned.open(v.store, { branch: "other" });
    await other.createBranch("main", { at: v.baseCommit });
    await v.merge();
    expect(await contents(await Versioned.open(v.store))).toEqual({ a: "1", b: "2" });
  });

  it("keeps local work when reset finds no branch", async () => {
    const v = await Versioned.open();
    const id = await change(v, { a: "1" });
    await v.deleteBranch("main");
    await failureOf(BranchNotFoundError, v.reset());
    expect(v.currentCommit).toBe(id);
    const rescued = await v.createBranch("rescued");
    expect(await contents(rescued)).toEqual({ a: "1" });
  });
});

describe("mergeFrom", () => {
  it("merges a branch, by its bare name too, a tag or a commit into the current commit", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    const other = await v.createBranch("feature/x");
    await change(other, { b: "2" });
    await other.merge();
    await other.createTag("v1");
    for (const source of ["feature/x", { branch: "feature/x" }, { tag: "v1" }, { commit: other.currentCommit }]) {
      const own = await v.createBranch(`own${JSON.stringify(source).length}`);
      await change(own, { a: "1" });
      const mine = own.currentCommit;
      const result = await own.mergeFrom(source, { info: { from: "there" } });
      expect(result).toMatchObject({ strategy: "three_way", autoMergedKeys: ["a"], carriedKeys: ["b"] });
      expect(await own.parents()).toEqual([mine, other.currentCommit]);
      expect(await own.commitInfo()).toEqual({ from: "there" });
      expect(await own.latestHead()).toBe(own.baseCommit);
      await own.merge();
      expect(await publishedContents(store, own.branch)).toEqual({ a: "1", b: "2" });
      await own.deleteBranch(own.branch);
    }
  });

  it("takes ours from this handle and theirs from the source", async () => {
    const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    const seen: unknown[] = [];
    await ours.mergeFrom("main", {
      mergeFns: { k: (...values) => void seen.push(values.map(text)) },
    });
    expect(seen).toEqual([["0", "1", "2"]]);
    expect(await contents(ours)).toEqual({});
  });

  it("is a no-op for what ours holds, and moves to a source that holds ours", async () => {
    const v = await Versioned.open();
    const root = v.currentCommit;
    const ahead = await v.createBranch("ahead");
    await change(ahead, { a: "1" });
    await ahead.merge();
    expect(await v.mergeFrom({ commit: root })).toMatchObject({ strategy: "no_op", commit: root });
    expect(await v.mergeFrom("ahead")).toMatchObject({ strategy: "fast_forward", commit: ahead.currentCommit });
    expect(v.currentCommit).toBe(ahead.currentCommit);
    expect(await v.mergeFrom({ commit: root })).toMatchObject({ strategy: "no_op", commit: ahead.currentCommit });
    expect(await v.latestHead()).toBe(root);
    expect((await v.merge()).strategy).toBe("fast_forward");
    expect(await v.latestHead()).toBe(ahead.currentCommit);
  });

  it("refuses a source that is none", async () => {
    const v = await Versioned.open();
    for (const source of [
      { branch: "main", tag: "x" },
      undefined,
      null,
      5,
      {},
      { branch: 5 },
      { commit: 5 },
      { tag: undefined },
    ]) {
      await failureOf(TypeError, v.mergeFrom(source as never));
    }
  });
});

describe("a race that is lost again and again", () => {
  it("is a ConcurrencyError after the retries, or an abandoned merge", async () => {
    // A rule that makes another writer publish whenever it is asked.
    const { ours, theirs } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    let asked = 0;
    const race = async (): Promise<Uint8Array> => {
      await change(theirs, { k: `later ${asked++}` });
      await theirs.merge();
      return bytes("merged");
    };
    const error = await failureOf(ConcurrencyError, ours.merge({ retries: 3, mergeFns: { k: race } }));
    expect(error).toMatchObject({ ref: "main", outcome: "lost", code: "VKV_CONCURRENCY" });
    expect(error.attempts).toBeGreaterThanOrEqual(4);
    expect(asked).toBe(4);

    const abandoned: MergeResult = await ours.merge({ retries: 1, mergeFns: { k: race }, onConflict: "abandon" });
    expect(abandoned).toEqual({ ...nothing, merged: false, commit: undefined, strategy: "three_way" });
    expect(ours.lastMergeResult).toBe(abandoned);
    expect((await ours.merge({ mergeFns: { k: "ours" } })).merged).toBe(true);
    expect(text(await ours.get("k"))).toBe("1");
  });
});

type State = Readonly<Record<string, string>>;

function apply(state: State, changes: Readonly<Record<string, string | null>>): State {
  const next = Object.entries({ ...state, ...changes });
  return Object.fromEntries(next.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** The three-way merge of plain objects. */
function model(old: State, ours: State, theirs: State): { merged: State; conflicts: string[] } {
  const merged: Record<string, string> = {};
  const conflicts: string[] = [];
  for (const key of [...new Set([old, ours, theirs].flatMap((state) => Object.keys(state)))].sort()) {
    const [o, a, b] = [old[key], ours[key], theirs[key]];
    if (o !== a && o !== b && a !== b) conflicts.push(key);
    else {
      const value = o === a ? b : a;
      if (value !== undefined) merged[key] = value;
    }
  }
  return { merged, conflicts };
}
