import type { Hash } from "../chunk/hash.ts";
import type { CommitRecord } from "./commit.ts";
import type { CommitStore } from "./commit-store.ts";
import { Frontier } from "./frontier.ts";
import type { Horizon } from "./horizon.ts";
import { ReadAhead } from "./read-ahead.ts";

/** Whether a search is still needed. */
export interface Search {
  over: boolean;
}

/**
 * A walk down from some commits, the highest generation first, as far as it was asked for: each question goes on where the
 * last one ended, so that many of them cost one walk.
 */
export class Descent {
  readonly #horizon: Horizon;
  readonly #ahead: ReadAhead;
  readonly #open: Frontier;
  readonly #found: Set<Hash>;
  /** The highest generation at which a way was cut. */
  #cutAt = -1;
  #last: Promise<unknown> = Promise.resolve();

  constructor(commits: CommitStore, heads: readonly CommitRecord[], horizon: Horizon) {
    this.#horizon = horizon;
    this.#ahead = new ReadAhead(commits, heads, horizon);
    this.#open = new Frontier(heads);
    this.#found = new Set(heads.map(({ hash }) => hash));
  }

  /** Whether the walk comes to a commit. `undefined`: that lies beyond the horizon. What it answers after the search is over means nothing. */
  reaches(target: CommitRecord, search: Search): Promise<boolean | undefined> {
    const answer = this.#last.then(() => this.#reaches(target, search));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #reaches(target: CommitRecord, search: Search): Promise<boolean | undefined> {
    while (!search.over && this.#open.highest > target.generation) {
      const commit = this.#open.pop();
      if (commit !== undefined) await this.#enter(commit, target.generation);
    }
    if (this.#found.has(target.hash)) return true;
    return this.#cutAt > target.generation ? undefined : false;
  }

  async #enter(commit: CommitRecord, lowest: number): Promise<void> {
    try {
      for (const parent of await this.#ahead.parents(commit, lowest)) {
        if (this.#found.has(parent.hash)) continue;
        this.#found.add(parent.hash);
        this.#open.add(parent);
      }
    } catch (error) {
      // The next question comes to it again.
      this.#open.add(commit);
      throw error;
    }
    if (this.#cutAt < 0 && isCut(commit, this.#horizon)) this.#cutAt = commit.generation;
  }
}

/** Whether history goes on below a commit, and beyond the horizon. */
export function isCut(commit: CommitRecord, horizon: Horizon): boolean {
  return commit.parents.some((hash) => horizon.has(hash));
}
