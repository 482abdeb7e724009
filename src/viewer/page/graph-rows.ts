import { type CommitRow, type GraphPage, PAGE_ROWS } from "../protocol.ts";
import { type LaneRow, Lanes } from "./lanes.ts";

/** A commit and where its lines run. */
export interface GraphRow {
  readonly commit: CommitRow;
  readonly lanes: LaneRow;
}

/** The rows of a graph, which grow as pages come. */
export class GraphRows {
  readonly rows: GraphRow[] = [];
  /** What the next page begins from: the commits that are led to and are not there yet. */
  readonly #open: Set<string>;
  readonly #lanes = new Lanes();
  #pages = 0;

  /** @param heads the commits that the graph begins at */
  constructor(heads: readonly string[]) {
    this.#open = new Set(heads);
  }

  /** Takes in those of `pages` that are new. */
  take(pages: readonly GraphPage[]): readonly GraphRow[] {
    for (const { commits } of pages.slice(this.#pages)) {
      for (const commit of commits) {
        const parents = keptParents(commit);
        this.#open.delete(commit.id);
        for (const parent of parents) this.#open.add(parent);
        this.rows.push({ commit, lanes: this.#lanes.add({ id: commit.id, parents }) });
      }
    }
    this.#pages = Math.max(this.#pages, pages.length);
    return this.rows;
  }

  /** Where the next page begins. */
  frontier(): string[] {
    return [...this.#open];
  }
}

/** Whether there is a page after these. */
export function hasMoreCommits(pages: readonly GraphPage[]): boolean {
  return pages.at(-1)?.commits.length === PAGE_ROWS;
}

function keptParents({ parents, isCut }: CommitRow): readonly string[] {
  return isCut ? parents.slice(1) : parents;
}
