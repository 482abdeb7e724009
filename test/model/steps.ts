/** The steps of a model run, as data: numbers that choose among what is there when the step comes. */
import fc from "fast-check";

/** What one snapshot changes: single keys (`undefined`: removed), and a stretch of neighbouring ones. */
export interface Changes {
  readonly single: readonly (readonly [key: number, token: string | undefined])[];
  readonly block: { readonly from: number; readonly count: number; readonly token: string | undefined } | undefined;
}

/** A rule by name; see `RULES`. */
export type RuleName = "ours" | "theirs" | "mix" | "drop" | "fail" | "large";

/** A prefix: so many characters of a key. */
export interface Prefix {
  readonly key: number;
  readonly length: number;
}

export interface MergeArguments {
  readonly rules: readonly (readonly [key: number, rule: RuleName])[];
  readonly prefixes: readonly (readonly [prefix: Prefix, rule: RuleName])[];
  readonly fallback: RuleName | undefined;
  readonly info: number | undefined;
  readonly abandon: boolean;
  readonly dryRun: boolean;
}

interface OnHandle {
  readonly handle: number;
}

export type Step =
  | (OnHandle & { readonly do: "snapshot"; readonly changes: Changes; readonly info: number | undefined })
  | (OnHandle & { readonly do: "merge"; readonly options: MergeArguments })
  | (OnHandle & {
      readonly do: "mergeFrom";
      readonly kind: "branch" | "tag" | "commit" | "bare";
      readonly source: number;
      readonly options: MergeArguments;
    })
  | (OnHandle & {
      readonly do: "replay";
      readonly direction: "cherryPick" | "revert";
      readonly commit: number;
      /** One of its parents; for 0 the commit itself, which is none. */
      readonly parent: number | undefined;
      readonly options: MergeArguments;
    })
  | (OnHandle & {
      readonly do: "transact";
      readonly changes: Changes;
      readonly info: number | undefined;
      readonly inner: number | undefined;
    })
  | (OnHandle & { readonly do: "reset" })
  | (OnHandle & { readonly do: "resetTo"; readonly commit: number })
  | (OnHandle & {
      readonly do: "createBranch";
      readonly name: number;
      readonly at: number | undefined;
      readonly slot: number;
    })
  | (OnHandle & { readonly do: "deleteBranch"; readonly name: number })
  | (OnHandle & {
      readonly do: "checkout";
      readonly commit: number;
      readonly branch: number | undefined;
      readonly slot: number;
    })
  | (OnHandle & {
      readonly do: "createTag";
      readonly name: number;
      readonly at: number | undefined;
      readonly info: number | undefined;
    })
  | (OnHandle & { readonly do: "deleteTag"; readonly name: number })
  | (OnHandle & { readonly do: "setRule"; readonly key: number | undefined; readonly rule: RuleName })
  | (OnHandle & { readonly do: "setPrefixRule"; readonly prefix: Prefix; readonly rule: RuleName })
  | (OnHandle & { readonly do: "read"; readonly keys: readonly number[] })
  | (OnHandle & {
      readonly do: "range";
      readonly low: number | undefined;
      readonly high: number | undefined;
      readonly prefix: number | undefined;
      readonly open: boolean;
      readonly reverse: boolean;
      readonly limit: number | undefined;
    })
  | (OnHandle & {
      readonly do: "diff";
      readonly a: number;
      readonly b: number;
      readonly low: number | undefined;
      readonly reverse: boolean;
      readonly limit: number | undefined;
    })
  | (OnHandle & {
      readonly do: "history";
      readonly from: number | undefined;
      readonly allParents: boolean;
      readonly limit: number | undefined;
    })
  | (OnHandle & { readonly do: "keyHistory"; readonly keys: readonly number[] })
  | (OnHandle & { readonly do: "mergeBase"; readonly a: number; readonly b: number })
  /** Two commits are merged both ways, each is changed, and then the results are merged: over two bases. */
  | (OnHandle & {
      readonly do: "cross";
      readonly a: number;
      readonly b: number;
      readonly slots: readonly [number, number];
      readonly merges: readonly [MergeArguments, MergeArguments, MergeArguments];
      readonly changes: readonly [Changes, Changes];
    })
  | {
      readonly do: "open";
      readonly branch: number;
      readonly commit: number | undefined;
      readonly create: boolean;
      readonly slot: number;
      readonly view: number;
    }
  /** A collector's first two steps: writers must notice, and callers must not. */
  | { readonly do: "raiseEpoch" };

const index = fc.nat({ max: 999 });
/** Something, or nothing: `ratio` times as often something. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, ratio = 1): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 10, arbitrary: fc.constant(undefined) }, { weight: 10 * ratio, arbitrary });
/** Few values, so that sides often agree, and values come back. */
const token = fc.oneof(
  { weight: 30, arbitrary: fc.nat({ max: 5 }).map((n) => `s${n}`) },
  { weight: 4, arbitrary: fc.nat({ max: 2 }).map((n) => `m${n}`) },
  { weight: 2, arbitrary: fc.constant("e") },
  { weight: 1, arbitrary: fc.nat({ max: 1 }).map((n) => `l${n}`) },
);
const change = fc.tuple(index, maybe(token, 4));
const block = fc.record({ from: index, count: fc.integer({ min: 2, max: 80 }), token: maybe(token, 2) });
const changes: fc.Arbitrary<Changes> = fc.record({
  single: fc.array(change, { maxLength: 4 }),
  block: maybe(block, 0.5),
});
const info = maybe(fc.nat({ max: 3 }), 0.3);
const rule = fc.constantFrom<RuleName>("ours", "theirs", "mix", "mix", "mix", "drop", "fail", "large");
const prefix: fc.Arbitrary<Prefix> = fc.record({ key: index, length: fc.constantFrom(0, 1, 1, 2, 2, 7, 9) });
const options: fc.Arbitrary<MergeArguments> = fc.record({
  rules: fc.array(fc.tuple(index, rule), { maxLength: 2 }),
  prefixes: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(prefix, rule), { maxLength: 2 }) },
  ),
  fallback: maybe(rule, 1.5),
  info,
  abandon: fc.boolean(),
  dryRun: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

/** Options with which merges seldom fail. */
const decided = fc
  .tuple(options, fc.constantFrom<RuleName>("ours", "theirs", "mix"))
  .map(([given, fallback]): MergeArguments => ({ ...given, rules: [], prefixes: [], fallback, dryRun: false }));
/** The latest commits. */
const low = fc.nat({ max: 8 });

function step<K extends Step["do"]>(
  weight: number,
  name: K,
  fields: { [F in Exclude<keyof Extract<Step, { do: K }>, "do">]: fc.Arbitrary<Extract<Step, { do: K }>[F]> },
): { weight: number; arbitrary: fc.Arbitrary<Step> } {
  const made = fc.record(fields as Record<string, fc.Arbitrary<unknown>>);
  return { weight, arbitrary: made.map((values) => ({ do: name, ...values }) as unknown as Step) };
}

const handle = index;
const name = fc.nat({ max: 3 });

/** One step; snapshots and merges come most. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  step(24, "snapshot", { handle, changes, info }),
  step(20, "merge", { handle, options }),
  step(8, "mergeFrom", {
    handle,
    kind: fc.constantFrom("branch", "bare", "tag", "commit", "commit"),
    source: index,
    options,
  }),
  step(6, "replay", {
    handle,
    direction: fc.constantFrom("cherryPick", "revert"),
    commit: fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 8 }) }, { weight: 1, arbitrary: index }),
    parent: maybe(fc.nat({ max: 9 }), 0.3),
    options,
  }),
  step(5, "transact", { handle, changes, info, inner: info }),
  step(3, "reset", { handle }),
  step(3, "resetTo", { handle, commit: index }),
  step(4, "createBranch", { handle, name, at: maybe(index), slot: index }),
  step(2, "deleteBranch", { handle, name }),
  step(5, "checkout", { handle, commit: index, branch: maybe(name), slot: index }),
  step(2, "createTag", { handle, name, at: maybe(index), info }),
  step(1, "deleteTag", { handle, name }),
  step(2, "setRule", { handle, key: maybe(index, 3), rule }),
  step(1, "setPrefixRule", { handle, prefix, rule }),
  step(3, "read", { handle, keys: fc.array(index, { maxLength: 5 }) }),
  step(3, "range", {
    handle,
    low: maybe(index),
    high: maybe(index),
    prefix: maybe(index, 0.3),
    open: fc.boolean(),
    reverse: fc.boolean(),
    limit: maybe(fc.nat({ max: 200 }), 0.5),
  }),
  step(4, "diff", {
    handle,
    a: index,
    b: index,
    low: maybe(index, 0.5),
    reverse: fc.boolean(),
    limit: maybe(fc.nat({ max: 20 }), 0.3),
  }),
  step(2, "history", { handle, from: maybe(index), allParents: fc.boolean(), limit: maybe(fc.nat({ max: 20 }), 0.3) }),
  step(3, "keyHistory", { handle, keys: fc.array(index, { minLength: 1, maxLength: 3 }) }),
  step(3, "mergeBase", { handle, a: index, b: index }),
  step(4, "cross", {
    handle,
    a: low,
    b: low,
    slots: fc.tuple(index, index),
    merges: fc.tuple(decided, decided, options),
    changes: fc.tuple(changes, changes),
  }),
  step(4, "open", { branch: name, commit: maybe(index, 0.3), create: fc.boolean(), slot: index, view: index }),
  step(1, "raiseEpoch", {}),
);
