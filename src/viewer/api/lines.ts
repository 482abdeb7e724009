import { type Commit, CommitNotFoundError, CorruptionError, type Versioned } from "../../index.ts";

/** How many commits of a line are read at once. */
const LINE = 64;

/** Commits by id. Lines of first parents are read in one go, as a graph mostly goes on there. */
export class Lines {
  readonly #v: Versioned;
  readonly #known = new Map<string, Commit>();
  /** The commits whose first parent is no longer kept. */
  readonly #ends = new Set<string>();

  constructor(v: Versioned) {
    this.#v = v;
  }

  /** A commit; `undefined` if it is not kept. */
  async find(id: string): Promise<Commit | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    try {
      const commit = await this.#v.commit(id);
      this.#known.set(id, commit);
      return commit;
    } catch (error) {
      if (error instanceof CommitNotFoundError || (error instanceof CorruptionError && error.isMissing))
        return undefined;
      throw error;
    }
  }

  /** The parents of a commit that are kept. */
  async parentsOf({ hash, parents }: Commit): Promise<Commit[]> {
    const [first, ...others] = parents;
    if (first === undefined) return [];
    if (!this.#known.has(first)) await this.#readLine(hash);
    const kept = this.#ends.has(hash) ? others : parents;
    const found = await Promise.all(kept.map((id) => this.find(id)));
    return found.filter((commit) => commit !== undefined);
  }

  /** Where a line ends before a commit without parents, history was cut. */
  async #readLine(from: string): Promise<void> {
    const ids = await this.#v.history({ from, limit: LINE }).toArray();
    await Promise.all(ids.map((id) => this.find(id)));
    const last = ids.at(-1);
    const isOver = ids.length < LINE && last !== undefined;
    if (isOver && this.#known.get(last)?.parents.length !== 0) this.#ends.add(last);
  }
}
