/**
 * Questions about the commit graph, answered with few reads: commits name ancestors far below them (`skipDepths`), and
 * a generation number says what cannot be above what.
 */
import type { Hash } from "../chunk/hash.ts";
import { HistoryCutError } from "../errors.ts";
import { type CommitRecord, namedAncestors } from "./commit.ts";
import type { CommitStore } from "./commit-store.ts";
import { Descent, isCut, type Search } from "./descent.ts";
import { Frontier } from "./frontier.ts";
import { type Horizon, Widened } from "./horizon.ts";
import { ReadAhead } from "./read-ahead.ts";
import { Walks } from "./walks.ts";

/** How many commits of a long line are fetched at a time. */
const LINE = 1024;
/** How many commits a page of other histories has. */
const PAGE = 64;

/** Whether `ancestor` is `commit`, or can be reached from it by parents. `undefined`: that lies beyond the horizon. */
export function isAncestor(
  commits: CommitStore,
  ancestor: CommitRecord,
  commit: CommitRecord,
  horizon: Horizon,
): Promise<boolean | undefined> {
  return reachableFrom(commits, ancestor, [commit], horizon);
}

/** Whether the ways from `commit` to `ancestor` are one line without merges. */
export async function isStraight(commits: CommitStore, ancestor: CommitRecord, commit: CommitRecord): Promise<boolean> {
  const steps = commit.depth - ancestor.depth;
  if (steps < 0 || steps !== commit.generation - ancestor.generation || commit.merges !== ancestor.merges) return false;
  return (await commits.ancestorAt(commit, ancestor.depth)) === ancestor.hash;
}

/**
 * Whether `target` is one of `heads`, or can be reached from one by parents. `undefined`: that lies beyond the horizon.
 *
 * @param descent a walk from the heads to that horizon, if other questions share it
 */
export async function reachableFrom(
  commits: CommitStore,
  target: CommitRecord,
  heads: readonly CommitRecord[],
  horizon: Horizon,
  descent?: Descent,
): Promise<boolean | undefined> {
  const onLines = (): Promise<boolean | undefined> => reachableOnLines(commits, target, heads);
  const byWalk = (search: Search): Promise<boolean | undefined> =>
    descent === undefined ? reachedByWalk(commits, target, heads, horizon, search) : descent.reaches(target, search);
  // Nothing is below a commit of its own generation.
  if (heads.every(({ generation }) => generation <= target.generation))
    return heads.some(({ hash }) => hash === target.hash);
  const isStraight = heads.every(({ merges }) => merges === 0);
  return answerOf(horizon, isStraight, onLines, byWalk);
}

async function reachedByWalk(
  commits: CommitStore,
  target: CommitRecord,
  heads: readonly CommitRecord[],
  horizon: Horizon,
  search: Search,
): Promise<boolean | undefined> {
  const [head] = heads;
  if (head === undefined || heads.length > 1) return new Descent(commits, heads, horizon).reaches(target, search);
  const walks = Walks.of(commits);
  const descent = await walks.take(head, target.generation, horizon, search);
  const answer = await descent.reaches(target, search);
  if (horizon.isOpen) walks.keep(head, descent);
  return answer;
}

/** The answer of a quick search along first-parent lines, or else of one that is sure to find it and knows where history ends. */
async function answerOf<T>(
  horizon: Horizon,
  isStraight: boolean,
  quick: () => Promise<T | undefined>,
  sure: (search: Search) => Promise<T>,
): Promise<T> {
  try {
    if (!horizon.isOpen) return await sure({ over: false });
    if (isStraight) return (await quick()) ?? (await sure({ over: false }));
    return await firstAnswer(quick, sure);
  } catch (error) {
    if (error instanceof Widened) return answerOf(horizon, isStraight, quick, sure);
    throw error;
  }
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
  const hash = await commits.findAncestorAt(head, depth);
  if (hash === target.hash) return true;
  if (hash === undefined || depth !== straight) return undefined;
  return (await commits.find(hash))?.merges === head.merges ? false : undefined;
}

/**
 * The lowest common ancestors of `b` and the commits `as` (as if those were the parents of one merge): the ones that are
 * no ancestor of another common one, in the order of their ids. None if the histories share nothing.
 *
 * @throws HistoryCutError if one of them may lie beyond the horizon
 */
export async function mergeBases(
  commits: CommitStore,
  as: readonly CommitRecord[],
  b: CommitRecord,
  horizon: Horizon,
): Promise<CommitRecord[]> {
  const [a] = as;
  const onLines = async (): Promise<CommitRecord[] | undefined> =>
    a === undefined || as.length > 1 ? undefined : baseOnLines(commits, a, b);
  const isStraight = as.length === 1 && a?.merges === 0 && b.merges === 0;
  return answerOf(horizon, isStraight, onLines, async (search) => {
    const found = as.length === 1 && a !== undefined ? await basesByWalk(commits, a, b, horizon, search) : undefined;
    return found ?? paintDown(commits, as, b, horizon, search);
  });
}

/** The lowest common ancestors of two commits, if a walk down from the higher one was kept: then only what is not below that is walked. */
async function basesByWalk(
  commits: CommitStore,
  a: CommitRecord,
  b: CommitRecord,
  horizon: Horizon,
  search: Search,
): Promise<CommitRecord[] | undefined> {
  const [low, high] = a.generation < b.generation ? [a, b] : [b, a];
  const walks = Walks.of(commits);
  const walk = walks.takeKept(high, horizon);
  if (walk === undefined) return undefined;
  const found = await highestReached(commits, walk, low, horizon, search);
  // Another question made the horizon wider meanwhile: ways that end there were passed over in silence.
  if (!horizon.isOpen) return undefined;
  walks.keep(high, walk);
  return found;
}

/**
 * The commits, from one on down, to which a walk comes, and that are not below another such. By falling generation, so that what is
 * below one that was found is known when a commit's turn comes.
 */
async function highestReached(
  commits: CommitStore,
  walk: Descent,
  from: CommitRecord,
  horizon: Horizon,
  search: Search,
): Promise<CommitRecord[]> {
  const ahead = new ReadAhead(commits, [from], horizon);
  const open = new Frontier([from]);
  /** Whether each commit that was met is below one that was found. */
  const isBelow = new Map<Hash, boolean>([[from.hash, false]]);
  /** How many commits of the frontier are not. */
  let others = 1;
  const found: CommitRecord[] = [];
  while (others > 0 && !search.over) {
    const commit = open.pop();
    if (commit === undefined) break;
    let isCommon = isBelow.get(commit.hash) === true;
    if (!isCommon) {
      others--;
      isCommon = (await walk.reaches(commit, search)) === true;
      if (isCommon) found.push(commit);
    }
    for (const parent of await ahead.parents(commit)) {
      const known = isBelow.get(parent.hash);
      if (known === undefined) open.add(parent);
      if (known === undefined && !isCommon) others++;
      if (known === false && isCommon) others--;
      isBelow.set(parent.hash, isCommon || known === true);
    }
  }
  return inOrder(found);
}

function inOrder(found: readonly CommitRecord[]): CommitRecord[] {
  return found.toSorted((x, y) => (x.hash < y.hash ? -1 : 1));
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
    if (settled || a.depth === shared || b.depth === shared) return hash && commits.find(hash);
    const reads = new Set(next.filter((read) => read !== undefined));
    if (reads.size === 0) return hash && commits.find(hash);
    const read = await commits.findMany([...reads]);
    if (read.size < reads.size) return undefined;
    sides.forEach((side, i) => {
      const hash = next[i];
      const commit = hash && read.get(hash);
      if (commit === undefined) return;
      side.read.add(commit.hash);
      for (const [depth, ancestor] of namedAncestors(commit)) side.known.set(depth, ancestor);
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
 * The first-parent line from a commit down to a depth, newest first, as far as it is there. Whatever the read commits name is read at once, so
 * a line of 100 takes about 8 round trips instead of 100.
 */
async function lineDownTo(commits: CommitStore, from: CommitRecord, depth: number): Promise<CommitRecord[]> {
  const line = new Map<number, CommitRecord>([[from.depth, from]]);
  let open = [from];
  while (open.length > 0) {
    const next = new Map<number, Hash>();
    for (const commit of open) {
      for (const [at, hash] of namedAncestors(commit)) if (at >= depth && !line.has(at)) next.set(at, hash);
    }
    open = [...(await commits.findMany([...next.values()])).values()];
    for (const commit of open) line.set(commit.depth, commit);
  }
  return [...line.values()].sort((a, b) => b.depth - a.depth);
}

/** The first-parent line from a commit to where its history ends, newest first, in pages. */
export async function* firstParents(
  commits: CommitStore,
  from: CommitRecord,
  limit: number,
  horizon: Horizon,
): AsyncGenerator<CommitRecord[], void> {
  let rest = limit;
  for (let top: CommitRecord | undefined = from; top !== undefined && rest > 0; ) {
    const lowest: number = Math.max(0, top.depth - Math.min(rest, LINE) + 1);
    const line: CommitRecord[] = await lineDownTo(commits, top, lowest);
    const { page, next } = await pageOf(commits, line, rest, horizon);
    yield page;
    rest -= page.length;
    top = next;
  }
}

/** What is connected of a line, and the commit that comes next, if more are wanted. */
async function pageOf(
  commits: CommitStore,
  line: readonly CommitRecord[],
  limit: number,
  horizon: Horizon,
): Promise<{ page: CommitRecord[]; next: CommitRecord | undefined }> {
  const page = connected(line, horizon);
  try {
    return { page, next: page.length === limit ? undefined : await parentOf(commits, page.at(-1), horizon) };
  } catch (error) {
    if (error instanceof Widened) return pageOf(commits, line, limit, horizon);
    throw error;
  }
}

/** The beginning of a line up to its first gap, or to the horizon. */
function connected(line: readonly CommitRecord[], horizon: Horizon): CommitRecord[] {
  const end = line.findIndex(({ parents: [parent] }, i) => {
    return parent === undefined || horizon.has(parent) || parent !== line[i + 1]?.hash;
  });
  return line.slice(0, end + 1);
}

/** The first parent of a commit; `undefined` if its history ends with it. */
async function parentOf(
  commits: CommitStore,
  commit: CommitRecord | undefined,
  horizon: Horizon,
): Promise<CommitRecord | undefined> {
  const parent = commit?.parents[0];
  if (parent === undefined || horizon.has(parent)) return undefined;
  const found = await commits.find(parent);
  if (found === undefined) await horizon.note(parent);
  return found;
}

/** Every ancestor once, a child always before its parents: by falling generation, in pages. */
export async function* allAncestors(
  commits: CommitStore,
  from: CommitRecord,
  limit: number,
  horizon: Horizon,
): AsyncGenerator<CommitRecord[], void> {
  const open = new Frontier([from]);
  const ahead = new ReadAhead(commits, [from], horizon);
  const seen = new Set<Hash>([from.hash]);
  let page: CommitRecord[] = [];
  for (let rest = limit; rest > 0; rest--) {
    const next = await popWithin(open, ahead, horizon, from);
    if (next === undefined) break;
    page.push(next.commit);
    if (page.length === PAGE) {
      yield page;
      page = [];
    }
    for (const parent of next.parents) {
      if (!seen.has(parent.hash)) open.add(parent);
      seen.add(parent.hash);
    }
  }
  yield page;
}

/** The next commit of a walk, with its parents. Where a commit below the first turns out to lie beyond the horizon, the one after it. */
async function popWithin(
  open: Frontier,
  ahead: ReadAhead,
  horizon: Horizon,
  first: CommitRecord,
): Promise<{ commit: CommitRecord; parents: CommitRecord[] } | undefined> {
  for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
    try {
      return { commit, parents: await ahead.parents(commit) };
    } catch (error) {
      if (!(error instanceof Widened)) throw error;
      open.add(commit);
      open.keep(({ hash }) => hash === first.hash || !horizon.has(hash));
    }
  }
  return undefined;
}

const FROM_A = 1;
const FROM_B = 2;
/** Below a common ancestor that was found already. */
const BELOW = 4;

/**
 * Marks the ancestors of both, highest generation first: a commit that has both marks when its turn comes is common,
 * and a lowest one unless one above it was. As in git's `paint_down_to_common`; by strict generations, so that
 * marks are final when a commit's turn comes.
 *
 * Where one side's way is cut, what lies beyond may be common if the other side reaches below that height by itself; where a
 * way below a common ancestor is cut, a common one that is found below that height may be an ancestor of the first.
 */
async function paintDown(
  commits: CommitStore,
  as: readonly CommitRecord[],
  b: CommitRecord,
  horizon: Horizon,
  search: Search,
): Promise<CommitRecord[]> {
  const ahead = new ReadAhead(commits, [...as, b], horizon);
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
  const has = (bits: number): boolean => (waiting[bits] ?? 0) > 0 || cutAt.has(bits);
  /** The highest generation at which the way of one side alone, or one below a common ancestor, was cut, by that mark. */
  const cutAt = new Map<number, number>();
  for (const a of as) mark(a, FROM_A);
  mark(b, FROM_B);
  const found: CommitRecord[] = [];
  while (mayFindMore() && !search.over) {
    const commit = open.pop();
    if (commit === undefined) break;
    let bits = marks.get(commit.hash) ?? 0;
    count(bits, -1);
    if (bits === (FROM_A | FROM_B)) {
      if (commit.generation < (cutAt.get(BELOW) ?? 0)) throw cutOff();
      found.push(commit);
      bits |= BELOW;
    }
    for (const parent of await ahead.parents(commit)) mark(parent, bits);
    const side = bits & BELOW ? BELOW : bits;
    if (isCut(commit, horizon) && !cutAt.has(side)) cutAt.set(side, commit.generation);
    if (side === BELOW) continue;
    const otherCut = cutAt.get(side === FROM_A ? FROM_B : FROM_A);
    if (otherCut !== undefined && (commit.generation < otherCut || cutAt.has(side))) throw cutOff();
  }
  return inOrder(found);
}

function cutOff(): HistoryCutError {
  return new HistoryCutError(
    "Where these histories part may lie beyond the point at which one of them was cut, so that they cannot be merged.",
  );
}
