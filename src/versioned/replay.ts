/** Doing again, or undoing, on one commit what another one did. Nothing is written here. */
import { describe } from "../bytes.ts";
import { isHash } from "../chunk/hash.ts";
import { isMissing } from "../chunk/store.ts";
import type { CommitRecord } from "../commit/commit.ts";
import type { Horizon } from "../commit/horizon.ts";
import type { Repository } from "../commit/repository.ts";
import { HistoryCutError } from "../errors.ts";
import { EMPTY_ROOT } from "../tree/edit.ts";
import type { MergePlan } from "./merging.ts";
import type { KeyRules } from "./rules.ts";
import { applyChanges } from "./three-way.ts";
import type { ReplayOptions } from "./types.ts";
import { changedTree, newCommit } from "./write.ts";

/** What happened from one commit to another, which is to happen to a third one; `undefined` is a commit without keys. */
export interface Step {
  readonly from: CommitRecord | undefined;
  readonly to: CommitRecord | undefined;
  readonly onto: CommitRecord;
}

/**
 * The parent that counts when a commit's changes are asked for; `undefined` if it has none.
 *
 * @throws RangeError if the given one is no parent of the commit
 * @throws HistoryCutError if it lies beyond a cut
 */
export async function countingParent(
  { commits, trees }: Repository,
  commit: CommitRecord,
  horizon: Horizon,
  { parent }: ReplayOptions,
): Promise<CommitRecord | undefined> {
  if (parent !== undefined && typeof parent !== "string") {
    throw new TypeError(`parent must be the id of a parent of the commit, not ${describe(parent)}.`);
  }
  if (parent !== undefined && !(isHash(parent) && commit.parents.includes(parent))) {
    const parents = commit.parents.join(", ") || "(none)";
    throw new RangeError(
      `${JSON.stringify(parent)} is no parent of commit ${commit.hash}. Its parents are ${parents}.`,
    );
  }
  const [first] = parent === undefined ? commit.parents : commit.parents.filter((hash) => hash === parent);
  if (first === undefined) return undefined;
  try {
    if (!horizon.has(first)) {
      const found = await commits.load(first);
      // Of a commit below a cut, the contents may be gone.
      await trees.root(found);
      return found;
    }
  } catch (error) {
    if (!isMissing(error) || !(await horizon.isBeyond([first]))) throw error;
  }
  throw new HistoryCutError(
    `The history was cut below commit ${commit.hash}, so that it is not known what it changed.`,
  );
}

/** Plans a commit that does a step again. */
export async function planStep(
  repository: Repository,
  { from, to, onto }: Step,
  rules: KeyRules,
  options: ReplayOptions,
): Promise<MergePlan> {
  const { nodes, trees } = repository;
  const load = (commit: CommitRecord | undefined): Promise<typeof EMPTY_ROOT> =>
    commit === undefined ? Promise.resolve(EMPTY_ROOT) : trees.root(commit);
  const [before, after, current] = await Promise.all([load(from), load(to), load(onto)]);
  const merge = await applyChanges(nodes, { from: before, to: after, onto: current }, rules, options.signal);
  if (merge.conflicts.length > 0) return { kind: "conflict", conflicts: merge.conflicts };
  const tree = await changedTree(nodes, current, merge.changes);
  if (tree.root.hash === onto.root) return { kind: "move", commit: onto };
  const made = await newCommit(repository, tree, merge.chunks, [onto], options.info);
  const { autoMergedKeys, resolvedKeys, carriedKeys } = merge;
  return { kind: "merge", made, lists: { autoMergedKeys, resolvedKeys, carriedKeys } };
}
