/**
 * How many changed lines there are in each gap between the lines that stay: before the first one, before the second …,
 * after the last. What stays in two versions is the same, so that their gaps correspond.
 */
export type Gaps = Int32Array;

/** The gaps of a version, from what `changed` says of its lines. */
export function gapsOf(changed: Uint8Array): Gaps {
  const gaps: number[] = [0];
  for (const isChanged of changed) {
    if (isChanged === 1) gaps.push((gaps.pop() ?? 0) + 1);
    else gaps.push(0);
  }
  return Int32Array.from(gaps);
}

/**
 * Changed lines between equal ones could lie a few lines up or down just as well: of "a b a b" against "a b", the first
 * two lines may be the new ones, or the last two, or those between. Moves all changed lines of a version as far down as they go, joining
 * those that meet, or, if they can lie where the other version has changed lines, too, as far down as that. That is what git
 * does; so the two sides of a merge say of equal changes that they are in equal places.
 */
export function slide(lines: Int32Array, gaps: Gaps, other: Gaps): void {
  const last = gaps.length - 1;
  let start = 0;
  for (let k = 0; k <= last; k++) {
    let size = gaps[k] as number;
    if (size > 0) {
      let before: number;
      let aligned: number;
      do {
        before = size;
        while (k > 0 && lines[start - 1] === lines[start + size - 1]) {
          gaps[k--] = 0;
          const joined = gaps[k] as number;
          size += joined;
          start -= joined + 1;
        }
        aligned = other[k] === 0 ? -1 : k;
        while (k < last && lines[start] === lines[start + size]) {
          gaps[k++] = 0;
          size += gaps[k] as number;
          start++;
          if (other[k] !== 0) aligned = k;
        }
        gaps[k] = size;
      } while (size !== before);
      if (aligned >= 0) {
        gaps[k] = 0;
        start -= k - aligned;
        k = aligned;
        gaps[k] = size;
      }
    }
    start += size + 1;
  }
}
