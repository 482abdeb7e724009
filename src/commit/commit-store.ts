import type { Hash } from "../chunk/hash.ts";
import { type ChunkStore, missingCommit } from "../chunk/store.ts";
import { CorruptionError } from "../errors.ts";
import { type CommitParts, type CommitRecord, decodeCommit, makeCommit, skipDepths } from "./commit.ts";

/** How many commits stay cached. */
const CACHED = 50_000;

/** The commits of one store, with a bounded cache. */
export class CommitStore {
  readonly #chunks: ChunkStore;
  readonly #cache: Map<Hash, CommitRecord> = new Map();

  constructor(chunks: ChunkStore) {
    this.#chunks = chunks;
  }

  /** A cached commit. */
  cached(hash: Hash): CommitRecord | undefined {
    return this.#cache.get(hash);
  }

  /** A commit; `undefined` if the store has none of that id. */
  async find(hash: Hash): Promise<CommitRecord | undefined> {
    const cached = this.#cache.get(hash);
    if (cached !== undefined) return cached;
    const payload = (await this.#chunks.read("commit", [hash])).get(hash);
    return payload && this.add(decodeCommit(hash, payload));
  }

  /** A commit that something else refers to: a `CorruptionError` if it is missing. */
  async load(hash: Hash): Promise<CommitRecord> {
    const commit = await this.find(hash);
    if (commit === undefined) throw missingCommit(hash);
    return commit;
  }

  /** Commits that others refer to, in one round trip at most: a `CorruptionError` if one is missing. */
  async loadMany(hashes: readonly Hash[]): Promise<CommitRecord[]> {
    const found = await this.findMany(hashes);
    return hashes.map((hash) => {
      const commit = found.get(hash);
      if (commit === undefined) throw missingCommit(hash);
      return commit;
    });
  }

  /** Those of some commits that are there, in one round trip at most. */
  async findMany(hashes: readonly Hash[]): Promise<Map<Hash, CommitRecord>> {
    const found = new Map<Hash, CommitRecord>();
    const unknown = new Set<Hash>();
    for (const hash of hashes) {
      const cached = this.#cache.get(hash);
      if (cached === undefined) unknown.add(hash);
      else found.set(hash, cached);
    }
    if (unknown.size > 0) {
      for (const [hash, payload] of await this.#chunks.read("commit", [...unknown])) {
        found.set(hash, this.add(decodeCommit(hash, payload)));
      }
    }
    return found;
  }

  /** Caches a commit. */
  add(commit: CommitRecord): CommitRecord {
    this.#cache.set(commit.hash, commit);
    if (this.#cache.size > CACHED) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest);
        if (this.#cache.size <= 0.9 * CACHED) break;
      }
    }
    return commit;
  }

  /** Makes a commit on its parents; nothing is stored. */
  async make(parts: CommitParts): Promise<CommitRecord> {
    const [first] = parts.parents;
    const ancestors = new Map<number, Hash>();
    if (first !== undefined) {
      for (const depth of skipDepths(first.depth + 1)) ancestors.set(depth, await this.ancestorAt(first, depth));
    }
    return makeCommit(parts, (depth) => {
      const ancestor = ancestors.get(depth);
      if (ancestor === undefined) throw new RangeError(`There is no ancestor at depth ${depth}.`);
      return ancestor;
    });
  }

  /** The id of a commit's first-parent ancestor at `depth`, or of the commit itself. A `CorruptionError` if a commit on the way is missing. */
  async ancestorAt(from: CommitRecord, depth: number): Promise<Hash> {
    const found = await this.findAncestorAt(from, depth);
    if (found !== undefined) return found;
    throw new CorruptionError(`A commit below ${from.hash} is missing.`, { at: from.hash, isMissing: true });
  }

  /** The same; `undefined` if a commit on the way is missing. */
  async findAncestorAt(from: CommitRecord, depth: number): Promise<Hash | undefined> {
    let commit: CommitRecord | undefined = from;
    while (commit !== undefined && commit.depth > depth) {
      const next: { hash: Hash; depth: number } = lowestFrom(commit, depth);
      if (next.depth === depth) return next.hash;
      commit = await this.find(next.hash);
    }
    return commit?.hash;
  }
}

/** Of the first-parent ancestors that a commit names, the lowest one at `depth` or above. */
function lowestFrom(commit: CommitRecord, depth: number): { hash: Hash; depth: number } {
  const [parent] = commit.parents;
  let lowest = { hash: parent ?? commit.hash, depth: commit.depth - 1 };
  skipDepths(commit.depth).forEach((at, i) => {
    const hash = commit.skips[i];
    if (hash !== undefined && at >= depth && at < lowest.depth) lowest = { hash, depth: at };
  });
  return lowest;
}
