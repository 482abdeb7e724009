/**
 * Questions about the commit graph, answered with few reads: commits name ancestors far below them (`skipDepths`), and
 * a generation number says what cannot be above what.
 */
import type { Hash } from "../chunk/hash.ts";
import { type CommitRecord, skipDepths } from "./commit.ts";
import type { CommitStore } from "./commit-store.ts";

/** How many commits of a long line are fetched at a time. */
const LINE = 1024;
/** How many commits a page of other histories has. */
const PAGE = 64;

/** Whether `ancestor` is `commit`, or can be reached from it by parents. */
export function isAncestor(commits: CommitStore, ancestor: CommitRecord, commit: CommitRecord): Promise<boolean> {
  return reachableFrom(commits, ancestor, [commit]);
}

/** Whether `target` is one of `heads`, or can be reached from one by parents. */
export async function reachableFrom(
  commits: CommitStore,
  target: CommitRecord,
  heads: readonly CommitRecord[],
): Promise<boolean> {
  const open = new Frontier(heads);
  const seen = new Set<Hash>();
  for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
    if (commit.hash === target.hash) return true;
    if (commit.generation <= target.generation || seen.has(commit.hash)) continue;
    seen.add(commit.hash);
    const below = await belowLine(commits, commit, target.generation);
    if (below.hash !== commit.hash) open.add(below);
    else for (const parent of await commits.loadMany(commit.parents)) open.add(parent);
  }
  return false;
}

/**
 * Down the line of single parents below `commit`, in few reads: the lowest commit found whose generation is not below
 * `generation` and that every way down passes. The commit itself if it has several parents.
 */
async function belowLine(commits: CommitStore, commit: CommitRecord, generation: number): Promise<CommitRecord> {
  let at = commit;
  while (at.parents.length === 1 && at.generation > generation) {
    // Along single parents generation and depth fall together.
    const lowest = at.depth - (at.generation - generation);
    const candidates = [...named(at)].filter(([depth]) => depth >= lowest).sort(([a], [b]) => a - b);
    let next: CommitRecord | undefined;
    for (const [, hash] of candidates) {
      const candidate = await commits.load(hash);
      if (candidate.merges === at.merges || hash === at.parents[0]) {
        next = candidate;
        break;
      }
    }
    if (next === undefined) break;
    at = next;
  }
  return at;
}

/** The first-parent ancestors that a commit names, by depth. */
function named(commit: CommitRecord): Map<number, Hash> {
  const ancestors = new Map<number, Hash>();
  const [parent] = commit.parents;
  if (parent !== undefined) ancestors.set(commit.depth - 1, parent);
  skipDepths(commit.depth).forEach((depth, i) => {
    const hash = commit.skips[i];
    if (hash !== undefined) ancestors.set(depth, hash);
  });
  return ancestors;
}

/**
 * The lowest common ancestors of `b` and the commits `as` (as if those were the parents of one merge): the ones that are
 * no ancestor of another common one, in the order of their ids. None if the histories share nothing.
 */
export async function mergeBases(
  commits: CommitStore,
  as: readonly CommitRecord[],
  b: CommitRecord,
): Promise<CommitRecord[]> {
  const [a] = as;
  const parting = a && as.length === 1 ? await whereLinesPart(commits, a, b) : undefined;
  if (a !== undefined && parting !== undefined) {
    const straight = parting.merges === a.merges && parting.merges === b.merges;
    if (straight || parting.hash === a.hash || parting.hash === b.hash) return [parting];
    await Promise.all([lineDownTo(commits, a, parting.depth), lineDownTo(commits, b, parting.depth)]);
  }
  return paintDown(commits, as, b);
}

/** The highest commit that is on the first-parent lines of both, by a search over the skip lists: both sides' next reads are one round trip. */
async function whereLinesPart(
  commits: CommitStore,
  a: CommitRecord,
  b: CommitRecord,
): Promise<CommitRecord | undefined> {
  const sides = [a, b].map((tip): Line => ({ known: new Map([[tip.depth, tip.hash]]), read: new Set(), tip }));
  const [left, right] = sides;
  if (left === undefined || right === undefined) return undefined;
  for (;;) {
    let shared = -1;
    for (const [depth, hash] of left.known) if (depth > shared && right.known.get(depth) === hash) shared = depth;
    const next = sides.map((side) => lowestUnread(side, shared));
    const hash = left.known.get(shared);
    const settled = sides.every(({ known, tip }) => known.has(shared + 1) || tip.depth === shared);
    if (settled || a.depth === shared || b.depth === shared) return hash && commits.load(hash);
    const reads = new Set(next.filter((read) => read !== undefined));
    if (reads.size === 0) return hash && commits.load(hash);
    const read = new Map((await commits.loadMany([...reads])).map((commit) => [commit.hash, commit]));
    sides.forEach((side, i) => {
      const hash = next[i];
      const commit = hash && read.get(hash);
      if (commit === undefined) return;
      side.read.add(commit.hash);
      for (const [depth, ancestor] of named(commit)) side.known.set(depth, ancestor);
    });
  }
}

/** What is known of a commit's first-parent line. */
interface Line {
  readonly tip: CommitRecord;
  /** Ids by depth. */
  readonly known: Map<number, Hash>;
  readonly read: Set<Hash>;
}

function lowestUnread(line: Line, above: number): Hash | undefined {
  let lowest = Number.POSITIVE_INFINITY;
  for (const [depth, hash] of line.known) if (depth > above && depth < lowest && !line.read.has(hash)) lowest = depth;
  return line.known.get(lowest);
}

/**
 * The first-parent line from a commit down to a depth, newest first. Whatever the read commits name is read at once, so
 * a line of 100 takes about 8 round trips instead of 100.
 */
export async function lineDownTo(commits: CommitStore, from: CommitRecord, depth: number): Promise<CommitRecord[]> {
  const line = new Map<number, CommitRecord>([[from.depth, from]]);
  let open = [from];
  while (open.length > 0) {
    const next = new Map<number, Hash>();
    for (const commit of open) {
      for (const [at, hash] of named(commit)) if (at >= depth && !line.has(at)) next.set(at, hash);
    }
    open = await commits.loadMany([...next.values()]);
    for (const commit of open) line.set(commit.depth, commit);
  }
  return [...line.values()].sort((a, b) => b.depth - a.depth);
}

/** The first-parent line from a commit, newest first, in pages. */
export async function* firstParents(
  commits: CommitStore,
  from: CommitRecord,
  limit: number,
): AsyncGenerator<CommitRecord[], void> {
  let rest = limit;
  for (let top: CommitRecord | undefined = from; top !== undefined && rest > 0; ) {
    const lowest: number = Math.max(0, top.depth - Math.min(rest, LINE) + 1);
    const line: CommitRecord[] = await lineDownTo(commits, top, lowest);
    yield line;
    rest -= line.length;
    const parent: Hash | undefined = line.at(-1)?.parents[0];
    top = parent && rest > 0 ? await commits.load(parent) : undefined;
  }
}

/** Every ancestor once, a child always before its parents: by falling generation, in pages. */
export async function* allAncestors(
  commits: CommitStore,
  from: CommitRecord,
  limit: number,
): AsyncGenerator<CommitRecord[], void> {
  const open = new Frontier([from]);
  const seen = new Set<Hash>([from.hash]);
  let page: CommitRecord[] = [];
  let rest = limit;
  for (let commit = open.pop(); commit !== undefined && rest > 0; commit = open.pop(), rest--) {
    page.push(commit);
    if (page.length === PAGE) {
      yield page;
      page = [];
    }
    const parents = new Set(commit.parents.filter((hash) => !seen.has(hash)));
    for (const hash of parents) seen.add(hash);
    for (const parent of await commits.loadMany([...parents])) open.add(parent);
  }
  yield page;
}

const FROM_A = 1;
const FROM_B = 2;
/** Below a common ancestor that was found already. */
const BELOW = 4;

/**
 * Marks the ancestors of both, highest generation first: a commit that has both marks when its turn comes is common,
 * and a lowest one unless one above it was. As in git's `paint_down_to_common`; by strict generations, so that
 * marks are final when a commit's turn comes.
 */
async function paintDown(commits: CommitStore, as: readonly CommitRecord[], b: CommitRecord): Promise<CommitRecord[]> {
  const marks = new Map<Hash, number>();
  const open = new Frontier([]);
  /** How many commits in the frontier may still lead to a lowest common ancestor. */
  let live = 0;
  const mark = (commit: CommitRecord, bits: number): void => {
    const known = marks.get(commit.hash);
    marks.set(commit.hash, (known ?? 0) | bits);
    if (known === undefined) open.add(commit);
    if ((bits & BELOW) === 0 && known === undefined) live++;
    if ((bits & BELOW) !== 0 && known !== undefined && (known & BELOW) === 0) live--;
  };
  for (const a of as) mark(a, FROM_A);
  mark(b, FROM_B);
  const found: CommitRecord[] = [];
  while (live > 0) {
    const commit = open.pop();
    if (commit === undefined) break;
    let bits = marks.get(commit.hash) ?? 0;
    if ((bits & BELOW) === 0) live--;
    if (bits === (FROM_A | FROM_B)) {
      found.push(commit);
      bits |= BELOW;
    }
    for (const parent of await commits.loadMany(commit.parents)) mark(parent, bits);
  }
  return found.sort((x, y) => (x.hash < y.hash ? -1 : 1));
}

/** Commits to visit, the highest generation first; among equals, the smallest id. A binary heap. */
class Frontier {
  readonly #heap: CommitRecord[] = [];

  constructor(commits: readonly CommitRecord[]) {
    for (const commit of commits) this.add(commit);
  }

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
