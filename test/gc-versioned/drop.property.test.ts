import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectGarbage, GCVersioned, Memory, type RebaseResult, Versioned } from "vkv";
import { ViewOf } from "../support/counting-store.ts";
import { propertyOptions } from "../support/seed.ts";
import { sized } from "./helpers.ts";
import { Model } from "./model.ts";

const key = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 30 }).map((i) => `k${i}`) },
  { weight: 1, arbitrary: fc.constantFrom("__a", "n/__b", "__n/c", "n/c/__", "_d", "é", "\u{1f600}", "\uffff") },
);
const keys = fc.uniqueArray(key, { maxLength: 6 });
const size = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(0, 1, 600, 200));
const updates = fc.uniqueArray(fc.tuple(key, size), { maxLength: 8, selector: ([name]) => name });

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant("snapshot" as const), updates, removals: keys }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("get" as const), key }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("getMany" as const), keys }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("get in a transaction" as const), key }) },
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constantFrom("scan", "merge", "rebase", "maybeRebase", "reopen") }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function valuesOf(sizes: readonly (readonly [string, number])[]): [string, Uint8Array][] {
  return sizes.map(([name, bytes]) => [name, sized(bytes)]);
}

async function sizesOf(v: Versioned): Promise<[string, number][]> {
  return (await v.entries().toArray()).map(([name, value]) => [name, value.length]);
}

/** A branch and its model, side by side. */
class Pair {
  readonly store: Memory = new Memory();
  readonly model: Model = new Model();
  readonly high: number;
  readonly low: number;
  #v: GCVersioned | undefined;

  constructor(high: number, low: number) {
    this.high = high;
    this.low = low;
  }

  get v(): GCVersioned {
    if (this.#v === undefined) throw new Error("It is not open.");
    return this.#v;
  }

  /** What another process sees, after what is local was published. */
  async reopen(): Promise<void> {
    await this.#v?.merge();
    this.#v = await GCVersioned.open(new ViewOf(this.store), { highWaterBytes: this.high, lowWaterBytes: this.low });
    this.model.reopen();
  }

  async run(next: Step): Promise<void> {
    const { v, model } = this;
    if ("updates" in next) await this.#snapshot(next.updates, next.removals);
    else if ("keys" in next) {
      await v.getMany(next.keys);
      model.use(next.keys);
    } else if (next.op === "get in a transaction" && "key" in next) {
      // It reads HEAD.
      await v.merge();
      await v.transact((tx) => tx.get(next.key));
      model.use([next.key]);
    } else if ("key" in next) {
      expect((await v.get(next.key))?.length).toBe(model.sizes.get(next.key));
      model.use([next.key]);
    } else if (next.op === "rebase") this.#expectResult(await v.rebase(), model.drop(this.low), true);
    else if (next.op === "maybeRebase") {
      const isOver = model.total > this.high;
      this.#expectResult(await v.maybeRebase(), isOver ? model.drop(this.low) : undefined, isOver);
    } else if (next.op === "reopen") await this.reopen();
    else if (next.op === "merge") await v.merge();
    else for (const name of model.keys) expect(await v.has(name)).toBe(true);
    expect(await sizesOf(this.v)).toEqual(this.contents());
    expect((await this.v.commit()).bytes).toBe(model.total);
  }

  async #snapshot(sizes: readonly (readonly [string, number])[], removals: readonly string[]): Promise<void> {
    const { v, model } = this;
    const before = v.lastRebaseResult;
    const changed = model.change(new Map(sizes), removals);
    await v.snapshot(valuesOf(sizes), { removals });
    model.store();
    if (!changed) {
      expect(v.lastRebaseResult).toBe(before);
      return;
    }
    const dropped = model.total > this.high ? model.drop(this.low) : undefined;
    model.store();
    this.#expectResult(v.lastRebaseResult, dropped, dropped !== undefined);
    if (dropped !== undefined) expect(await v.parents()).toEqual([]);
  }

  #expectResult(result: RebaseResult | undefined, dropped: string[] | undefined, performed: boolean): void {
    expect(result).toMatchObject({
      performed,
      newCommit: performed ? this.v.currentCommit : undefined,
      droppedKeys: dropped ?? [],
      keptKeys: performed ? this.model.keys : [],
      totalSizeAfter: this.model.total,
    });
  }

  contents(): [string, number | undefined][] {
    return this.model.keys.map((name) => [name, this.model.sizes.get(name)]);
  }
}

describe("which keys are dropped", () => {
  it("is what a plain model says, in any process", async () => {
    const limits = fc.record({ high: fc.integer({ min: 1, max: 700 }), part: fc.integer({ min: 1, max: 100 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), limits, async (steps, { high, part }) => {
        const pair = new Pair(high, Math.max(1, Math.floor((high * part) / 100)));
        await pair.reopen();
        for (const each of steps) await pair.run(each);
        await pair.v.merge();
        await collectGarbage(pair.store, { minAge: 0 });
        expect(await sizesOf(await Versioned.open(new ViewOf(pair.store)))).toEqual(pair.contents());
        await pair.reopen();
        await pair.run({ op: "rebase" });
      }),
      propertyOptions({ numRuns: 150 }),
    );
  });
});

/** Runs what a `Versioned` has, too. */
async function runPlain(v: Versioned, next: Step): Promise<void> {
  if ("updates" in next) await v.snapshot(valuesOf(next.updates), { removals: next.removals });
  else if ("keys" in next) await v.getMany(next.keys);
  else if ("key" in next) await v.get(next.key);
  else {
    await v.merge();
    await v.transact((tx) => tx.snapshot({ [next.op]: sized(1) }));
  }
}

describe("a branch of which nothing is dropped", () => {
  it("has the commits that a Versioned has", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const plain = await Versioned.open();
        const small = await GCVersioned.open(new Memory(), { highWaterBytes: 1_000_000 });
        for (const v of [plain, small]) {
          for (const each of steps) await runPlain(v, each);
          await v.merge();
        }
        expect(await small.history().toArray()).toEqual(await plain.history().toArray());
        expect((await small.commit()).root).toBe((await plain.commit()).root);
      }),
      propertyOptions({ numRuns: 60 }),
    );
  });
});
