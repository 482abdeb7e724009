/**
 * The base of a merge whose sides have several lowest common ancestors: those are merged first, two by two in the order of
 * their ids, and over their own bases in turn ("recursive" merge, as in git's merge-ort). No user rule is called: a
 * key that they disagree about is contested. So the result does not depend on the order of the merge's sides.
 */
import { mergeBases } from "../commit/ancestry.ts";
import type { CommitRecord } from "../commit/commit.ts";
import type { Horizon } from "../commit/horizon.ts";
import type { Repository } from "../commit/repository.ts";
import { EMPTY_ROOT, edit } from "../tree/edit.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader, type NodeStore } from "../tree/node-store.ts";
import { withRemovals } from "../tree/removals.ts";
import { NO_RULES } from "./rules.ts";
import { type MergeBase, mergeTrees } from "./three-way.ts";

/** The base for a merge of `a` and `b`: their lowest common ancestor, or a virtual one. */
export function mergeBaseOf(
  repository: Repository,
  a: CommitRecord,
  b: CommitRecord,
  horizon: Horizon,
): Promise<MergeBase> {
  return baseBetween(repository, [a], b, horizon);
}

/** A commit, as the base of a merge. */
export async function commitBase(repository: Repository, commit: CommitRecord): Promise<MergeBase> {
  return { root: await repository.trees.root(commit), contested: new Set() };
}

/** The base between one commit and what several others were merged into. */
async function baseBetween(
  repository: Repository,
  merged: readonly CommitRecord[],
  next: CommitRecord,
  horizon: Horizon,
): Promise<MergeBase> {
  let base: MergeBase = { root: EMPTY_ROOT, contested: new Set() };
  const done: CommitRecord[] = [];
  for (const commit of await mergeBases(repository.commits, merged, next, horizon)) {
    const root = await repository.trees.root(commit);
    base =
      done.length === 0
        ? { ...base, root }
        : await mergeBasesInto(repository.nodes, base, root, await baseBetween(repository, done, commit, horizon));
    done.push(commit);
  }
  return base;
}

/** Merges one more base into the others. Nodes of the result are not stored. */
async function mergeBasesInto(nodes: NodeStore, merged: MergeBase, next: Node, base: MergeBase): Promise<MergeBase> {
  const merge = await mergeTrees(nodes, { base, ours: merged.root, theirs: next, onto: "theirs" }, NO_RULES);
  const contested = new Set([...merged.contested, ...merge.conflicts.map(({ key }) => key)]);
  const root = await edit(new NodeReader(nodes), next, withRemovals(merge.changes, contested));
  return { root, contested };
}
