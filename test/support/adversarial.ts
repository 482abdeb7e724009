import { hashOf } from "../../src/chunk/hash.ts";
import { keyBytes } from "../../src/tree/key-bytes.ts";

/** Keys chosen against the tree's boundaries (`src/tree/boundary.ts`), as anybody who knows the code can choose them. */
const DIGITS = [..."-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"];
const CODES = DIGITS.map((digit) => digit.charCodeAt(0));
const PRIME = 0x01000193;
/** The inverse of the prime modulo 2^32. */
const INVERSE = 0x359c449b;

/** FNV-1a's state after a text of ASCII. */
function stateAfter(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), PRIME);
  return state | 0;
}

/**
 * `count` ascending keys that all have the same FNV-1a hash, so the same boundary hash on each level: no entry is ever a
 * local minimum. They are sequences of blocks that lead from one state back to it.
 */
export function keysOfOneHash(count: number, prefix = "same/"): string[] {
  const blocks = blocksAround(stateAfter(prefix));
  if (blocks.length < 2) throw new Error(`no blocks found for ${prefix}`);
  const length = Math.ceil(Math.log(count) / Math.log(blocks.length));
  return Array.from({ length: count }, (_, i) => {
    let key = "";
    for (let rest = i, at = 0; at < length; at++, rest = Math.floor(rest / blocks.length)) {
      key = (blocks[rest % blocks.length] ?? "") + key;
    }
    return prefix + key;
  });
}

/**
 * `count` ascending keys that all have the same boundary hash, and whose SHA-256 ascend as well (or descend). Tries `count`²
 * keys: about half a second for 400.
 */
export function keysOfRisingRanks(count: number, prefix = "ranks/", isFalling = false): string[] {
  const keys: string[] = [];
  for (const key of keysOfOneHash(2 * count * count, prefix)) {
    const rank = Number.parseInt(hashOf(keyBytes(key)).slice(0, 8), 16) / 2 ** 32;
    if (Math.floor((isFalling ? 1 - rank : rank) * count) === keys.length) keys.push(key);
  }
  if (keys.length < count) throw new Error(`only ${keys.length} keys found for ${prefix}`);
  return keys;
}

/** Six digits that lead from a state back to it, all there are. Meets in the middle. */
function blocksAround(state: number): string[] {
  const ends = new Map<number, string[]>();
  eachThree((a, b, c) => {
    let before = state;
    for (const at of [c, b, a]) before = Math.imul(before, INVERSE) ^ (CODES[at] ?? 0);
    const known = ends.get(before | 0);
    const text = `${DIGITS[a]}${DIGITS[b]}${DIGITS[c]}`;
    if (known === undefined) ends.set(before | 0, [text]);
    else known.push(text);
  });
  const blocks: string[] = [];
  eachThree((a, b, c) => {
    let after = state;
    for (const at of [a, b, c]) after = Math.imul(after ^ (CODES[at] ?? 0), PRIME);
    for (const end of ends.get(after | 0) ?? []) blocks.push(`${DIGITS[a]}${DIGITS[b]}${DIGITS[c]}${end}`);
  });
  return blocks.sort();
}

function eachThree(visit: (a: number, b: number, c: number) => void): void {
  for (let a = 0; a < 64; a++) for (let b = 0; b < 64; b++) for (let c = 0; c < 64; c++) visit(a, b, c);
}

/** `count` ascending keys whose boundary hashes on the leaves' level ascend, too. */
export function keysOfRisingHashes(count: number, prefix = "rising/"): string[] {
  const width = 2 ** 32 / count;
  return Array.from({ length: count }, (_, i) => {
    const start = `${prefix}${String(i).padStart(6, "0")}`;
    const state = stateAfter(start);
    let found: string | undefined;
    for (let a = 0; a < 64 && found === undefined; a++) {
      const one = Math.imul(state ^ (CODES[a] ?? 0), PRIME);
      for (let b = 0; b < 64 && found === undefined; b++) {
        const two = Math.imul(one ^ (CODES[b] ?? 0), PRIME);
        for (let c = 0; c < 64; c++) {
          if (Math.floor(finished(Math.imul(two ^ (CODES[c] ?? 0), PRIME)) / width) !== i) continue;
          found = `${start}${DIGITS[a]}${DIGITS[b]}${DIGITS[c]}`;
          break;
        }
      }
    }
    if (found === undefined) throw new Error(`no key found for ${start}`);
    return found;
  });
}

/** The finaliser of boundary hashes. */
function finished(state: number): number {
  let hash = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
