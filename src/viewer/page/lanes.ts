/** Where the lines of a commit graph run: one column ("lane") for each line that is open, from the top down. */

/** A commit whose parents come after it. */
export interface Node {
  readonly id: string;
  readonly parents: readonly string[];
}

/** What one row of the graph shows. Lines are drawn from the upper edge to the dot, from the dot to the lower edge, or through. */
export interface LaneRow {
  /** The lane of the commit's dot. */
  readonly lane: number;
  /** The lanes that end at the dot. */
  readonly above: readonly number[];
  /** The lanes that begin or go on at the dot. */
  readonly below: readonly number[];
  /** The lanes that pass. */
  readonly passing: readonly number[];
}

/** Gives lanes to commits, one after another; rows that were given do not change when more come. */
export class Lanes {
  /** What each lane leads to; `undefined`: it is free. */
  readonly #open: (string | undefined)[] = [];

  /** The row of the next commit. */
  add({ id, parents }: Node): LaneRow {
    const above = this.#lanesTo(id);
    const lane = above[0] ?? this.#freeLane();
    const passing = [...this.#open.keys()].filter((each) => this.#open[each] !== undefined && !above.includes(each));
    for (const each of above) this.#open[each] = undefined;
    const below = parents.map((parent, i) => this.#laneFor(parent, i === 0 ? lane : undefined));
    while (this.#open.length > 0 && this.#open.at(-1) === undefined) this.#open.pop();
    return { lane, above, below: [...new Set(below)], passing };
  }

  #lanesTo(id: string): number[] {
    return [...this.#open.keys()].filter((lane) => this.#open[lane] === id);
  }

  /** The first parent goes on in the commit's own lane; others join a line that leads to them, or begin one. */
  #laneFor(parent: string, own: number | undefined): number {
    const lane = own ?? this.#lanesTo(parent)[0] ?? this.#freeLane();
    this.#open[lane] = parent;
    return lane;
  }

  #freeLane(): number {
    const free = this.#open.indexOf(undefined);
    return free < 0 ? this.#open.length : free;
  }
}
