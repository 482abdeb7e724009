/**
 * A commit: a tree root, parents, info, and what follows from those and makes ancestry cheap.
 *
 * ```
 * kind        1 byte   4
 * root        32 bytes
 * size        varint   keys in the tree
 * bytes       varint   bytes of their values
 * generation  varint   one more than the highest of the parents'; a root commit has 0
 * depth       varint   steps to a root commit along first parents
 * merges      varint   commits with several parents along that way, this one included
 * parents     varint, then 32 bytes each
 * skips       32 bytes each: the first-parent ancestors at the depths that `skipDepths` names
 * info        1 and its JSON, or 0
 * ```
 *
 * The id is the hash of all that. No clock is in it: the same parents, contents and info give the same id everywhere.
 */
import { HASH_BYTES, type Hash, hashOf, readHash, writeHash } from "../chunk/hash.ts";
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";
import { MAX_VALUE_BYTES } from "../tree/slot.ts";
import { checkInfo, decodeInfo, encodeInfo, type Info } from "./info.ts";

/** A commit: its id, what it holds, and what it follows. */
export interface Commit {
  /** Its id: 64 lower-case hexadecimal digits. */
  readonly hash: string;
  /** The ids of its parents, the branch's own first. */
  readonly parents: readonly string[];
  /** What it says about itself; `undefined` if nothing. */
  readonly info: Info | undefined;
  /** The hash of its tree: two commits with equal contents have the same. */
  readonly root: string;
  /** The length of the longest way to a root commit. */
  readonly generation: number;
  /** How many keys it has. */
  readonly size: number;
  /** How many bytes their values have. */
  readonly bytes: number;
}

/** A commit with what ancestry needs. */
export interface CommitRecord extends Commit {
  readonly hash: Hash;
  readonly parents: readonly Hash[];
  readonly root: Hash;
  readonly depth: number;
  readonly merges: number;
  /** In the order of `skipDepths(depth)`. */
  readonly skips: readonly Hash[];
  readonly payload: Uint8Array;
  /** What it changed, if the nodes of its tree are not stored (`tail.ts`). */
  readonly note: Uint8Array | undefined;
}

/** What a new commit is made of. */
export interface CommitParts {
  readonly root: Hash;
  readonly size: number;
  readonly bytes: number;
  readonly parents: readonly CommitRecord[];
  readonly info: Info | undefined;
  /** What the commit changed, if the nodes of its tree are not stored. */
  readonly note?: Uint8Array | undefined;
}

/** The first byte of a commit's payload. */
const COMMIT_KIND = 4;
const MAX_PARENTS = 16;
/** The base of the skip list. */
const RADIX = 4;

/**
 * The depths of the first-parent ancestors, its parent aside, that a commit at `depth` names: the next lower multiple
 * of 4; and at a multiple of 4^j, the multiples of 4^j down to the next lower multiple of 4^(j+1). That is 1.25 on
 * average, and lets two lines of 10,000 commits find where they part in 15 steps at most (all tried; a skip list with
 * one pointer a commit (Myers, "An applicative random-access stack", 1983) needs up to 55).
 */
export function skipDepths(depth: number): number[] {
  if (depth === 0) return [];
  if (depth % RADIX !== 0) return depth % RADIX === 1 ? [] : [below(depth, RADIX)];
  const depths: number[] = [];
  for (let step = RADIX; depth % step === 0; step *= RADIX) {
    const lowest = below(depth, step * RADIX);
    // The highest is the lowest of the step before.
    for (let at = depth - (step === RADIX ? step : 2 * step); at >= lowest; at -= step) depths.push(at);
  }
  return depths;
}

function below(depth: number, step: number): number {
  return Math.floor((depth - 1) / step) * step;
}

/** Makes a commit. `ancestor` finds the first parent's first-parent ancestor at a depth. */
export function makeCommit(parts: CommitParts, ancestor: (depth: number) => Hash): CommitRecord {
  const { root, size, bytes, note } = parts;
  const [first] = parts.parents;
  const info = checkInfo(parts.info);
  const parents = parts.parents.map(({ hash }) => hash);
  const generation = parts.parents.reduce((highest, parent) => Math.max(highest, parent.generation + 1), 0);
  const depth = first === undefined ? 0 : first.depth + 1;
  const merges = (first?.merges ?? 0) + (parents.length > 1 ? 1 : 0);
  const skips = skipDepths(depth).map(ancestor);
  const payload = encode({ parents, info, root, generation, size, bytes, depth, merges, skips });
  const hash = hashOf(payload);
  // Written out: copies of objects take longer than the hash, and all records have one shape.
  return { hash, parents, info, root, generation, size, bytes, depth, merges, skips, payload, note };
}

/** The first-parent ancestors that a commit names, by depth. */
export function namedAncestors(commit: Pick<CommitRecord, "parents" | "depth" | "skips">): Map<number, Hash> {
  const ancestors = new Map<number, Hash>();
  const [parent] = commit.parents;
  if (parent !== undefined) ancestors.set(commit.depth - 1, parent);
  skipDepths(commit.depth).forEach((depth, i) => {
    const hash = commit.skips[i];
    if (hash !== undefined) ancestors.set(depth, hash);
  });
  return ancestors;
}

/** The lowest of them. */
export function lowestNamed(commit: Pick<CommitRecord, "parents" | "depth" | "skips">): Hash | undefined {
  const ancestors = namedAncestors(commit);
  return ancestors.get(Math.min(...ancestors.keys()));
}

/** Those of them at `floor` or above. */
export function namedDownTo(floor: number, commit: Pick<CommitRecord, "parents" | "depth" | "skips">): Hash[] {
  const named = commit.depth > floor ? commit.parents.slice(0, 1) : [];
  const depths = skipDepths(commit.depth);
  for (let i = 0; i < commit.skips.length; i++) {
    const hash = commit.skips[i];
    if (hash !== undefined && (depths[i] ?? 0) >= floor) named.push(hash);
  }
  return named;
}

function encode(commit: Omit<CommitRecord, "hash" | "payload" | "note">): Uint8Array {
  const numbers = [commit.size, commit.bytes, commit.generation, commit.depth, commit.merges, commit.parents.length];
  const hashes = [...commit.parents, ...commit.skips];
  const info = commit.info === undefined ? undefined : encodeInfo(commit.info);
  const length =
    2 +
    HASH_BYTES * (1 + hashes.length) +
    numbers.reduce((sum, number) => sum + varintLength(number), 0) +
    (info?.length ?? 0);
  const payload = new Uint8Array(length);
  payload[0] = COMMIT_KIND;
  writeHash(commit.root, payload, 1);
  let at = 1 + HASH_BYTES;
  for (const number of numbers) at = writeVarint(number, payload, at);
  for (const hash of hashes) {
    writeHash(hash, payload, at);
    at += HASH_BYTES;
  }
  if (info !== undefined) {
    payload[at] = 1;
    payload.set(info, at + 1);
  }
  return payload;
}

/** Reads a commit; a `CorruptionError` for bytes that are none. */
export function decodeCommit(
  hash: Hash,
  { payload, note }: { readonly payload: Uint8Array; readonly note?: Uint8Array | undefined },
): CommitRecord {
  const reader = new ByteReader(payload);
  if (reader.byte() !== COMMIT_KIND) throw new CorruptionError(`Chunk ${hash} is no commit.`, { at: hash });
  const readOne = (): Hash => readHash(payload, reader.skip(HASH_BYTES));
  const root = readOne();
  const size = reader.varint();
  const bytes = reader.varint();
  const generation = reader.varint();
  const depth = reader.varint();
  const merges = reader.varint();
  const count = reader.varint();
  const isRoot = count === 0;
  const isMerge = count > 1;
  if (
    count > MAX_PARENTS ||
    depth > generation ||
    merges > depth ||
    isRoot !== (depth === 0) ||
    isRoot !== (generation === 0) ||
    (isMerge && merges === 0) ||
    bytes > size * MAX_VALUE_BYTES
  ) {
    throw new CorruptionError(`Commit ${hash} contradicts itself.`, { at: hash });
  }
  const parents = Array.from({ length: count }, readOne);
  const skips = skipDepths(depth).map(readOne);
  const flag = reader.byte();
  const rest = reader.take(reader.end - reader.at);
  if (flag > 1 || (flag === 0 && rest.length > 0))
    throw new CorruptionError(`Commit ${hash} is damaged.`, { at: hash });
  const info = flag === 0 ? undefined : decodeInfo(rest);
  return { hash, parents, info, root, generation, size, bytes, depth, merges, skips, payload, note };
}
