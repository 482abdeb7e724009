import type { Hash } from "../chunk/hash.ts";
import { chunkKey } from "../chunk/key.ts";
import type { Damage, Fault, KeySpan } from "../tree/damage.ts";
import type { Reach } from "./reach.ts";
import type { RefKind } from "./ref.ts";

/** Something that is wrong in a store. */
export interface Problem {
  /**
   * `"missing"`: a commit, or a part of a tree or of a value, is not there. `"damaged"`: it is there, and not what it
   * should be. `"ref"`: a branch or a tag cannot be read, or leads nowhere. `"record"`: the store's format mark or its
   * collection epoch. `"foreign"`: a key that vkv never writes.
   */
  readonly kind: "missing" | "damaged" | "ref" | "record" | "foreign";
  /** The key of the store. */
  readonly key: string;
  /** What is wrong, and what can be done about it. */
  readonly message: string;
  /** The branches that lead there, by their latest contents or by their history. */
  readonly branches: readonly string[];
  /** The tags that do. */
  readonly tags: readonly string[];
  /** Those of them whose own contents, those of their head, need it. Of the others only older commits do. */
  readonly current: { readonly branches: readonly string[]; readonly tags: readonly string[] };
  /** The commits that need it: how many, and the ids of the newest few. */
  readonly commits: { readonly count: number; readonly newest: readonly string[] };
  /**
   * Where the user keys are that cannot be read in those commits: after `gt` or from `gte` on, up to `lte`; without
   * bounds, anywhere. Not given where no keys are concerned.
   */
  readonly keys?: KeySpan;
}

/** A ref that leads to a commit, as it was found. */
export interface FoundRef {
  /** The key of the store. */
  readonly key: string;
  readonly kind: RefKind;
  readonly name: string;
  readonly head: Hash;
  readonly cuts: readonly Hash[];
}

const NOWHERE: Pick<Problem, "branches" | "tags" | "current" | "commits"> = {
  branches: [],
  tags: [],
  current: { branches: [], tags: [] },
  commits: { count: 0, newest: [] },
};

/** A damaged record of the store. */
export function recordProblem(key: string, message: string): Problem {
  return { kind: "record", key, message, ...NOWHERE };
}

/** A key that is not one of vkv's. */
export function foreignProblem(key: string, isAmongRefs: boolean): Problem {
  const message = isAmongRefs
    ? "No branch and no tag has such a name. It may keep branches from being listed and garbage from being collected: remove it."
    : "No version of vkv writes such a key. It does no harm, but something else writes into the store: remove it if nothing needs it.";
  return { kind: "foreign", key, message, ...NOWHERE };
}

/** A ref that cannot be read or leads nowhere. */
export function refProblem({ key, kind, name }: Omit<FoundRef, "head" | "cuts">, why: string): Problem {
  const names = { branches: kind === "branch" ? [name] : [], tags: kind === "tag" ? [name] : [] };
  const cure =
    kind === "usage"
      ? `It only says when the keys of branch ${JSON.stringify(name)} were last used: remove it.`
      : `Restore it from a backup while nothing writes, or delete the ${kind}.`;
  const message = `The ${kind === "usage" ? "record" : kind} ${JSON.stringify(name)} ${why}. ${cure}`;
  return { kind: "ref", key, message, ...NOWHERE, ...names, current: names, keys: {} };
}

/** A damaged chunk. */
export function chunkProblem(damage: Damage, { sources, current, commits }: Reach<FoundRef>): Problem {
  const { kind, hash, what, keys = {} } = damage;
  const names = namesOf(sources);
  const isUsage = names.branches.length === 0 && names.tags.length === 0;
  const cure = isUsage ? cureOfUsage(sources) : CURES[what];
  return {
    kind: what === "missing" ? "missing" : "damaged",
    key: chunkKey(kind, hash),
    message: `${kind === "commit" ? "Commit" : "Chunk"} ${hash}: ${damage.why}. ${cure}`,
    ...names,
    current: namesOf(current),
    commits,
    keys,
  };
}

const RESTORE = "Copy this key from a backup or another copy of the store while nothing writes.";
const CURES: Record<Fault["what"], string> = {
  missing: RESTORE,
  changed: RESTORE,
  wrong: "Its bytes are those that its name says, so no copy of it will be better. Whatever made it was at fault.",
};

function cureOfUsage(sources: readonly FoundRef[]): string {
  const keys = sources.map(({ key }) => JSON.stringify(key)).join(", ");
  return `Only the record of when keys were last used needs it: remove ${keys}.`;
}

function namesOf(refs: readonly FoundRef[]): { branches: string[]; tags: string[] } {
  const of = (kind: RefKind): string[] => refs.filter((ref) => ref.kind === kind).map(({ name }) => name);
  return { branches: of("branch").sort(), tags: of("tag").sort() };
}
