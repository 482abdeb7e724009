/** What kind of run a seed gives: who takes part, what they do, and what goes wrong. */
import type { Random } from "./random.ts";

/** What a writer can do; `land` and `rename` are several of the others in a row. */
const ACTIONS = [
  "open",
  "snapshot",
  "merge",
  "mergeFrom",
  "transact",
  "reset",
  "resetTo",
  "createBranch",
  "deleteBranch",
  "checkout",
  "createTag",
  "deleteTag",
  "read",
  "collect",
  "retain",
  "verify",
  "land",
  "rename",
] as const;

/** One of them. */
export type ActionKind = (typeof ACTIONS)[number];

/** How a store answers calls for several keys: the defaults of `KVStore`, one call whose keys take effect one by one, or one call at one moment. */
export type Batches = "defaults" | "one by one" | "at once";

/** How often things go wrong: probabilities of a step. */
export interface Faults {
  /** A call fails, and has no effect. */
  readonly before: number;
  /** A call fails after its effect. */
  readonly after: number;
  /** A call fails, and may have its effect later. */
  readonly late: number;
  /** The process dies; what it had asked for may have its effect later. */
  readonly crash: number;
}

/** The kind of a run. */
export interface Profile {
  readonly name: string;
  readonly writers: number;
  /** How many things a writer does at a time. */
  readonly tasks: number;
  /** Whether those use the same handles. */
  readonly sharing: boolean;
  readonly actions: number;
  readonly collectors: number;
  readonly collections: number;
  /** The ages that collections are asked for, in ms. */
  readonly minAges: readonly number[];
  readonly weights: Readonly<Partial<Record<ActionKind, number>>>;
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  /** The probability that a commit is marked as one of a kind; others come again, with all their chunks. */
  readonly marked: number;
  /** How many values a key can have. */
  readonly values: number;
  /** Whether a counter is kept and its sum is checked: without what makes counting inexact. */
  readonly counts: boolean;
  readonly faults: Faults;
  /** The probability that a process stops for a long time before a step that races are about. */
  readonly sleepy: { readonly writers: number; readonly collectors: number };
  readonly batches: Batches;
  /** Whether reads of chunks may give what was there before. */
  readonly stale: boolean;
  /** Whether the clock may go on by minutes at any time. */
  readonly leaps: boolean;
  /** Whether many keys change at once now and then, so that trees have several levels. */
  readonly wide: boolean;
  /** How long tails of commits may be: each process has one of these, and the one that marks the store decides. */
  readonly tailLimits: readonly number[];
}

/** What each sort of run is about; weights of actions not named are 0. */
const SORTS: Readonly<Record<string, Pick<Profile, "weights"> & Partial<Profile>>> = {
  everything: {
    weights: {
      open: 4,
      snapshot: 20,
      merge: 14,
      mergeFrom: 6,
      transact: 6,
      reset: 3,
      resetTo: 4,
      createBranch: 5,
      deleteBranch: 4,
      checkout: 3,
      createTag: 3,
      deleteTag: 2,
      read: 2,
      collect: 1,
      retain: 1,
      verify: 2,
      land: 2,
      rename: 2,
    },
  },
  // One branch, many writers.
  counting: {
    weights: { open: 2, snapshot: 14, merge: 12, transact: 14, reset: 2, createTag: 1, read: 1 },
    counts: true,
  },
  // Branches come and go, and are merged just before they do.
  branches: {
    weights: {
      open: 2,
      snapshot: 12,
      merge: 10,
      mergeFrom: 14,
      transact: 8,
      createBranch: 12,
      deleteBranch: 6,
      land: 10,
      rename: 10,
      createTag: 4,
      deleteTag: 4,
      verify: 3,
      checkout: 3,
      reset: 2,
    },
    marked: 0.3,
  },
  // Collectors stop between raising one ref and the next, while branches are merged and deleted.
  halfway: {
    weights: { open: 6, snapshot: 14, merge: 12, land: 14, rename: 14, createBranch: 8, deleteBranch: 2, reset: 2 },
    marked: 0.5,
    branches: ["main", "a", "b"],
    writers: 2,
    actions: 20,
    collectors: 1,
    collections: 4,
    minAges: [0],
    sleepy: { writers: 0.01, collectors: 0.3 },
  },
  // Collectors stop for long, and overtake each other.
  zombies: {
    weights: { open: 3, snapshot: 16, merge: 12, reset: 4, resetTo: 8, createBranch: 6, deleteBranch: 8, transact: 3 },
    marked: 0.3,
    collectors: 3,
    collections: 3,
    minAges: [0],
    sleepy: { writers: 0.02, collectors: 0.3 },
  },
  // The same contents are dropped and made again.
  garbage: {
    weights: { open: 2, snapshot: 20, merge: 12, reset: 10, resetTo: 6, transact: 4, createBranch: 3, deleteBranch: 3 },
    marked: 0.05,
    values: 2,
  },
  // Heads go back to commits found by their ids.
  resets: {
    weights: {
      open: 2,
      snapshot: 12,
      merge: 10,
      reset: 4,
      resetTo: 14,
      checkout: 6,
      createBranch: 4,
      deleteBranch: 3,
      mergeFrom: 4,
    },
    marked: 0.3,
  },
  // Histories are cut while they are merged.
  cuts: {
    weights: {
      open: 2,
      snapshot: 8,
      merge: 20,
      mergeFrom: 8,
      transact: 10,
      resetTo: 2,
      createBranch: 4,
      deleteBranch: 1,
      createTag: 3,
      deleteTag: 2,
      checkout: 2,
      read: 2,
      retain: 12,
      verify: 2,
    },
    marked: 0.5,
    branches: ["main", "a"],
    actions: 20,
    collectors: 2,
    collections: 4,
    minAges: [0],
  },
  // Tails of commits end soon, while histories are cut and what was dropped is made again.
  tails: {
    weights: {
      open: 2,
      snapshot: 24,
      merge: 18,
      mergeFrom: 4,
      transact: 6,
      reset: 4,
      resetTo: 4,
      createBranch: 2,
      deleteBranch: 2,
      checkout: 2,
      read: 3,
      retain: 3,
      verify: 2,
    },
    marked: 0.1,
    values: 2,
    actions: 20,
    collectors: 2,
    collections: 4,
    minAges: [0],
    tailLimits: [5],
    wide: true,
  },
};

const NO_FAULTS: Faults = { before: 0, after: 0, late: 0, crash: 0 };

/** Draws the kind of a run: of any sort, or of one. */
export function drawProfile(random: Random, only?: string): Profile {
  const name = only ?? random.pick(Object.keys(SORTS));
  const sort = SORTS[name];
  if (sort === undefined) throw new RangeError(`There is no sort ${name} of runs: ${Object.keys(SORTS).join(", ")}.`);
  const branches = sort.counts ? ["main"] : ["main", "a", "b", "c"].slice(0, 2 + random.below(3));
  return {
    name,
    branches,
    tags: ["t", "u"],
    marked: random.pick([1, 0.5, 0]),
    values: 2 + random.below(3),
    counts: false,
    writers: 1 + random.below(3),
    tasks: random.pick([1, 1, 2]),
    sharing: sort.counts !== true && random.chance(0.5),
    actions: 4 + random.below(12),
    collectors: random.pick([0, 1, 1, 2, 2, 3]),
    collections: 1 + random.below(3),
    minAges: random.pick([[0], [0], [0, 50, 5000]]),
    faults: drawFaults(random),
    sleepy: { writers: random.pick([0, 0.02, 0.1]), collectors: random.pick([0, 0.02, 0.1, 0.3]) },
    batches: random.pick(["defaults", "one by one", "at once", "at once"]),
    stale: random.chance(0.2),
    leaps: random.chance(0.5),
    tailLimits: random.pick([[0], [3], [6], [6], [20], [500], [6, 0]]),
    wide: random.chance(0.3),
    ...sort,
  };
}

function drawFaults(random: Random): Faults {
  if (random.chance(0.5)) return NO_FAULTS;
  const rate = (): number => random.pick([0, 0.003, 0.02]);
  return { before: rate(), after: rate(), late: rate(), crash: random.pick([0, 0.002, 0.01]) };
}
