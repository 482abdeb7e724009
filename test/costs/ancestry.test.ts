import { beforeAll, describe, expect, it } from "vitest";
import { isAncestor, mergeBases } from "../../src/commit/ancestry.ts";
import type { CommitRecord } from "../../src/commit/commit.ts";
import type { CommitStore } from "../../src/commit/commit-store.ts";
import { Horizon } from "../../src/commit/horizon.ts";
import { Repository } from "../../src/commit/repository.ts";
import { Memory } from "../../src/kv/memory.ts";
import { EMPTY_ROOT } from "../../src/tree/edit.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { newCommit } from "../../src/versioned/write.ts";
import { CountingStore } from "../support/counting-store.ts";
import { buildHistory, FORKS, type Fork, type History } from "./history.ts";

/** Round trips and commits read. */
type Cost = readonly [roundTrips: number, commits: number];

/** What was measured with a cold cache, the commits asked about aside. */
const MEASURED: Readonly<Record<string, { base: Cost; isAncestor: Cost; isNot: Cost; history: Cost; all: Cost }>> = {
  "two long lines from the middle": {
    base: [9, 18],
    isAncestor: [6, 6],
    isNot: [0, 0],
    history: [7, 99],
    all: [10, 397],
  },
  "one long line from the first commit": {
    base: [11, 11],
    isAncestor: [3, 3],
    isNot: [12, 12],
    history: [6, 99],
    all: [9, 274],
  },
  "a fork at the end of a long line": {
    base: [1, 2],
    isAncestor: [0, 0],
    isNot: [1, 1],
    history: [7, 99],
    all: [9, 260],
  },
  "100 merges of other writers since": {
    base: [10, 592],
    isAncestor: [6, 110],
    isNot: [10, 302],
    history: [8, 99],
    all: [8, 241],
  },
  "100 merges, each of a writer one behind": {
    base: [9, 441],
    isAncestor: [3, 27],
    isNot: [9, 202],
    history: [7, 99],
    all: [9, 376],
  },
  "10 merges of lines of 49": {
    base: [16, 910],
    isAncestor: [2, 5],
    isNot: [16, 515],
    history: [6, 99],
    all: [12, 366],
  },
  "a branch that merges main every 10 commits": {
    base: [5, 57],
    isAncestor: [1, 1],
    isNot: [4, 4],
    history: [7, 99],
    all: [10, 375],
  },
  "two branches that merge each other all the time": {
    base: [4, 29],
    isAncestor: [2, 2],
    isNot: [0, 0],
    history: [8, 99],
    all: [8, 321],
  },
};

/** History ends nowhere. */
const OPEN = new Horizon(new Memory());

/** The bound of the design's cost table. */
const MERGE_BASE = 16;

describe.each(Object.entries(FORKS))("%s, of 10,000 commits", (name, build) => {
  let history: History<Fork>;
  beforeAll(async () => {
    history = await buildHistory((add) => build(add, 10_000));
    await Versioned.open(history.store, { commit: history.made.a.hash });
  });

  /** What `ask` costs with a cold cache. */
  async function cost(ask: (commits: CommitStore, fork: Fork) => Promise<unknown>): Promise<Cost> {
    const store = new CountingStore(history.store);
    const { commits } = Repository.of(store);
    const load = (commit: CommitRecord): Promise<CommitRecord> => commits.load(commit.hash);
    const { a, b, base } = history.made;
    const fork = { a: await load(a), b: await load(b), base: await load(base) };
    store.reset();
    await ask(commits, fork);
    return [store.roundTrips, store.count("getMany").items];
  }

  it("finds the merge base, whichever side comes first", async () => {
    const forth = await cost(async (commits, { a, b, base }) =>
      expect(await mergeBases(commits, [a], b, OPEN)).toContain(base),
    );
    const back = await cost(async (commits, { a, b, base }) =>
      expect(await mergeBases(commits, [b], a, OPEN)).toContain(base),
    );
    expect(back).toEqual(forth);
    expect(forth[0]).toBeLessThanOrEqual(MERGE_BASE);
    expect(forth).toEqual(MEASURED[name]?.base);
  });

  it("tells whether one is an ancestor of another", async () => {
    const is = await cost(async (commits, { a, base }) => expect(await isAncestor(commits, base, a, OPEN)).toBe(true));
    const isNot = await cost(async (commits, { a, b }) => expect(await isAncestor(commits, b, a, OPEN)).toBe(false));
    expect(Math.max(is[0], isNot[0])).toBeLessThanOrEqual(MERGE_BASE);
    expect({ is, isNot }).toEqual({ is: MEASURED[name]?.isAncestor, isNot: MEASURED[name]?.isNot });
  });

  it("lists the latest 100 commits", async () => {
    const costs: Cost[] = [];
    for (const allParents of [false, true]) {
      const store = new CountingStore(history.store);
      const v = await Versioned.open(store);
      store.reset();
      expect(await v.history({ allParents, limit: 100 }).toArray()).toHaveLength(100);
      costs.push([store.roundTrips, store.count("getMany").items]);
    }
    expect(costs).toEqual([MEASURED[name]?.history, MEASURED[name]?.all]);
  });
});

describe("a commit on a line of 10,000", () => {
  it("finds the ancestors that it names in 6 round trips at most, and mostly in none", async () => {
    const { store, made } = await buildHistory(async (add) => {
      const all = [await add()];
      for (let i = 0; i < 10_000; i++) all.push(await add(...all.slice(-1)));
      return all;
    });
    const trips = new Map<number, number>();
    for (const parent of [...made.slice(0, 300), ...made.filter((_, i) => i % 64 === 63), ...made.slice(-100)]) {
      const counting = new CountingStore(store);
      const repository = Repository.of(counting);
      const loaded = await repository.commits.load(parent.hash);
      counting.reset();
      await newCommit(repository, { root: EMPTY_ROOT, edits: undefined }, [], [loaded], undefined);
      trips.set(counting.roundTrips, (trips.get(counting.roundTrips) ?? 0) + 1);
    }
    expect(Math.max(...trips.keys())).toBe(6);
  });
});
