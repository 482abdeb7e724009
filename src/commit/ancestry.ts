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

/** How far below a walk its first read ahead reaches, in generations; each one after it reaches so much farther, up to so many times what was walked. */
const AHEAD = { first: 8, growth: 2, most: 8 };

/** Whether `ancestor` is `commit`, or can be reached from it by parents. */
export function isAncestor(commits: CommitStore, ancestor: CommitRecord, commit: CommitRecord): Promise<boolean> {
  return reachableFrom(commits, ancestor, [commit]);
}

/** Whether `target` is one of `heads`, or can be reached from one by parents. */
export function reachableFrom(
  commits: CommitStore,
  target: CommitRecord,
  heads: readonly CommitRecord[],
): Promise<boolean> {
  const onLines = (): Promise<boolean | undefined> => reachableOnLines(commits, target, heads);
  if (heads.every(({ merges }) => merges === 0)) return onLines().then((answer) => answer ?? false);
  return firstAnswer(onLines, (search) => reachableByWalk(commits, target, heads, search));
}

/** Whether a search is still needed. */
interface Search {
  over: boolean;
}

/** Runs two searches at once, so that both sides' reads are one round trip: a quick one that may find nothing, and one that is sure to. */
async function firstAnswer<T>(quick: () => Promise<T | undefined>, sure: (search: Search) => Promise<T>): Promise<T> {
  const search: Search = { over: false };
  const quickly = quick();
  const surely = sure(search);
  try {
    return await Promise.race([surely, quickly.then((answer) => answer ?? surely)]);
  } finally {
    search.over = true;
  }
}

/** The answer as far as first-parent lines give it. */
async function reachableOnLines(
  commits: CommitStore,
  target: CommitRecord,
  heads: readonly CommitRecord[],
): Promise<boolean | undefined> {
  const answers = await Promise.all(heads.map((head) => isOnLine(commits, target, head)));
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}

async function isOnLine(commits: CommitStore, target: CommitRecord, head: CommitRecord): Promise<boolean | undefined> {
  if (head.hash === target.hash) return true;
  if (head.generation <= target.generation) return false;
  // Along single parents generation and depth fall together.
  const straight = head.depth - (head.generation - target.generation);
  const depth = target.depth < head.depth ? target.depth : straight;
  if (depth < 0) return undefined;
  const hash = await commits.ancestorAt(head, depth);
  if (hash === target.hash) return true;
  if (depth !== straight) return undefined;
  return (await commits.load(hash)).merges === head.merges ? false : undefined;
}

async function reachableByWalk(
  commits: CommitStore,
  target: CommitRecord,
  heads: readonly CommitRecord[],
  search: Search,
): Promise<boolean> {
  const open = new Frontier(heads);
  const ahead = new ReadAhead(commits, heads, target.generation);
  const seen = new Set<Hash>();
  for (let commit = open.pop(); commit !== undefined && !search.over; commit = open.pop()) {
    if (commit.hash === target.hash) return true;
    if (commit.generation <= target.generation || seen.has(commit.hash)) continue;
    seen.add(commit.hash);
    for (const parent of await ahead.parents(commit)) open.add(parent);
  }
  return false;
}

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
class ReadAhead {
  readonly #commits: CommitStore;
  readonly #highest: number;
  readonly #lowest: number;
  readonly #seen: Set<Hash> = new Set();
  /** What the commits read so far name, as far as that was not read. */
  #named: Named[] = [];
  #reach: number = AHEAD.first;

  /** @param lowest the walk needs nothing below this generation */
  constructor(commits: CommitStore, tops: readonly CommitRecord[], lowest = 0) {
    this.#commits = commits;
    this.#highest = tops.reduce((highest, { generation }) => Math.max(highest, generation), 0);
    this.#lowest = lowest;
    for (const top of tops) this.#expand(top);
  }

  /** The parents of a commit. The walk comes from higher generations to lower ones. */
  async parents(commit: CommitRecord): Promise<CommitRecord[]> {
    if (commit.parents.some((hash) => this.#commits.cached(hash) === undefined)) await this.#fetch(commit);
    return this.#commits.loadMany(commit.parents);
  }

  async #fetch(commit: CommitRecord): Promise<void> {
    const walked = this.#highest - commit.generation;
    const reach = Math.min(this.#reach, AHEAD.most * (walked + AHEAD.first));
    const floor = Math.max(this.#lowest, commit.generation - reach);
    const wanted = new Set<Hash>();
    const later: Named[] = [];
    this.#expand(commit);
    for (let next = this.#named.pop(); next !== undefined; next = this.#named.pop()) {
      const known = this.#commits.cached(next.hash);
      if (known !== undefined) {
        this.#expand(known);
        continue;
      }
      later.push(next);
      if (next.generation >= floor) wanted.add(next.hash);
    }
    this.#named = later;
    this.#reach *= AHEAD.growth;
    await this.#commits.findMany([...wanted]);
  }

  #expand(commit: CommitRecord): void {
    if (this.#seen.has(commit.hash)) return;
    this.#seen.add(commit.hash);
    for (const hash of commit.parents) this.#named.push({ hash, generation: commit.generation - 1 });
    for (const [depth, hash] of named(commit)) {
      this.#named.push({ hash, generation: commit.generation - (commit.depth - depth) });
    }
  }
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
export function mergeBases(
  commits: CommitStore,
  as: readonly CommitRecord[],
  b: CommitRecord,
): Promise<CommitRecord[]> {
  const [a] = as;
  const onLines = async (): Promise<CommitRecord[] | undefined> =>
    a === undefined || as.length > 1 ? undefined : baseOnLines(commits, a, b);
  if (as.length === 1 && a?.merges === 0 && b.merges === 0) return onLines().then((bases) => bases ?? []);
  return firstAnswer(onLines, (search) => paintDown(commits, as, b, search));
}

/** The answer as far as first-parent lines give it. */
async function baseOnLines(
  commits: CommitStore,
  a: CommitRecord,
  b: CommitRecord,
): Promise<CommitRecord[] | undefined> {
  const parting = await whereLinesPart(commits, a, b);
  if (parting === undefined) return undefined;
  const straight = parting.merges === a.merges && parting.merges === b.merges;
  return straight || parting.hash === a.hash || parting.hash === b.hash ? [parting] : undefined;
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
async function lineDownTo(commits: CommitStore, from: CommitRecord, depth: number): Promise<CommitRecord[]> {
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
  const ahead = new ReadAhead(commits, [from]);
  const seen = new Set<Hash>([from.hash]);
  let page: CommitRecord[] = [];
  let rest = limit;
  for (let commit = open.pop(); commit !== undefined && rest > 0; commit = open.pop(), rest--) {
    page.push(commit);
    if (page.length === PAGE) {
      yield page;
      page = [];
    }
    for (const parent of await ahead.parents(commit)) {
      if (!seen.has(parent.hash)) open.add(parent);
      seen.add(parent.hash);
    }
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
async function paintDown(
  commits: CommitStore,
  as: readonly CommitRecord[],
  b: CommitRecord,
  search: Search,
): Promise<CommitRecord[]> {
  const ahead = new ReadAhead(commits, [...as, b]);
  const marks = new Map<Hash, number>();
  const open = new Frontier([]);
  /** How many commits in the frontier have each combination of marks. */
  const waiting = Array.from({ length: 2 * BELOW }, () => 0);
  const count = (bits: number, change: 1 | -1): void => {
    waiting[bits] = (waiting[bits] ?? 0) + change;
  };
  const mark = (commit: CommitRecord, bits: number): void => {
    const known = marks.get(commit.hash);
    if (known === undefined) open.add(commit);
    else count(known, -1);
    marks.set(commit.hash, (known ?? 0) | bits);
    count((known ?? 0) | bits, 1);
  };
  /** Ways down to another lowest common ancestor pass only commits of one side, and must be left on both sides. */
  const mayFindMore = (): boolean => has(FROM_A | FROM_B) || (has(FROM_A) && has(FROM_B));
  const has = (bits: number): boolean => (waiting[bits] ?? 0) > 0;
  for (const a of as) mark(a, FROM_A);
  mark(b, FROM_B);
  const found: CommitRecord[] = [];
  while (mayFindMore() && !search.over) {
    const commit = open.pop();
    if (commit === undefined) break;
    let bits = marks.get(commit.hash) ?? 0;
    count(bits, -1);
    if (bits === (FROM_A | FROM_B)) {
      found.push(commit);
      bits |= BELOW;
    }
    for (const parent of await ahead.parents(commit)) mark(parent, bits);
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
