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
  #open: Frontier;
  #found: Set<Hash>;
  /** The highest generation at which a way was cut. */
  #cutAt = -1;
  /** Ends when the walk stands still: one question at a time. */
  #last: Promise<unknown> | undefined;

  constructor(commits: CommitStore, heads: readonly CommitRecord[], horizon: Horizon) {
    this.#horizon = horizon;
    this.#ahead = new ReadAhead(commits, heads, horizon);
    this.#open = new Frontier(heads);
    this.#found = new Set(heads.map(({ hash }) => hash));
  }

  /** How many commits the walk has come to. */
  get size(): number {
    return this.#found.size;
  }

  /**
   * Goes on from where another walk has come to, that of a head which this one has found; that other one must not be used
   * any more. Costs what this walk has come to. Both must see the whole history.
   */
  adopt(below: Descent): void {
    for (let commit = this.#open.pop(); commit !== undefined; commit = this.#open.pop()) {
      if (!below.#found.has(commit.hash)) below.#open.add(commit);
    }
    for (const hash of this.#found) below.#found.add(hash);
    this.#open = below.#open;
    this.#found = below.#found;
    // A question that was given up there may not have ended yet.
    this.#last = below.#last;
  }

  /** Whether the walk comes to a commit. `undefined`: that lies beyond the horizon. What it answers after the search is over means nothing. */
  reaches(target: CommitRecord, search: Search): Promise<boolean | undefined> {
    const go = (): Promise<boolean | undefined> => this.#reaches(target, search);
    const answer = this.#last === undefined ? go() : this.#last.then(go);
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #reaches(target: CommitRecord, search: Search): Promise<boolean | undefined> {
    const open = this.#open;
    while (!search.over && open.highest > target.generation) {
      const commit = open.pop();
      if (commit === undefined) break;
      try {
        this.#enter(commit, await this.#ahead.parents(commit, target.generation));
      } catch (error) {
        // The next question comes to it again.
        open.add(commit);
        throw error;
      }
    }
    if (this.#found.has(target.hash)) return true;
    return this.#cutAt > target.generation ? undefined : false;
  }

  #enter(commit: CommitRecord, parents: readonly CommitRecord[]): void {
    for (const parent of parents) {
      if (this.#found.has(parent.hash)) continue;
      this.#found.add(parent.hash);
      this.#open.add(parent);
    }
    if (this.#cutAt < 0 && isCut(commit, this.#horizon)) this.#cutAt = commit.generation;
  }
}

/** Whether history goes on below a commit, and beyond the horizon. */
export function isCut(commit: CommitRecord, horizon: Horizon): boolean {
  return commit.parents.some((hash) => horizon.has(hash));
}
