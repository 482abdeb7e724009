import type { CommitRecord } from "./commit.ts";

/** Commits to visit, the highest generation first; among equals, the smallest id. A binary heap. */
export class Frontier {
  readonly #heap: CommitRecord[] = [];

  constructor(commits: readonly CommitRecord[]) {
    for (const commit of commits) this.add(commit);
  }

  /** Adds a commit. */
  add(commit: CommitRecord): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(commit);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(commit, parent)) break;
      heap[at] = parent;
      heap[up] = commit;
      at = up;
    }
  }

  /** The generation of the next one; -1 if there is none. */
  get highest(): number {
    return this.#heap[0]?.generation ?? -1;
  }

  /** Takes those out that are not wanted any more. */
  keep(isWanted: (commit: CommitRecord) => boolean): void {
    for (const commit of this.#heap.splice(0).filter(isWanted)) this.add(commit);
  }

  /** Takes the next one out. */
  pop(): CommitRecord | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || top === undefined || heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ; ) {
      let first = at;
      for (const down of [2 * at + 1, 2 * at + 2]) {
        const child = heap[down];
        const best = heap[first];
        if (child !== undefined && best !== undefined && isBefore(child, best)) first = down;
      }
      const [here, there] = [heap[at], heap[first]];
      if (first === at || here === undefined || there === undefined) return top;
      heap[at] = there;
      heap[first] = here;
      at = first;
    }
  }
}

function isBefore(a: CommitRecord, b: CommitRecord): boolean {
  return a.generation === b.generation ? a.hash < b.hash : a.generation > b.generation;
}
