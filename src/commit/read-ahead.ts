import type { Hash } from "../chunk/hash.ts";
import { CorruptionError } from "../errors.ts";
import { type CommitRecord, namedAncestors } from "./commit.ts";
import type { CommitStore } from "./commit-store.ts";
import type { Horizon } from "./horizon.ts";

/** How far below a walk its first read ahead reaches, in generations; each one after it reaches so much farther, up to so many times what was walked. */
const AHEAD = { first: 8, growth: 2, most: 8 };

/** A commit that another names, and the highest generation that it can have. */
interface Named {
  readonly hash: Hash;
  readonly generation: number;
}

/**
 * Reads ahead of a walk down the history: whenever it needs a commit that is not cached, everything that the commits
 * read so far name, and that is not too far below, comes with it; farther each time. So the round trips grow with
 * the logarithm of how far the walk goes, and what is read is not much more than what it needs.
 */
export class ReadAhead {
  readonly #commits: CommitStore;
  readonly #horizon: Horizon;
  readonly #highest: number;
  readonly #seen: Set<Hash> = new Set();
  /** What the commits read so far name, as far as that was not read. */
  #named: Named[] = [];
  #reach: number = AHEAD.first;

  constructor(commits: CommitStore, tops: readonly CommitRecord[], horizon: Horizon) {
    this.#commits = commits;
    this.#horizon = horizon;
    this.#highest = tops.reduce((highest, { generation }) => Math.max(highest, generation), 0);
    for (const top of tops) this.#expand(top);
  }

  /**
   * The parents of a commit this side of the horizon. The walk comes from higher generations to lower ones.
   *
   * @param lowest the walk needs nothing below this generation for now
   */
  async parents(commit: CommitRecord, lowest = 0): Promise<CommitRecord[]> {
    const wanted = commit.parents.filter((hash) => !this.#horizon.has(hash));
    if (wanted.some((hash) => this.#commits.cached(hash) === undefined)) await this.#fetch(commit, lowest);
    const found = await this.#commits.findMany(wanted);
    for (const hash of wanted) if (!found.has(hash)) await this.#horizon.note(hash);
    const parents = [...found.values()];
    if (parents.some(({ generation }) => generation >= commit.generation)) throw contradiction(commit.hash);
    return parents;
  }

  async #fetch(commit: CommitRecord, lowest: number): Promise<void> {
    const walked = this.#highest - commit.generation;
    const reach = Math.min(this.#reach, AHEAD.most * (walked + AHEAD.first));
    const floor = Math.max(lowest, commit.generation - reach);
    const wanted = new Set<Hash>();
    const later: Named[] = [];
    this.#expand(commit);
    for (let next = this.#named.pop(); next !== undefined; next = this.#named.pop()) {
      if (this.#horizon.has(next.hash)) continue;
      // Nor is what it names needed now: with all of history cached, that would be all of history each time.
      const isNeeded = next.generation >= floor;
      const known = isNeeded ? this.#commits.cached(next.hash) : undefined;
      if (known !== undefined) {
        this.#expand(known);
        continue;
      }
      later.push(next);
      if (isNeeded) wanted.add(next.hash);
    }
    this.#named = later;
    this.#reach *= AHEAD.growth;
    await this.#commits.findMany([...wanted]);
  }

  #expand(commit: CommitRecord): void {
    if (this.#seen.has(commit.hash)) return;
    this.#seen.add(commit.hash);
    for (const hash of commit.parents) this.#named.push({ hash, generation: commit.generation - 1 });
    for (const [depth, hash] of namedAncestors(commit)) {
      this.#named.push({ hash, generation: commit.generation - (commit.depth - depth) });
    }
  }
}

function contradiction(hash: Hash): CorruptionError {
  return new CorruptionError(`Commit ${hash} does not agree with its parents.`, { at: hash });
}
