import type { CommitRecord } from "./commit.ts";
import type { CommitStore } from "./commit-store.ts";
import { Descent, type Search } from "./descent.ts";
import type { Horizon } from "./horizon.ts";

/** How many walks are kept. */
const KEPT = 4;
/** How many commits a walk has come to that is worth keeping: fewer are soon walked again. */
const LEAST = 64;
/** How many commits a walk that is kept has come to at most: each takes about 100 bytes. */
const MOST = 50_000;

interface Kept {
  readonly head: CommitRecord;
  readonly descent: Descent;
}

/**
 * Walks down the whole history of a head, kept from one question to the next: a later head on the same history goes down to
 * the earlier one only. So a branch that merges another one again and again, which is far behind it, walks its history once.
 * What a walk has come to stays true: history never changes.
 */
export class Walks {
  readonly #commits: CommitStore;
  readonly #least: number;
  /** The last one kept comes last. */
  #kept: readonly Kept[] = [];

  private constructor(commits: CommitStore, least: number) {
    this.#commits = commits;
    this.#least = least;
  }

  /**
   * The walks over some commits.
   *
   * @param least how many commits a walk must have come to, to be kept
   */
  static of(commits: CommitStore, least: number = LEAST): Walks {
    const known = walks.get(commits);
    if (known !== undefined) return known;
    const made = new Walks(commits, least);
    walks.set(commits, made);
    return made;
  }

  /**
   * A walk down from a head, for the caller alone until it is kept.
   *
   * @param lowest the generation down to which it is wanted
   */
  async take(head: CommitRecord, lowest: number, horizon: Horizon, search: Search): Promise<Descent> {
    const descent = new Descent(this.#commits, [head], horizon);
    if (!horizon.isOpen) return descent;
    const below = this.#kept.filter((kept) => kept.head.generation > lowest);
    for (const kept of below.sort((a, b) => b.head.generation - a.head.generation)) {
      if (kept.head.generation > head.generation) continue;
      if ((await descent.reaches(kept.head, search)) !== true || !this.#remove(kept)) continue;
      descent.adopt(kept.descent);
      break;
    }
    return descent;
  }

  /** The walk that was kept of a head, if there is one, for the caller alone until it is kept again. */
  takeKept(head: CommitRecord, horizon: Horizon): Descent | undefined {
    const kept = horizon.isOpen ? this.#kept.find((each) => each.head.hash === head.hash) : undefined;
    if (kept === undefined || !this.#remove(kept)) return undefined;
    const descent = new Descent(this.#commits, [head], horizon);
    descent.adopt(kept.descent);
    return descent;
  }

  /** Keeps a walk that its caller needs no more, if that is worth it. Only of a head whose history is whole. */
  keep(head: CommitRecord, descent: Descent): void {
    if (descent.size < this.#least || descent.size > MOST) return;
    const others = this.#kept.filter((kept) => kept.head.hash !== head.hash);
    this.#kept = [...others.slice(1 - KEPT), { head, descent }];
  }

  #remove(kept: Kept): boolean {
    const others = this.#kept.filter((each) => each !== kept);
    const isThere = others.length < this.#kept.length;
    this.#kept = others;
    return isThere;
  }
}

const walks: WeakMap<CommitStore, Walks> = new WeakMap();
