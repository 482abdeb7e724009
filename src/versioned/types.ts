import type { Info } from "../commit/info.ts";
import type { Conflict } from "../errors.ts";
import type { Awaitable, Keys } from "../kv/store.ts";

/**
 * Decides the value of a key that both sides of a merge changed. Each argument is `undefined` where the key is absent or
 * was removed; returning `undefined` removes the key. What it throws makes the key a conflict.
 *
 * @param old the value in the merge base
 * @param ours this handle's value
 * @param theirs the value of HEAD, or of the merged source
 */
export type MergeFn = (
  old: Uint8Array | undefined,
  ours: Uint8Array | undefined,
  theirs: Uint8Array | undefined,
) => Awaitable<Uint8Array | undefined>;

/** How a key that both sides changed is decided: by a function, or always for one side. */
export type Rule = MergeFn | "ours" | "theirs";

/** Rules by key, or by prefix: a `Map` or a plain object. */
export type Rules = ReadonlyMap<string, Rule> | Readonly<Record<string, Rule>>;

/** Which keys a scan gives, in code-point order. */
export interface KeyRange {
  /** Only keys that begin with this. */
  readonly prefix?: string;
  /** Only keys from this one on. */
  readonly gte?: string;
  /** Only keys after this one. */
  readonly gt?: string;
  /** Only keys before this one. */
  readonly lt?: string;
  /** Only keys up to this one. */
  readonly lte?: string;
  /** From the last key to the first. */
  readonly reverse?: boolean;
  /** At most so many: a whole number from 0 on; all unless given. */
  readonly limit?: number;
}

/** A key whose value differs between two commits. */
export interface Change {
  /** The key. */
  readonly key: string;
  /** `"added"`: only the second commit has it; `"removed"`: only the first; `"modified"`: both, with other values. */
  readonly type: "added" | "removed" | "modified";
  /** The value in the first commit; `undefined` for an added key. */
  readonly old: Uint8Array | undefined;
  /** The value in the second commit; `undefined` for a removed key. */
  readonly new: Uint8Array | undefined;
}

/** The keys that differ between two commits. */
export interface DiffResult {
  /** The keys that only the second commit has. */
  readonly added: ReadonlySet<string>;
  /** The keys that only the first commit has. */
  readonly removed: ReadonlySet<string>;
  /** The keys that both have, with other values. */
  readonly modified: ReadonlySet<string>;
}

/** What is merged from: a branch (also by its bare name), a tag, or a commit id. */
export type Source = string | { readonly branch: string } | { readonly tag: string } | { readonly commit: string };

/** How to open a versioned store. */
export interface OpenOptions {
  /** The branch to work on; `"main"` unless given. 1 to 200 UTF-8 bytes, well-formed, without control characters. */
  readonly branch?: string;
  /** The id of a commit to read and start from, instead of the branch's HEAD. */
  readonly commit?: string;
  /** Whether to create the branch (and the store) if it is not there; `true` unless given. */
  readonly create?: boolean;
}

/** What else a snapshot does. */
export interface SnapshotOptions {
  /** Keys to remove; those that are not there are passed over. */
  readonly removals?: Keys;
  /** What the commit says about itself; even `{}` makes a commit. Up to 1 MiB of JSON. */
  readonly info?: Info;
}

/** How to run a transaction. */
export interface TransactOptions {
  /** The info of the transaction's commit, up to 1 MiB of JSON. */
  readonly info?: Info;
  /** How often the work is run again after a lost race: a whole number from 0 on; 256 unless given. */
  readonly retries?: number;
  /** Stops it between two steps; what is published stays. */
  readonly signal?: AbortSignal;
}

/** Which history to list. */
export interface HistoryOptions {
  /** The id of the commit to begin at; the current one unless given. */
  readonly from?: string;
  /** Every ancestor instead of first parents only; `false` unless given. */
  readonly allParents?: boolean;
  /** At most so many: a whole number from 0 on; all unless given. */
  readonly limit?: number;
}

/** A tag: the commit it names, and what it says about it. */
export interface Tag {
  /** The commit's id. */
  readonly commit: string;
  /** What `createTag` was given; `undefined` if nothing. */
  readonly info: Info | undefined;
}

/** How to merge. */
export interface MergeOptions {
  /** On conflicts and lost races: throw (the default), or give a result whose `merged` is `false`. */
  readonly onConflict?: "throw" | "abandon";
  /** Rules for single keys, before the handle's own. */
  readonly mergeFns?: Rules;
  /** Rules for the keys under prefixes, before the handle's own. `"ours"` and `"theirs"` also decide keys that only one side changed. */
  readonly mergePrefixes?: Rules;
  /** The rule for keys without one, before the handle's own. */
  readonly defaultMerge?: Rule;
  /** The info of the merge commit, up to 1 MiB of JSON; a fast-forward makes none. */
  readonly info?: Info;
  /** How often a lost race is tried again: a whole number from 0 on; 256 unless given. */
  readonly retries?: number;
  /** Gives the result, and moves and stores nothing. */
  readonly dryRun?: boolean;
  /** Stops it between two steps, with the signal's reason: nothing was published, and the handle stays as it was. */
  readonly signal?: AbortSignal;
}

/** How to do a commit's changes again, or undo them. */
export interface ReplayOptions extends Omit<MergeOptions, "retries"> {
  /** The id of the parent against which the commit's changes count; its first one unless given. */
  readonly parent?: string;
}

/** What a merge did. */
export interface MergeResult {
  /** `true` for a no-op too. */
  readonly merged: boolean;
  /** What the handle is at afterwards; `undefined` when not merged. */
  readonly commit: string | undefined;
  /**
   * `"no_op"`: there was nothing to do. `"fast_forward"`: one side held all of the other, and what was behind moved.
   * `"three_way"`: a commit of both.
   */
  readonly strategy: "no_op" | "fast_forward" | "three_way";
  /** Of a three-way merge: our changes that landed, and the keys that a rule decided; in key order. */
  readonly autoMergedKeys: readonly string[];
  /** Those of them that a rule decided. */
  readonly resolvedKeys: readonly string[];
  /** Of a three-way merge: the keys that only the other side changed, taken as they were. */
  readonly carriedKeys: readonly string[];
  /** The conflicts, when the merge was abandoned for them. */
  readonly conflicts: readonly Conflict[];
}
