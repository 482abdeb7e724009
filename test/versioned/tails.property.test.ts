/** Where commits store changes instead of trees, all is as where they store trees. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Versioned, verify } from "vkv";
import { hashOf } from "../../src/chunk/hash.ts";
import { ViewOf } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { propertyOptions } from "../support/seed.ts";
import { noise, randomFrom } from "../support/tree.ts";
import { bytes } from "./helpers.ts";

const BRANCHES = ["main", "b", "c"];
const keyOf = (n: number): string => `k${n % 60}`;

const step = fc.record({
  kind: fc.constantFrom("change", "change", "change", "many", "info", "undo", "merge", "revert", "pick", "transact"),
  branch: fc.constantFrom(...BRANCHES),
  other: fc.constantFrom(...BRANCHES),
  seed: fc.nat(),
  isCold: fc.boolean(),
  isPublished: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Some updates, with values in leaves, in chunks of their own and in pieces. */
function updatesFrom(seed: number, count: number): Map<string, Uint8Array> {
  const random = randomFrom(seed + 1);
  const someValue = (): Uint8Array => {
    const kind = random(30);
    if (kind === 0) return noise(150_000, random(3));
    return kind < 4 ? noise(600, random(5)) : noise(random(30), random(100));
  };
  return new Map(Array.from({ length: count }, () => [keyOf(random(60)), someValue()]));
}

async function apply(v: Versioned, { kind, other, seed }: Step): Promise<unknown> {
  const random = randomFrom(seed + 1);
  const changes = (count: number): Promise<string> =>
    v.snapshot(updatesFrom(seed, count), { removals: Array.from({ length: random(4) }, () => keyOf(random(60))) });
  switch (kind) {
    case "change":
      return changes(1 + random(3));
    case "many":
      return changes(40);
    case "info":
      return v.snapshot(null, { info: { seed } });
    case "undo": {
      // What the first parent had: nodes come again.
      const [before] = await v.parents();
      if (before === undefined) return undefined;
      const old = new Map<string, Uint8Array>();
      const removals: string[] = [];
      for await (const change of v.changes(v.currentCommit, before)) {
        if (change.new === undefined) removals.push(change.key);
        else old.set(change.key, change.new);
      }
      return v.snapshot(old, { removals });
    }
    case "merge":
      if (!(await v.listBranches()).includes(other)) return undefined;
      return v.mergeFrom(other, { defaultMerge: "theirs" });
    case "transact":
      return v.transact((tx) => tx.snapshot(updatesFrom(seed, 2)), random(2) === 0 ? { info: { seed } } : {});
    case "revert":
    case "pick": {
      const history = await v.history({ limit: 20 }).toArray();
      const id = history[random(history.length)] ?? v.currentCommit;
      const [parent = ""] = await v.parents(id);
      if (parent === "") return undefined;
      const options = { defaultMerge: "theirs", parent } as const;
      return kind === "revert" ? v.revert(id, options) : v.cherryPick(id, options);
    }
  }
}

/** Does all steps; returns what came of each. */
async function play(store: PlainMemory, steps: readonly Step[]): Promise<unknown[]> {
  const handles = new Map<string, Versioned>();
  const outcomes: unknown[] = [];
  for (const each of steps) {
    const known = each.isCold ? undefined : handles.get(each.branch);
    const v = known ?? (await Versioned.open(each.isCold ? new ViewOf(store) : store, { branch: each.branch }));
    handles.set(each.branch, v);
    outcomes.push(await apply(v, each), v.currentCommit);
    if (each.isPublished) outcomes.push((await v.merge({ defaultMerge: "ours" })).commit);
  }
  for (const v of handles.values()) await v.merge({ defaultMerge: "ours" });
  return outcomes;
}

/** By key, the hash of what a commit has. */
async function valuesOf(v: Versioned | undefined): Promise<unknown> {
  const values = (await v?.entries().toArray()) ?? [];
  return values.map(([key, value]) => [key, hashOf(value)]);
}

/** All that can be asked of a store, with cold caches. */
async function report(store: PlainMemory): Promise<unknown> {
  const all: unknown[] = [];
  for (const branch of await Versioned.branches(store)) {
    const view = (): Promise<Versioned> => Versioned.open(new ViewOf(store), { branch, create: false });
    const v = await view();
    const history = await v.history({ allParents: true }).toArray();
    all.push(branch, history, await v.stats());
    for await (const { commit, value } of v.keyHistory(keyOf(7))) all.push(commit, value && hashOf(value));
    // The oldest last, and each with what another reader has at hand.
    for (const [i, id] of history.entries()) {
      const at = await (i % 3 === 0 ? await view() : v).checkout(id);
      all.push(await at?.size(), await valuesOf(at), await at?.commit());
      const other = history[(i * 7) % history.length] ?? id;
      all.push(await v.diff(id, other), await v.mergeBase(id, other));
    }
  }
  return all;
}

describe("a history", () => {
  it("has the same ids, contents, differences, merges and key histories, however much of it is stored as changes", async () => {
    const limits = fc.constantFrom(1, 2, 12, 2048);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), limits, async (steps, limit) => {
        const plain = new PlainMemory();
        const store = new PlainMemory(limit);
        expect(await play(store, steps)).toEqual(await play(plain, steps));
        expect(await report(store)).toEqual(await report(plain));
        expect(await verify(store)).toEqual({ ok: true, problems: [], omitted: 0 });
      }),
      propertyOptions({ numRuns: 16 }),
    );
  });

  it("of many small commits takes few bytes as changes", async () => {
    const sizes = [0, 2048].map(async (limit) => {
      const store = new PlainMemory(limit);
      const v = await Versioned.open(store);
      await v.snapshot(Array.from({ length: 3000 }, (_, i): [string, Uint8Array] => [`k${i}`, noise(30, i)]));
      const before = [...store.memory.values()].reduce((sum, { length }) => sum + length, 0);
      for (let i = 0; i < 200; i++) await v.snapshot({ [`k${i * 14}`]: bytes(`${i}`) });
      const after = [...store.memory.values()].reduce((sum, { length }) => sum + length, 0);
      return (after - before) / 200;
    });
    const [plain = 0, changes = 0] = await Promise.all(sizes);
    expect(changes).toBeLessThan(plain / 8);
    expect(changes).toBeLessThan(400);
  });
});
