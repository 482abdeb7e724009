import type { Hash } from "../chunk/hash.ts";
import { attempt, type ChunkCheck, isFault, MISSING } from "../tree/chunk-check.ts";
import type { Fault } from "../tree/damage.ts";
import { type CommitRecord, decodeCommit, lowestNamed, namedAncestors } from "./commit.ts";
import { type Tips, walksFrom } from "./tips.ts";

/** How many commits of a walk are handled at once. */
const BATCH = 256;
/** How far down the first-parent lines of a batch a walk reads ahead, all of them together. */
const AHEAD = 1024;
/** How many commits are remembered. */
const CACHED = 8192;

/** What a commit says of itself and of others: all but its info and what it changed, which may be large. */
export interface CommitFacts extends Omit<CommitRecord, "info" | "payload" | "note"> {
  /** Whether its tree is stored. */
  readonly hasTree: boolean;
}

/** A commit that refs hold, or what is wrong with it. */
export interface Visited {
  readonly hash: Hash;
  readonly commit: CommitFacts | Fault;
  /** What is wrong with the commits of the spine below it, where its history was cut. */
  readonly spine: ReadonlyMap<Hash, Fault>;
}

/** Reads commits past all caches but a small one of its own, so that a walk meets most of them in the store once. */
export class CommitReader {
  readonly #chunks: ChunkCheck;
  readonly #cache: Map<Hash, CommitFacts> = new Map();

  constructor(chunks: ChunkCheck) {
    this.#chunks = chunks;
  }

  /** A commit that was read lately. */
  cached(hash: Hash): CommitFacts | undefined {
    return this.#cache.get(hash);
  }

  /** Commits, or what is wrong with them. One round trip at most. */
  async read(hashes: Iterable<Hash>): Promise<Map<Hash, CommitFacts | Fault>> {
    const found = new Map<Hash, CommitFacts | Fault>();
    for (const hash of hashes) found.set(hash, this.#cache.get(hash) ?? MISSING);
    const open = [...found].filter(([, commit]) => commit === MISSING).map(([hash]) => hash);
    for (const [hash, chunk] of await this.#chunks.read("commit", new Set(open))) {
      const commit = isFault(chunk) ? chunk : attempt("wrong", () => factsOf(decodeCommit(hash, chunk)));
      found.set(hash, commit);
      if (!isFault(commit)) this.#remember(commit);
    }
    return found;
  }

  #remember(commit: CommitFacts): void {
    this.#cache.set(commit.hash, commit);
    if (this.#cache.size <= CACHED) return;
    for (const oldest of this.#cache.keys()) {
      this.#cache.delete(oldest);
      if (this.#cache.size <= 0.9 * CACHED) return;
    }
  }
}

function factsOf(record: CommitRecord): CommitFacts {
  const { info: _info, payload: _payload, note, ...facts } = record;
  return { ...facts, hasTree: note === undefined };
}

/**
 * Every commit that tips hold with its tree, in batches: once, or once for each group of tips whose history ends elsewhere,
 * if no tip whose history is whole holds it. What is missing or damaged does not stop the walk.
 */
export async function* visitHeld(reader: CommitReader, tips: Tips): AsyncGenerator<Visited[], void> {
  for (const { cuts, open, find } of walksFrom(tips)) {
    let batch: [Hash, CommitFacts | Fault][] = [];
    while (open.length > 0) {
      const commits = await readAhead(reader, open.splice(-BATCH));
      for (const commit of commits.values()) if (!isFault(commit)) commit.parents.forEach(find);
      batch.push(...commits);
      if (batch.length < BATCH && open.length > 0) continue;
      yield visited(batch, await spinesBelow(reader, batch, cuts));
      batch = [];
    }
  }
}

function visited(
  batch: readonly [Hash, CommitFacts | Fault][],
  spines: ReadonlyMap<Hash, ReadonlyMap<Hash, Fault>>,
): Visited[] {
  return batch.map(([hash, commit]) => ({ hash, commit, spine: spines.get(hash) ?? new Map() }));
}

/** Reads commits; where the next ones are not at hand, also what the line below them names, so that a long line takes few round trips. */
async function readAhead(reader: CommitReader, hashes: readonly Hash[]): Promise<Map<Hash, CommitFacts | Fault>> {
  const commits = await reader.read(hashes);
  const sound: CommitFacts[] = [];
  for (const commit of commits.values()) if (!isFault(commit)) sound.push(commit);
  if (sound.every(({ parents }) => parents.every((parent) => reader.cached(parent)))) return commits;
  const reach = Math.ceil(AHEAD / sound.length);
  let open = sound.map((commit) => ({ commit, floor: commit.depth - reach }));
  while (open.length > 0) {
    const next = new Map<Hash, number>();
    for (const { commit, floor } of open) {
      for (const [depth, hash] of namedAncestors(commit)) {
        if (depth >= floor && reader.cached(hash) === undefined) next.set(hash, floor);
      }
    }
    const read = await reader.read(next.keys());
    open = [];
    for (const [hash, floor] of next) {
      const commit = read.get(hash);
      if (commit !== undefined && !isFault(commit)) open.push({ commit, floor });
    }
  }
  return commits;
}

/** What is wrong with the spines (see `closure.ts`) below those commits whose first parent lies beyond the cuts. */
async function spinesBelow(
  reader: CommitReader,
  batch: readonly [Hash, CommitFacts | Fault][],
  cuts: ReadonlySet<Hash>,
): Promise<Map<Hash, Map<Hash, Fault>>> {
  const faults = new Map<Hash, Map<Hash, Fault>>();
  const spines: { of: Hash; commit: CommitFacts }[] = [];
  for (const [of, commit] of batch) {
    if (!isFault(commit) && commit.parents[0] !== undefined && cuts.has(commit.parents[0])) spines.push({ of, commit });
  }
  for (let open = spines; open.length > 0; ) {
    const next = open.flatMap(({ of, commit }) => {
      const hash = lowestNamed(commit);
      return hash === undefined ? [] : [{ of, hash }];
    });
    const read = await reader.read(next.map(({ hash }) => hash));
    open = [];
    for (const { of, hash } of next) {
      const commit = read.get(hash) ?? MISSING;
      if (isFault(commit)) faults.set(of, (faults.get(of) ?? new Map<Hash, Fault>()).set(hash, commit));
      else open.push({ of, commit });
    }
  }
  return faults;
}
