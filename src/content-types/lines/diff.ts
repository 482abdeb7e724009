/** What changed between two versions of a text, by lines: the same as git says. */
import { comparable } from "./comparable.ts";
import { type Box, MiddleFinder } from "./middle.ts";
import { gapsOf, slide } from "./slide.ts";

/** Lines that were changed: those of the old version from `oldStart` to before `oldEnd` have become those of the new one. */
export interface Hunk {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/**
 * The changes from `a` to `b`, from first to last, with lines between them that stayed.
 *
 * @param a the lines of the old version, as numbers from 0 to before `kinds`
 * @param b those of the new version
 */
export function diffLines(a: Int32Array, b: Int32Array, kinds: number): Hunk[] {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let tail = 0;
  while (tail < shorter - start && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;

  const indexesInA = comparable(a, start, a.length - tail, countsOf(b, kinds));
  const indexesInB = comparable(b, start, b.length - tail, countsOf(a, kinds));
  const [changedInA, changedInB] = compare(
    indexesInA.map((i) => a[i] as number),
    indexesInB.map((i) => b[i] as number),
  );
  const gapsOfA = gapsOf(spread(changedInA, indexesInA, a.length, start, tail));
  const gapsOfB = gapsOf(spread(changedInB, indexesInB, b.length, start, tail));
  slide(a, gapsOfA, gapsOfB);
  slide(b, gapsOfB, gapsOfA);
  return hunksOf(gapsOfA, gapsOfB);
}

function countsOf(lines: Int32Array, kinds: number): Int32Array {
  const counts = new Int32Array(kinds);
  for (const line of lines) counts[line] = (counts[line] as number) + 1;
  return counts;
}

/** Which elements of two sequences are not in a longest sequence that both have, or in one nearly as long where that takes too long. */
function compare(a: Int32Array, b: Int32Array): [Uint8Array, Uint8Array] {
  const changed: [Uint8Array, Uint8Array] = [new Uint8Array(a.length), new Uint8Array(b.length)];
  const finder = new MiddleFinder(a, b);
  const boxes: Box[] = [{ a0: 0, a1: a.length, b0: 0, b1: b.length, exact: false }];
  for (let box = boxes.pop(); box !== undefined; box = boxes.pop()) {
    let { a0, a1, b0, b1 } = box;
    while (a0 < a1 && b0 < b1 && a[a0] === b[b0]) [a0, b0] = [a0 + 1, b0 + 1];
    while (a0 < a1 && b0 < b1 && a[a1 - 1] === b[b1 - 1]) [a1, b1] = [a1 - 1, b1 - 1];
    if (a0 === a1) changed[1].fill(1, b0, b1);
    else if (b0 === b1) changed[0].fill(1, a0, a1);
    else boxes.push(...finder.cut({ a0, a1, b0, b1, exact: box.exact }));
  }
  return changed;
}

/** What is changed in a version, from what is changed of the lines that were compared: those that were not are changed, too, but those at both ends. */
function spread(changed: Uint8Array, indexes: Int32Array, length: number, head: number, tail: number): Uint8Array {
  const all = new Uint8Array(length).fill(1, head, length - tail);
  indexes.forEach((index, i) => {
    all[index] = changed[i] as number;
  });
  return all;
}

function hunksOf(gapsOfA: Int32Array, gapsOfB: Int32Array): Hunk[] {
  const hunks: Hunk[] = [];
  let [oldStart, newStart] = [0, 0];
  gapsOfA.forEach((removed, k) => {
    const [oldEnd, newEnd] = [oldStart + removed, newStart + (gapsOfB[k] as number)];
    if (oldEnd > oldStart || newEnd > newStart) hunks.push({ oldStart, oldEnd, newStart, newEnd });
    [oldStart, newStart] = [oldEnd + 1, newEnd + 1];
  });
  return hunks;
}
