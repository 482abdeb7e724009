/** A commit to draw: its parents are drawn after it. */
export interface GraphCommit {
  readonly hash: string;
  readonly parents: readonly string[];
}

/** What is drawn for a commit: the lines before its own, its own, and those after it. */
export interface GraphRows {
  readonly before: readonly string[];
  readonly commit: string;
  readonly after: readonly string[];
}

/**
 * Draws a commit graph in text, one commit at a time, children before parents. There is a lane for every line from a
 * drawn commit to a parent that is still to come; lanes that wait for the same commit meet just above it.
 */
export class Graph {
  /** What each lane waits for, from left to right. */
  readonly #lanes: string[] = [];

  /** Draws the next commit. */
  add({ hash, parents }: GraphCommit): GraphRows {
    if (!this.#lanes.includes(hash)) this.#lanes.push(hash);
    const at = this.#lanes.indexOf(hash);
    const before: string[] = [];
    for (let from = this.#lanes.lastIndexOf(hash); from > at; from = this.#lanes.lastIndexOf(hash)) {
      before.push(this.#join(from, this.#lanes.lastIndexOf(hash, from - 1)));
    }
    const commit = this.#lanes.map((_, i) => (i === at ? "*" : "|")).join(" ");
    const [first, ...others] = parents;
    if (first === undefined) return { before, commit, after: this.#end(at) };
    this.#lanes[at] = first;
    return { before, commit, after: others.map((parent) => this.#fork(at, parent)) };
  }

  /** A lane that runs into one on its left, below the lanes between them; those on its right move up. */
  #join(from: number, to: number): string {
    const row = this.#row();
    for (let column = 2 * to + 1; column < 2 * from - 1; column += 2) row[column] = "_";
    return this.#close(from, row);
  }

  /** A new lane, to the right of one; those on its right make room. */
  #fork(at: number, parent: string): string {
    const row = this.#row();
    row[2 * at + 1] = "\\";
    for (let lane = at + 1; lane < this.#lanes.length; lane++) {
      row[2 * lane] = " ";
      row[2 * lane + 1] = "\\";
    }
    this.#lanes.splice(at + 1, 0, parent);
    return text(row);
  }

  /** A lane that ends; those on its right move up. */
  #end(at: number): string[] {
    const row = this.#row();
    row[2 * at] = " ";
    if (at < this.#lanes.length - 1) return [this.#close(at + 1, row, at)];
    this.#lanes.pop();
    return [];
  }

  /** Draws the lanes from one on a place to the left, and takes a lane out: that one, unless another is named. */
  #close(from: number, row: string[], out = from): string {
    for (let lane = from; lane < this.#lanes.length; lane++) {
      row[2 * lane] = " ";
      row[2 * lane - 1] = "/";
    }
    this.#lanes.splice(out, 1);
    return text(row);
  }

  #row(): string[] {
    return this.#lanes.flatMap(() => ["|", " "]);
  }
}

function text(row: readonly string[]): string {
  return row.join("").trimEnd();
}
