import { roughRoot } from "./middle.ts";

/** How many lines around a line are looked at. */
const WINDOW = 100;

/** A line that is so often in the other version is a frequent one, however long the versions are. */
const FREQUENT = 1024;

/** What is said of a line: it is not in the other version; it is; it is there often. */
const [NOWHERE, SOMEWHERE, OFTEN] = [0, 1, 2];

/**
 * The lines of a version, from `start` to before `end`, that are worth comparing with the other version: not those that it
 * has not got, and not those that it has got often (empty ones, brackets) where they stand among such.
 * The choice is git's.
 *
 * @param counts how often each line is in the other version
 */
export function comparable(lines: Int32Array, start: number, end: number, counts: Int32Array): Int32Array {
  const frequent = Math.min(roughRoot(lines.length), FREQUENT);
  const kinds = Uint8Array.from(lines.subarray(start, end), (line) => {
    const count = counts[line] as number;
    return count === 0 ? NOWHERE : count < frequent ? SOMEWHERE : OFTEN;
  });
  const kept: number[] = [];
  kinds.forEach((kind, i) => {
    if (kind === SOMEWHERE || (kind === OFTEN && !isAmongUnknown(kinds, i))) kept.push(start + i);
  });
  return Int32Array.from(kept);
}

/** Whether there are lines on both sides of a frequent line that are nowhere, and more than three of them for each frequent one. */
function isAmongUnknown(kinds: Uint8Array, at: number): boolean {
  let [nowhere, often] = [0, 2];
  for (const step of [-1, 1]) {
    const before = nowhere;
    for (let i = at + step; Math.abs(i - at) <= WINDOW; i += step) {
      if (kinds[i] === NOWHERE) nowhere++;
      else if (kinds[i] === OFTEN) often++;
      else break;
    }
    if (nowhere === before) return false;
  }
  return often * 4 < often + nowhere;
}
