import type { Hash } from "./hash.ts";

/** 32-bit words kept of each hash: 128 bits, of which no two different ones of SHA-256 can be found to agree. */
const WORDS = 4;

/**
 * A set of hashes in one array: 32 to 64 bytes each instead of the 200 that a `Set` of strings takes, so that the millions
 * of chunks of a large store fit in memory.
 */
export class HashSet {
  #slots: Uint32Array = new Uint32Array(1024 * WORDS);
  #size = 0;

  /** How many hashes it has. */
  get size(): number {
    return this.#size;
  }

  /** Adds a hash, or a variant of it: 32 bits that tell it from others of the same hash; whether it is new. */
  add(hash: Hash, variant = 0): boolean {
    if (2 * (this.#size + 1) * WORDS > this.#slots.length) this.#grow();
    const words = wordsOf(hash, variant);
    const at = find(this.#slots, words);
    if (this.#slots[at] !== 0) return false;
    this.#slots.set(words, at);
    this.#size++;
    return true;
  }

  /** Whether it has a hash, or that variant of it. */
  has(hash: Hash, variant = 0): boolean {
    return this.#slots[find(this.#slots, wordsOf(hash, variant))] !== 0;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at] === 0) continue;
      const words = old.subarray(at, at + WORDS);
      this.#slots.set(words, find(this.#slots, words));
    }
  }
}

/** The leading bits of a hash; a variant changes the last ones. The first word is never 0, which marks a free place. */
function wordsOf(hash: Hash, variant: number): number[] {
  const words = [];
  for (let i = 0; i < WORDS; i++) words.push(Number.parseInt(hash.slice(8 * i, 8 * i + 8), 16));
  words[0] = words[0] || 1;
  words[WORDS - 1] = ((words[WORDS - 1] ?? 0) ^ variant) >>> 0;
  return words;
}

/** Where the words are, or the free place where they belong. */
function find(slots: Uint32Array, words: ArrayLike<number>): number {
  const mask = slots.length / WORDS - 1;
  for (let place = (words[0] ?? 0) & mask; ; place = (place + 1) & mask) {
    const at = place * WORDS;
    if (slots[at] === 0) return at;
    let same = true;
    for (let i = 0; i < WORDS && same; i++) same = slots[at + i] === words[i];
    if (same) return at;
  }
}
