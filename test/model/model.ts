/**
 * What `Versioned` should do, in the plainest terms: a commit is a full map with its parents and info, a merge goes
 * through all keys, ancestors are sets. Slow, and easy to see to be right.
 */
import assert from "node:assert/strict";
import {
  type Base,
  type Contents,
  equal,
  type Merged,
  type ModelConflict,
  type ModelRule,
  type ModelRules,
  mergeContents,
  NO_RULES,
  replayContents,
  rulesOf,
} from "./contents.ts";
import type { Token } from "./values.ts";

export interface ModelCommit {
  /** The id that the store gave it; `undefined` until it is known. */
  id: string | undefined;
  readonly parents: readonly ModelCommit[];
  readonly contents: Contents;
  /** As JSON. */
  readonly info: string | undefined;
  readonly ancestors: ReadonlySet<ModelCommit>;
}

/** An error that the store should throw, by the name of its class. */
export class Expected extends Error {
  readonly type: string;
  readonly conflicts: readonly ModelConflict[];

  constructor(type: string, conflicts: readonly ModelConflict[] = []) {
    super(type);
    this.type = type;
    this.conflicts = conflicts;
  }
}

export interface ModelMergeOptions extends ModelRules {
  readonly info: string | undefined;
  readonly abandon: boolean;
  readonly dryRun: boolean;
}

export interface ModelMergeResult {
  readonly strategy: "no_op" | "fast_forward" | "three_way";
  /** `undefined`: not merged. */
  readonly commit: ModelCommit | undefined;
  readonly autoMergedKeys: readonly string[];
  readonly resolvedKeys: readonly string[];
  readonly carriedKeys: readonly string[];
  readonly conflicts: readonly ModelConflict[];
}

export interface ModelHandle {
  readonly branch: string;
  current: ModelCommit;
  base: ModelCommit;
  /** HEAD as the handle knew it when it was last at rest with its branch. */
  known: ModelCommit | undefined;
  readonly byKey: Map<string, ModelRule>;
  readonly byPrefix: Map<string, ModelRule>;
  fallback: ModelRule | undefined;
}

/** A store. */
export class Model {
  readonly branches: Map<string, ModelCommit> = new Map();
  readonly tags: Map<string, { commit: ModelCommit; info: string | undefined }> = new Map();
  /** Every commit that was made, in that order. */
  readonly commits: ModelCommit[] = [];
  readonly #byIdentity: Map<string, ModelCommit> = new Map();
  readonly #byId: Map<string, ModelCommit> = new Map();
  readonly root: ModelCommit = this.commit([], new Map(), undefined);

  /** The commit of parents, contents and info: there is only one. */
  commit(parents: readonly ModelCommit[], contents: Contents, info: string | undefined): ModelCommit {
    const sorted = [...contents].sort(([a], [b]) => (a < b ? -1 : 1));
    const identity = JSON.stringify([parents.map(({ id }) => id), sorted, info]);
    const known = this.#byIdentity.get(identity);
    if (known !== undefined) return known;
    const ancestors = new Set<ModelCommit>();
    const made: ModelCommit = { id: undefined, parents, contents, info, ancestors };
    for (const parent of parents) for (const ancestor of parent.ancestors) ancestors.add(ancestor);
    ancestors.add(made);
    this.#byIdentity.set(identity, made);
    return made;
  }

  /** Notes the id that the store gave a commit: each commit has one, and no two commits have the same. */
  bind(commit: ModelCommit, id: string): void {
    if (commit.id === undefined) {
      assert(!this.#byId.has(id), `two commits have the id ${id}`);
      this.#byId.set(id, commit);
      commit.id = id;
      this.commits.push(commit);
    }
    assert.equal(id, commit.id, "the same commit has two ids");
  }

  head(branch: string): ModelCommit {
    const head = this.branches.get(branch);
    if (head === undefined) throw new Expected("BranchNotFoundError");
    return head;
  }

  open(branch: string, commit: ModelCommit | "unknown" | undefined, create: boolean): ModelHandle {
    if (!this.branches.has(branch) && !create) throw new Expected("BranchNotFoundError");
    if (commit === "unknown") throw new Expected("CommitNotFoundError");
    if (!this.branches.has(branch)) this.branches.set(branch, commit ?? this.root);
    return this.handle(branch, commit ?? this.head(branch));
  }

  handle(branch: string, at: ModelCommit): ModelHandle {
    const rules = { byKey: new Map(), byPrefix: new Map(), fallback: undefined };
    return { branch, current: at, base: at, known: this.branches.get(branch), ...rules };
  }

  snapshot(handle: ModelHandle, changes: ReadonlyMap<string, Token>, info: string | undefined): ModelCommit {
    const contents = new Map(handle.current.contents);
    for (const [key, token] of changes) {
      if (token === undefined) contents.delete(key);
      else contents.set(key, token);
    }
    if (info !== undefined || !equal(contents, handle.current.contents)) {
      handle.current = this.commit([handle.current], contents, info);
    }
    return handle.current;
  }

  mergeFrom(handle: ModelHandle, theirs: ModelCommit, options: ModelMergeOptions): ModelMergeResult {
    const ours = handle.current;
    if (theirs === ours) return plain("no_op", ours);
    const result = this.#merge(ours, theirs, lowestBase(ours, theirs), [ours, theirs], handle, options);
    if (result.commit !== undefined && !options.dryRun) handle.current = result.commit;
    return result.commit === ours ? plain("no_op", ours) : result;
  }

  merge(handle: ModelHandle, options: ModelMergeOptions): ModelMergeResult {
    const { current: ours, base } = handle;
    // A handle on a branch that was not there when it was opened has that to create.
    if (ours === base && handle.known !== undefined) return plain("no_op", ours);
    const head = this.branches.get(handle.branch);
    if (head === undefined && handle.known !== undefined) throw new Expected("BranchNotFoundError");
    const result =
      head === undefined || head === base
        ? plain("fast_forward", ours)
        : head.ancestors.has(base)
          ? this.#merge(ours, head, lowestBase(ours, head), [head, ours], handle, options)
          : this.#rebase(ours, head, base, handle, options);
    if (result.commit !== undefined && !options.dryRun) {
      this.branches.set(handle.branch, result.commit);
      settle(handle, result.commit);
    }
    return result;
  }

  #merge(
    ours: ModelCommit,
    theirs: ModelCommit,
    base: Base,
    parents: readonly ModelCommit[],
    handle: ModelRules,
    options: ModelMergeOptions,
  ): ModelMergeResult {
    if (theirs.ancestors.has(ours)) return plain("fast_forward", theirs);
    if (ours.ancestors.has(theirs)) return plain("fast_forward", ours);
    const merged = mergeContents(base, ours.contents, theirs.contents, rulesOf(handle, options));
    if (merged.conflicts.length > 0) return conflicted(merged, options);
    return { strategy: "three_way", ...merged, commit: this.commit(parents, merged.contents, options.info) };
  }

  /** What a commit changed, done again; or undone, with the values from before. */
  replay(
    handle: ModelHandle,
    direction: "cherryPick" | "revert",
    commit: ModelCommit | "unknown",
    parent: ModelCommit | "unknown" | undefined,
    options: ModelMergeOptions,
  ): ModelMergeResult {
    if (commit === "unknown") throw new Expected("CommitNotFoundError");
    if (parent === "unknown" || (parent !== undefined && !commit.parents.includes(parent)))
      throw new Expected("RangeError");
    const ours = handle.current;
    const before = (parent ?? commit.parents[0])?.contents ?? new Map();
    const [from, to] = direction === "cherryPick" ? [before, commit.contents] : [commit.contents, before];
    const merged = replayContents(from, to, ours.contents, rulesOf(handle, options));
    if (merged.conflicts.length > 0) return conflicted(merged, options);
    if (equal(merged.contents, ours.contents)) return plain("no_op", ours);
    const info = direction === "cherryPick" ? (options.info ?? commit.info) : options.info;
    const made = this.commit([ours], merged.contents, info);
    if (!options.dryRun) handle.current = made;
    return { strategy: "three_way", ...merged, commit: made };
  }

  #rebase(
    ours: ModelCommit,
    head: ModelCommit,
    base: ModelCommit,
    handle: ModelRules,
    options: ModelMergeOptions,
  ): ModelMergeResult {
    const from: Base = { contents: base.contents, contested: new Set() };
    const merged = mergeContents(from, ours.contents, head.contents, rulesOf(handle, options));
    if (merged.conflicts.length > 0) return conflicted(merged, options);
    if (options.info === undefined && equal(merged.contents, head.contents)) return plain("fast_forward", head);
    return { strategy: "three_way", ...merged, commit: this.commit([head], merged.contents, options.info) };
  }

  reset(handle: ModelHandle): void {
    settle(handle, this.head(handle.branch));
  }

  resetTo(handle: ModelHandle, commit: ModelCommit | "unknown"): boolean {
    if (commit === "unknown") return false;
    if (this.head(handle.branch) !== handle.known) throw new Expected("ConcurrencyError");
    this.branches.set(handle.branch, commit);
    settle(handle, commit);
    return true;
  }

  /** A transaction of one snapshot. `onSnapshot` gets what the snapshot itself gives. */
  transact(
    handle: ModelHandle,
    changes: ReadonlyMap<string, Token>,
    info: { readonly snapshot: string | undefined; readonly transaction: string | undefined },
    onSnapshot: (commit: ModelCommit) => void,
  ): ModelCommit {
    const transaction = this.handle(handle.branch, this.head(handle.branch));
    let result = this.snapshot(transaction, changes, info.snapshot);
    onSnapshot(result);
    if (result !== transaction.base && info.transaction !== undefined) {
      const parent = info.snapshot === undefined ? transaction.base : result;
      result = this.commit([parent], result.contents, info.transaction);
    }
    this.branches.set(handle.branch, result);
    if (handle.current === handle.base) settle(handle, result);
    return result;
  }

  createBranch(name: string, commit: ModelCommit | "unknown"): ModelHandle {
    if (commit === "unknown") throw new Expected("CommitNotFoundError");
    if (this.branches.has(name)) throw new Expected("BranchExistsError");
    this.branches.set(name, commit);
    return this.handle(name, commit);
  }

  createTag(name: string, commit: ModelCommit | "unknown", info: string | undefined): void {
    if (commit === "unknown") throw new Expected("CommitNotFoundError");
    if (this.tags.has(name)) throw new Expected("TagExistsError");
    this.tags.set(name, { commit, info });
  }
}

function settle(handle: ModelHandle, commit: ModelCommit): void {
  handle.current = commit;
  handle.base = commit;
  handle.known = commit;
}

function plain(strategy: ModelMergeResult["strategy"], commit: ModelCommit | undefined): ModelMergeResult {
  return { strategy, commit, autoMergedKeys: [], resolvedKeys: [], carriedKeys: [], conflicts: [] };
}

function conflicted({ conflicts }: Merged, { abandon }: ModelMergeOptions): ModelMergeResult {
  if (!abandon) throw new Expected("MergeConflict", conflicts);
  return { ...plain("three_way", undefined), conflicts };
}

/** The commits that changed a key: below one that has the value of a parent, only that parent's history counts. */
export function changesOf(key: string, from: ModelCommit): ModelCommit[] {
  const open = [from];
  const seen = new Set(open);
  const changes: ModelCommit[] = [];
  for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
    const value = commit.contents.get(key);
    const same = commit.parents.find((parent) => parent.contents.get(key) === value);
    if (same === undefined && (commit.parents.length > 0 || value !== undefined)) changes.push(commit);
    for (const parent of same === undefined ? commit.parents : [same]) {
      if (!seen.has(parent)) open.push(parent);
      seen.add(parent);
    }
  }
  return changes;
}

/** The lowest common ancestors of `b` and what `as` would be merged into, by their ids. */
export function lowestCommon(as: readonly ModelCommit[], b: ModelCommit): ModelCommit[] {
  const above = new Set(as.flatMap((a) => [...a.ancestors]));
  const common = [...b.ancestors].filter((commit) => above.has(commit));
  const lowest = common.filter((commit) => !common.some((other) => other !== commit && other.ancestors.has(commit)));
  return lowest.sort((x, y) => ((x.id ?? "") < (y.id ?? "") ? -1 : 1));
}

function lowestBase(a: ModelCommit, b: ModelCommit): Base {
  return baseBetween([a], b);
}

/** The lowest common ancestor; several are merged in the order of their ids, over what lies below them in turn. */
function baseBetween(as: readonly ModelCommit[], b: ModelCommit): Base {
  const contested = new Set<string>();
  let contents: Contents = new Map();
  const done: ModelCommit[] = [];
  for (const commit of lowestCommon(as, b)) {
    if (done.length === 0) {
      contents = commit.contents;
    } else {
      const merged = mergeContents(baseBetween(done, commit), contents, commit.contents, NO_RULES);
      for (const { key } of merged.conflicts) contested.add(key);
      contents = new Map([...merged.contents].filter(([key]) => !contested.has(key)));
    }
    done.push(commit);
  }
  return { contents, contested };
}
