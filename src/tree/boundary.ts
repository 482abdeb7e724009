/**
 * Where a level of the tree is cut into nodes: by the keys alone, so that the shape depends on the contents only, and
 * the update of a value moves no boundary.
 *
 * **Natural boundaries.** Each entry has a 32-bit hash of its key. An entry closes a node if its hash is smaller than
 * those of the `window` entries before it and of the `window` entries after it ("local minimum" chunking, Bjørner,
 * Blass and Gurevich, "Content-dependent chunking for differential compression, the local maximum approach", 2010).
 * With random hashes that gives nodes of 2·window + 1 entries on average (one entry in so many is the minimum of its
 * window), never of window or fewer, and few large ones: weighted by entries the mean is 15 % over the plain mean,
 * where a boundary by chance alone gives 100 %. An insert or removal can move only boundaries within `window` entries.
 * Between two natural boundaries the cut depends on nothing outside, as an entry within `window` of a boundary
 * cannot be one: that is what lets an edit rebuild a stretch by itself.
 *
 * **Forced boundaries.** Keys can be chosen so that no hash is a local minimum. A stretch without natural boundary of
 * more than `longest` entries (never seen among millions of random ones) is cut by a stronger hash, its *rank*: an entry
 * closes a node there if the run of entries around it of which it has the smallest rank is longer than `longest`. (These
 * are the upper nodes of the Cartesian tree, or treap, of the stretch. Where the stretch's last entry is such a one, its
 * boundary is there already: a stretch of `longest` + 1 entries can stay whole.) What lies between two such cuts is at most
 * `longest` entries, and a change moves only cuts within `longest` entries: every run that reaches from it to farther
 * away is too long in any case. So an edit needs no more of the stretch than that.
 *
 * A rank is the SHA-256 of the key, and above the leaves of the key and the level. Who tries n² keys can find n that have
 * the same boundary hash and ascending ranks, so that each makes a node of its own; were the ranks of the levels above the
 * same, it would be so there, too, and the tree as high as it has keys by the hundred.
 */
import { hashOf } from "../chunk/hash.ts";

/** How a level is cut. */
export interface CutRule {
  /** How many entries on each side a boundary has the smallest hash of. */
  readonly window: number;
  /** The longest stretch without a forced boundary. */
  readonly longest: number;
}

/** Leaves: 9 entries on average, which is 1.1 KB with values of 100 bytes. */
const LEAF: CutRule = { window: 4, longest: 64 };
/** Inner nodes: 25 entries on average, which is 1.2 KB with keys of 20 bytes; five levels hold 1.5 million keys. */
const INNER: CutRule = { window: 12, longest: 192 };

/** The rule for a level; 0 is the leaves'. */
export function cutRule(level: number): CutRule {
  return level === 0 ? LEAF : INNER;
}

/** The most entries a node can have. */
export function maxEntries(level: number): number {
  return cutRule(level).longest + 1;
}

/**
 * The hash that natural boundaries go by: FNV-1a over the key's bytes, mixed with the level and finished with
 * MurmurHash3's finaliser (A. Appleby), as FNV alone leaves neighbouring keys with related hashes.
 */
export function boundaryHash(bytes: Uint8Array, start: number, end: number, level: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  hash ^= Math.imul(level, 0x9e3779b9);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A node to be: the entries before `end`, from the end of the node before it. */
export interface Cut {
  readonly end: number;
  /** Whether the boundary at its end is a forced one. */
  readonly forced: boolean;
}

/**
 * Says that entries are only a part of a long stretch, which goes on beyond a forced boundary. The first `reachOf` entries on such
 * a side are as they were; how they were cut decides where that depends on what lies beyond.
 */
export interface Beyond {
  /** The stretch begins earlier: where the nodes of its part ended, as the number of entries before that. */
  readonly start?: ReadonlySet<number> | undefined;
  /** The stretch ends later: the same, as the number of entries behind. */
  readonly end?: ReadonlySet<number> | undefined;
}

/** How far from a change a boundary must be, in entries, to stay whatever lies beyond it. */
export function reachOf(level: number, forced: boolean): number {
  const { window, longest } = cutRule(level);
  return forced ? longest + window + 1 : window;
}

/**
 * Cuts entries, from a natural boundary (or the level's start) to one (or the level's end), or as `beyond` says.
 *
 * @param hashes the entries' boundary hashes
 * @param keyAt the bytes of an entry's key, asked for only where a stretch needs forced boundaries
 */
export function cut(
  hashes: ArrayLike<number>,
  level: number,
  keyAt: (index: number) => Uint8Array,
  beyond: Beyond = {},
): Cut[] {
  const { window, longest } = cutRule(level);
  const cuts: Cut[] = [];
  let start = 0;
  const close = (end: number): void => {
    const isLast = end === hashes.length;
    if (end - start > longest) {
      const ranks: string[] = [];
      for (let i = start; i < end; i++) ranks.push(rankOf(keyAt(i), level));
      const before = start === 0 ? beyond.start : undefined;
      const behind = isLast ? beyond.end : undefined;
      for (const at of forcedEnds(ranks, longest, before, behind)) cuts.push({ end: start + at, forced: true });
    }
    cuts.push({ end, forced: isLast && beyond.end !== undefined });
    start = end;
  };
  for (let i = window; i + window < hashes.length; i++) {
    if (isLocalMinimum(hashes, i, window)) {
      close(i + 1);
      i += window;
    }
  }
  if (start < hashes.length) close(hashes.length);
  return cuts;
}

function isLocalMinimum(hashes: ArrayLike<number>, at: number, window: number): boolean {
  const hash = hashes[at] ?? 0;
  for (let distance = 1; distance <= window; distance++) {
    if ((hashes[at - distance] ?? 0) <= hash || (hashes[at + distance] ?? 0) <= hash) return false;
  }
  return true;
}

/** What forced boundaries go by. */
function rankOf(key: Uint8Array, level: number): string {
  if (level === 0) return hashOf(key);
  const bytes = new Uint8Array(key.length + 1);
  bytes.set(key);
  bytes[key.length] = level;
  return hashOf(bytes);
}

/** Where forced boundaries end nodes inside a stretch: one pass with a stack of ever larger ranks finds, for each entry, how far it is the smallest. */
function forcedEnds(
  ranks: readonly string[],
  longest: number,
  before: Beyond["start"],
  behind: Beyond["end"],
): number[] {
  const ends: number[] = [];
  const stack: number[] = [];
  for (let i = 0; i <= ranks.length; i++) {
    const rank = ranks[i];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (rank !== undefined && (ranks[top] ?? "") < rank) break;
      stack.pop();
      const start = (stack.at(-1) ?? -1) + 1;
      const end = top + 1;
      const isCut =
        i - start > longest ||
        (start === 0 && before?.has(end) === true) ||
        (i === ranks.length && behind?.has(ranks.length - end) === true);
      if (isCut && end < ranks.length) ends.push(end);
    }
    stack.push(i);
  }
  return ends.sort((a, b) => a - b);
}
