/**
 * What a merge of a handle's commit with another comes to: nothing to do, a move, or a merge commit to be stored and
 * published. Nothing is written here.
 */

import { describe } from "../bytes.ts";
import type { Hash } from "../chunk/hash.ts";
import { isAncestor } from "../commit/ancestry.ts";
import type { CommitRecord } from "../commit/commit.ts";
import type { Horizon } from "../commit/horizon.ts";
import { checkInfo } from "../commit/info.ts";
import type { Repository } from "../commit/repository.ts";
import type { Conflict } from "../errors.ts";
import { checkFlag, checkOptions, checkSignal } from "../options.ts";
import type { KeyRules } from "./rules.ts";
import { type MergeBase, mergeTrees } from "./three-way.ts";
import type { MergeOptions, MergeResult } from "./types.ts";
import { commitBase, mergeBaseOf } from "./virtual-base.ts";
import { changedTree, type NewCommit, newCommit } from "./write.ts";

/** How often a lost race is tried again, unless the call says. */
export const DEFAULT_RETRIES = 256;

/** The options of merges, and of doing a commit's changes again. */
const OPTIONS = [
  "onConflict",
  "mergeFns",
  "mergePrefixes",
  "defaultMerge",
  "info",
  "retries",
  "dryRun",
  "signal",
  "parent",
];

/** Checks a merge's options but its rules: `TypeError` or `RangeError` for what is none; throws the reason of a signal that is aborted. */
export function checkMergeOptions(options: MergeOptions): { retries: number } {
  checkOptions(options, "a merge", OPTIONS);
  const { onConflict, retries, info, dryRun, signal } = options;
  if (onConflict !== undefined && onConflict !== "throw" && onConflict !== "abandon") {
    throw new TypeError(`onConflict must be "throw" or "abandon", not ${describe(onConflict)}.`);
  }
  checkFlag(dryRun, "dryRun", false);
  checkInfo(info);
  checkSignal(signal);
  signal?.throwIfAborted();
  return { retries: checkRetries(retries) };
}

/** Checks a number of retries; a `RangeError` for what is no whole number from 0 on. */
export function checkRetries(retries: number | undefined): number {
  if (retries === undefined) return DEFAULT_RETRIES;
  if (!Number.isInteger(retries) || retries < 0) {
    throw new RangeError(`retries must be a whole number from 0 on, not ${String(retries)}.`);
  }
  return retries;
}

/** What merging comes to. */
export type MergePlan =
  /** One side holds all of the other: go to `commit`. */
  | { readonly kind: "move"; readonly commit: CommitRecord; readonly without?: undefined }
  | { readonly kind: "conflict"; readonly conflicts: readonly Conflict[] }
  | {
      readonly kind: "merge";
      readonly made: NewCommit;
      readonly lists: KeyLists;
      /** The base of a replay, which the result does not build on. */
      readonly without?: Hash | undefined;
    };

type KeyLists = Pick<MergeResult, "autoMergedKeys" | "resolvedKeys" | "carriedKeys">;

/** The two sides of a merge, and how it is done. */
export interface MergeSides {
  readonly ours: CommitRecord;
  readonly theirs: CommitRecord;
  readonly rules: KeyRules;
  readonly horizon: Horizon;
  readonly options: MergeOptions;
}

/**
 * Plans a merge of two commits: by their ancestry a move, or a merge commit with `parents`.
 *
 * @throws HistoryCutError if their base may lie where history was cut
 */
export async function planMerge(
  repository: Repository,
  sides: MergeSides,
  parents: readonly CommitRecord[],
): Promise<MergePlan> {
  const { commits } = repository;
  const { ours, theirs, horizon } = sides;
  if (await isAncestor(commits, ours, theirs, horizon)) return { kind: "move", commit: theirs };
  if (await isAncestor(commits, theirs, ours, horizon)) return { kind: "move", commit: ours };
  return planThreeWay(repository, sides, await mergeBaseOf(repository, ours, theirs, horizon), parents);
}

/**
 * Plans a merge into a branch that was rewritten under the handle: what was done since `base` is put on top of HEAD, and
 * nothing of the history before comes back.
 */
export async function planReplay(repository: Repository, sides: MergeSides, base: CommitRecord): Promise<MergePlan> {
  const plan = await planThreeWay(repository, sides, await commitBase(repository, base), [sides.theirs]);
  return plan.kind === "merge" ? { ...plan, without: base.hash } : plan;
}

async function planThreeWay(
  repository: Repository,
  { ours, theirs, rules, options }: MergeSides,
  base: MergeBase,
  parents: readonly CommitRecord[],
): Promise<MergePlan> {
  const { nodes, trees } = repository;
  const [ourRoot, theirRoot] = await trees.roots(ours, theirs);
  const onto = parents[0]?.hash === ours.hash ? "ours" : "theirs";
  const merge = await mergeTrees(nodes, { base, ours: ourRoot, theirs: theirRoot, onto }, rules, options.signal);
  if (merge.conflicts.length > 0) return { kind: "conflict", conflicts: merge.conflicts };
  const tree = await changedTree(nodes, onto === "ours" ? ourRoot : theirRoot, merge.changes);
  const { autoMergedKeys, resolvedKeys, carriedKeys } = merge;
  const isEmpty = parents.length === 1 && tree.root.hash === theirs.root && options.info === undefined;
  if (isEmpty) return { kind: "move", commit: theirs };
  const made = await newCommit(repository, tree, merge.chunks, parents, options.info);
  return { kind: "merge", made, lists: { autoMergedKeys, resolvedKeys, carriedKeys } };
}

/** A merge's result. */
export function mergeResult(
  strategy: MergeResult["strategy"],
  commit: Hash | undefined,
  more: Partial<KeyLists & { conflicts: readonly Conflict[] }> = {},
): MergeResult {
  return {
    merged: commit !== undefined,
    commit,
    strategy,
    autoMergedKeys: [],
    resolvedKeys: [],
    carriedKeys: [],
    conflicts: [],
    ...more,
  };
}
