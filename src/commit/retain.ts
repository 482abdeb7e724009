/**
 * Bounds the history of branches: notes beside a ref before which commits its history ends (`cuts`). What lies beyond is
 * removed by the next collection, unless another ref holds it.
 */
import { describe, equalValues } from "../bytes.ts";
import { type Hash, isHash } from "../chunk/hash.ts";
import { ChunkStore, isMissing, type SoundChunk } from "../chunk/store.ts";
import { BranchNotFoundError, CommitNotFoundError, ConcurrencyError, TagNotFoundError } from "../errors.ts";
import { checkStore, type Keys, type KVStore, keyList } from "../kv/store.ts";
import { checkMilliseconds, checkOptions, checkSignal } from "../options.ts";
import { backOff } from "./backoff.ts";
import type { CommitRecord } from "./commit.ts";
import { CommitStore } from "./commit-store.ts";
import { markFormat } from "./format.ts";
import { Frontier } from "./frontier.ts";
import { Horizon } from "./horizon.ts";
import { checkName } from "./names.ts";
import { ReadAhead } from "./read-ahead.ts";
import { listRefs, makeRef, type Ref, readRef, refKey, refName } from "./ref.ts";

/** How often a cut is tried anew when writers get in between. */
const ATTEMPTS = 256;

/** What to keep: exactly one of `commits`, `since` and `maxAge` must be given. */
export interface RetainOptions {
  /** The names of the branches whose history is cut; all of them, unless branches or tags are given. */
  readonly branches?: Keys;
  /** The names of the tags whose history is cut. */
  readonly tags?: Keys;
  /** Keep the newest commits: the head, and what is at most so many steps, less one, below it; 1 or more. */
  readonly commits?: number;
  /** Keep the commit of this id, and all that is not below it. Where it is not in the history, nothing is cut. */
  readonly since?: string;
  /** Keep the head, and what leads from it to commits that the store first saw at most so many ms ago; 0 or more. */
  readonly maxAge?: number;
  /** Stops it between two refs. */
  readonly signal?: AbortSignal;
}

/** The history of a branch or a tag after a cut. */
export interface Retained {
  /** Whether it is that of a branch or of a tag. */
  readonly kind: "branch" | "tag";
  /** The name of that. */
  readonly name: string;
  /** How many commits it has. */
  readonly commits: number;
  /** Whether this call cut something off. */
  readonly cut: boolean;
}

/**
 * Bounds the history of branches: the newest commits stay, with all their contents and under the same ids, and history
 * ends there. The contents of older commits are removed by the next `collectGarbage` (the last 1,024 at most by a later one, on stores with a `tailLimit`), unless another branch or a tag
 * holds them. Safe beside writers in any process.
 *
 * A merge whose base lies beyond such a cut throws a `HistoryCutError`.
 *
 * @throws BranchNotFoundError, TagNotFoundError, CommitNotFoundError if what is named is not there; nothing is cut
 * @throws TypeError, RangeError, InvalidNameError for options that are none; nothing is cut
 * @throws CorruptionError, FormatVersionError, StorageError if the store cannot be read; those before it are cut
 * @throws ConcurrencyError if writers moved a branch again and again; those before it are cut
 *
 * @example
 * import { collectGarbage, Memory, retainHistory, Versioned } from "vkv";
 *
 * const store = new Memory();
 * await Versioned.open(store);
 * await retainHistory(store, { branches: ["main"], commits: 1000 });
 * await collectGarbage(store);
 */
export async function retainHistory(store: KVStore, options: RetainOptions): Promise<Retained[]> {
  checkStore(store);
  const authority = store.authority;
  const chunks = new DatedChunks(authority);
  const commits = new CommitStore(chunks);
  const policy = await readPolicy(options, commits, chunks);
  const refs = await chosenRefs(authority, options);
  const retained: Retained[] = [];
  for (const [kind, name] of refs) {
    options.signal?.throwIfAborted();
    retained.push(...(await cut(authority, commits, kind, name, policy, options.signal)));
  }
  return retained;
}

/** A commit on the way down from a head. */
interface Visit {
  readonly commit: CommitRecord;
  /** How many steps it is from the head at least. */
  readonly steps: number;
  /** Whether it is below the commit that the policy names. */
  readonly isBelowSince: boolean;
}

/** What to keep. */
interface Policy {
  readonly since: Hash | undefined;
  keeps(visit: Visit): boolean;
}

async function readPolicy(options: RetainOptions, commits: CommitStore, chunks: DatedChunks): Promise<Policy> {
  checkOptions(options, "retainHistory", ["branches", "tags", "commits", "since", "maxAge", "signal"]);
  checkSignal(options.signal);
  const { commits: count, since, maxAge } = options;
  if ([count, since, maxAge].filter((given) => given !== undefined).length !== 1) {
    throw new TypeError("retainHistory needs exactly one of commits, since and maxAge.");
  }
  if (count !== undefined) {
    if (typeof count !== "number") throw new TypeError(`commits must be a number, not ${describe(count)}.`);
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`commits must be a whole number from 1 on, not ${count}.`);
    }
    return { since: undefined, keeps: ({ steps }) => steps < count };
  }
  if (maxAge !== undefined) {
    checkMilliseconds(maxAge, "maxAge");
    const oldest = Date.now() - maxAge;
    return {
      since: undefined,
      keeps: ({ commit, steps }) => steps === 0 || (chunks.createdAt.get(commit.hash) ?? 0) >= oldest,
    };
  }
  if (typeof since !== "string") throw new TypeError(`since must be a commit's id, not ${describe(since)}.`);
  if (!isHash(since) || (await commits.find(since)) === undefined) throw new CommitNotFoundError(since);
  return { since, keeps: ({ isBelowSince }) => !isBelowSince };
}

async function chosenRefs(store: KVStore, options: RetainOptions): Promise<[Retained["kind"], string][]> {
  const chosen: [Retained["kind"], string][] = [
    ...[...new Set(keyList(options.branches ?? []))].map((name): [Retained["kind"], string] => ["branch", name]),
    ...[...new Set(keyList(options.tags ?? []))].map((name): [Retained["kind"], string] => ["tag", name]),
  ];
  for (const [kind, name] of chosen) {
    checkName(name);
    if ((await readRef(store, refKey(kind, name))) !== undefined) continue;
    throw kind === "tag" ? new TagNotFoundError(name) : new BranchNotFoundError(name);
  }
  if (options.branches !== undefined || options.tags !== undefined) return chosen;
  for await (const refs of listRefs(store, "branch")) {
    for (const [key, { head }] of refs) if (head !== undefined) chosen.push(["branch", refName("branch", key)]);
  }
  return chosen;
}

/** Cuts one ref's history; nothing if it is gone meanwhile. */
async function cut(
  store: KVStore,
  commits: CommitStore,
  kind: Retained["kind"],
  name: string,
  policy: Policy,
  signal: AbortSignal | undefined,
): Promise<Retained[]> {
  const key = refKey(kind, name);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await backOff(attempt, signal);
    const ref = await readRef(store, key);
    if (ref === undefined) return [];
    const parts = await divide(store, commits, ref, policy).catch(async (error: unknown) => {
      // The ref may have moved on since it was read, and what it held may have been collected.
      if (!isMissing(error) || equalValues(await store.get(key), ref.stored)) throw error;
    });
    if (parts === undefined) continue;
    const { kept, cuts } = parts;
    const retained = { kind, name, commits: kept };
    if (cuts.join() === ref.cuts.join()) return [{ ...retained, cut: false }];
    await markFormat(store);
    const { stored } = makeRef(ref.head, ref.epoch, cuts, ref.info);
    if (await store.cas(key, stored, ref.stored)) return [{ ...retained, cut: true }];
  }
  throw new ConcurrencyError(`Others moved ${kind} ${JSON.stringify(name)} in each of ${ATTEMPTS} tries. Try again.`, {
    ref: name,
    attempts: ATTEMPTS,
  });
}

/**
 * How many commits of a ref's history a policy keeps, and the parents of those that it does not. Commits are visited by
 * falling generation, so that all ways to one are known when its turn comes.
 */
async function divide(
  store: KVStore,
  commits: CommitStore,
  ref: Ref,
  { since, keeps }: Policy,
): Promise<{ kept: number; cuts: Hash[] }> {
  const head = await commits.load(ref.head);
  const horizon = new Horizon(store, ref.cuts, "these");
  const ahead = new ReadAhead(commits, [head], horizon);
  const open = new Frontier([head]);
  const visits = new Map<Hash, Visit>([[head.hash, { commit: head, steps: 0, isBelowSince: false }]]);
  const kept = new Set<Hash>();
  const named = new Set<Hash>();
  /** How many commits that may be kept are still to be visited. */
  let waiting = 1;
  for (let commit = open.pop(); commit !== undefined && waiting > 0; commit = open.pop()) {
    const visit = visits.get(commit.hash);
    if (visit === undefined) continue;
    visits.delete(commit.hash);
    if (!visit.isBelowSince) waiting--;
    const isKept = keeps(visit);
    if (isKept) {
      kept.add(commit.hash);
      for (const parent of commit.parents) named.add(parent);
    } else if (since === undefined) {
      continue;
    }
    for (const parent of await ahead.parents(commit)) {
      const known = visits.get(parent.hash);
      const steps = Math.min(visit.steps + 1, known?.steps ?? Number.POSITIVE_INFINITY);
      const isBelowSince = visit.isBelowSince || commit.hash === since || (known?.isBelowSince ?? false);
      if (known === undefined) open.add(parent);
      if (known?.isBelowSince === false) waiting--;
      if (!isBelowSince) waiting++;
      visits.set(parent.hash, { commit: parent, steps, isBelowSince });
    }
  }
  return { kept: kept.size, cuts: [...named].filter((hash) => !kept.has(hash)).sort() };
}

/** Notes when the store first saw the chunks that are read. */
class DatedChunks extends ChunkStore {
  readonly createdAt: Map<Hash, number> = new Map();

  override async readSound(...args: Parameters<ChunkStore["readSound"]>): Promise<Map<Hash, SoundChunk>> {
    const found = await super.readSound(...args);
    for (const [hash, { createdAt }] of found) this.createdAt.set(hash, createdAt);
    return found;
  }
}
