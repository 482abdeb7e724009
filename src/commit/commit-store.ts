import type { Hash } from "../chunk/hash.ts";
import { type ChunkStore, missingCommit } from "../chunk/store.ts";
import { CorruptionError } from "../errors.ts";
import { type CommitParts, type CommitRecord, decodeCommit, makeCommit, skipDepths } from "./commit.ts";

/** How many commits stay cached, and how many bytes of them. */
const CACHED = { commits: 50_000, bytes: 64 * 2 ** 20 };

/** The commits of one store, with a bounded cache. */
export class CommitStore {
  readonly #chunks: ChunkStore;
  readonly #cache: Map<Hash, CommitRecord> = new Map();
  #bytes = 0;

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
    const chunk = (await this.#chunks.readSound("commit", [hash])).get(hash);
    return chunk && this.add(decodeCommit(hash, chunk));
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
      for (const [hash, chunk] of await this.#chunks.readSound("commit", [...unknown])) {
        found.set(hash, this.add(decodeCommit(hash, chunk)));
      }
    }
    return found;
  }

  /** Caches a commit. */
  add(commit: CommitRecord): CommitRecord {
    const known = this.#cache.get(commit.hash);
    if (known !== undefined) this.#bytes -= sizeOf(known);
    this.#cache.set(commit.hash, commit);
    this.#bytes += sizeOf(commit);
    if (this.#cache.size > CACHED.commits || this.#bytes > CACHED.bytes) this.#evict();
    return commit;
  }

  #evict(): void {
    for (const oldest of this.#cache.values()) {
      this.#cache.delete(oldest.hash);
      this.#bytes -= sizeOf(oldest);
      if (this.#cache.size <= 0.9 * CACHED.commits && this.#bytes <= 0.9 * CACHED.bytes) return;
    }
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

function sizeOf({ payload, note }: CommitRecord): number {
  return payload.length + (note?.length ?? 0);
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
