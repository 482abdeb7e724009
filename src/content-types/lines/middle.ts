/** Part of two sequences: `a` from `a0` to before `a1`, `b` from `b0` to before `b1`. */
export interface Box {
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
  /** Whether a shortest edit is looked for, whatever it costs: the parts of one that was found are cheap. */
  readonly exact: boolean;
}

/** How many steps a search takes at least before it may give up; texts that differ in fewer lines get a shortest edit. */
const MIN_STEPS = 256;

const BEYOND = 2 ** 31 - 1;

/**
 * Cuts boxes in two at a point that a shortest edit goes through: the middle snake of Eugene Myers, "An O(ND) difference
 * algorithm and its variations" (1986), found from both ends in linear space.
 *
 * A search that has taken too many steps is cut where it has got furthest, so that the time for texts that have nothing
 * in common stays bounded. Of several shortest edits it takes the one that git takes, so that merges agree.
 */
export class MiddleFinder {
  readonly #a: Int32Array;
  readonly #b: Int32Array;
  /** By diagonal (index in `a` minus index in `b`): how far in `a` the search from the start, and that from the end, has got. */
  readonly #forward: Int32Array;
  readonly #backward: Int32Array;
  readonly #origin: number;
  readonly #maxSteps: number;

  constructor(a: Int32Array, b: Int32Array) {
    const diagonals = a.length + b.length + 3;
    this.#a = a;
    this.#b = b;
    this.#forward = new Int32Array(diagonals);
    this.#backward = new Int32Array(diagonals);
    this.#origin = b.length + 1;
    this.#maxSteps = Math.max(MIN_STEPS, roughRoot(diagonals));
  }

  /** Two boxes that together hold what `box` does, in which neither sequence may be empty nor both begin or end alike. */
  cut(box: Box): [Box, Box] {
    const { a0, a1, b0, b1 } = box;
    const [a, b, forward, backward, o] = [this.#a, this.#b, this.#forward, this.#backward, this.#origin];
    const [lowest, highest] = [a0 - b1, a1 - b0];
    const [start, end] = [a0 - b0, a1 - b1];
    const isOdd = ((start - end) & 1) === 1;
    let [fMin, fMax, bMin, bMax] = [start, start, end, end];
    forward[o + start] = a0;
    backward[o + end] = a1;

    for (let steps = 1; ; steps++) {
      // Each search widens by a diagonal on both sides, or narrows where the box ends.
      if (fMin > lowest) forward[o + --fMin - 1] = -1;
      else fMin++;
      if (fMax < highest) forward[o + ++fMax + 1] = -1;
      else fMax--;
      for (let d = fMax; d >= fMin; d -= 2) {
        const [left, right] = [forward[o + d - 1] as number, forward[o + d + 1] as number];
        let i = left >= right ? left + 1 : right;
        while (i < a1 && i - d < b1 && a[i] === b[i - d]) i++;
        forward[o + d] = i;
        if (isOdd && bMin <= d && d <= bMax && (backward[o + d] as number) <= i)
          return cutAt(box, i, i - d, true, true);
      }

      if (bMin > lowest) backward[o + --bMin - 1] = BEYOND;
      else bMin++;
      if (bMax < highest) backward[o + ++bMax + 1] = BEYOND;
      else bMax--;
      for (let d = bMax; d >= bMin; d -= 2) {
        const [left, right] = [backward[o + d - 1] as number, backward[o + d + 1] as number];
        let i = left < right ? left : right - 1;
        while (i > a0 && i - d > b0 && a[i - 1] === b[i - d - 1]) i--;
        backward[o + d] = i;
        if (!isOdd && fMin <= d && d <= fMax && i <= (forward[o + d] as number))
          return cutAt(box, i, i - d, true, true);
      }

      if (!box.exact && steps >= this.#maxSteps) return this.#giveUp(box, [fMin, fMax], [bMin, bMax]);
    }
  }

  /** Cuts where one of the searches has got furthest. The part that it went through is cheap to go through exactly. */
  #giveUp(box: Box, [fMin, fMax]: [number, number], [bMin, bMax]: [number, number]): [Box, Box] {
    const { a0, a1, b0, b1 } = box;
    let [reached, reachedIn] = [-1, 0];
    for (let d = fMax; d >= fMin; d -= 2) {
      const i = Math.min(this.#forward[this.#origin + d] as number, a1, b1 + d);
      if (i + i - d > reached) [reached, reachedIn] = [i + i - d, i];
    }
    let [begun, begunIn] = [BEYOND, 0];
    for (let d = bMax; d >= bMin; d -= 2) {
      const i = Math.max(this.#backward[this.#origin + d] as number, a0, b0 + d);
      if (i + i - d < begun) [begun, begunIn] = [i + i - d, i];
    }
    return a1 + b1 - begun < reached - a0 - b0
      ? cutAt(box, reachedIn, reached - reachedIn, true, false)
      : cutAt(box, begunIn, begun - begunIn, false, true);
  }
}

function cutAt({ a0, a1, b0, b1 }: Box, a: number, b: number, firstExact: boolean, lastExact: boolean): [Box, Box] {
  return [
    { a0, a1: a, b0, b1: b, exact: firstExact },
    { a0: a, a1, b0: b, b1, exact: lastExact },
  ];
}

/** A power of two near the square root of `n`. */
export function roughRoot(n: number): number {
  let root = 1;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 4)) root *= 2;
  return root;
}
