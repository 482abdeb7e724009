/** The data of every workload: keys like `user/000123/profile`, values of 100 random bytes, all from a seed. */

const VALUE_BYTES = 100;
/** How many values share one buffer: one buffer a value would cost more than the value. */
const SLAB = 10_000;

/** The key of number `index`; six digits, and as many more as `count` keys need. A flat string, as one that was read from somewhere. */
export function keyOf(index, count, name = "profile") {
  return Buffer.from(`user/${digits(index, count)}/${name}`, "latin1").toString("latin1");
}

function digits(index, count) {
  return String(index).padStart(Math.max(6, String(count - 1).length), "0");
}

/** A prefix that exactly 1,000 of `count` keys have, in the same order as the keys; `count` is a multiple of 1,000. */
export function prefixOf(index, count) {
  return `user/${digits(index * 1000, count).slice(0, -3)}`;
}

/** Random numbers and bytes from a seed (xorshift32, Marsaglia 2003). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 1;
  }

  #next() {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  below(limit) {
    return this.#next() % limit;
  }

  /** `count` values, several in one buffer. */
  values(count) {
    const words = new Uint32Array((count * VALUE_BYTES) / 4);
    for (let i = 0; i < words.length; i++) words[i] = this.#next();
    const bytes = new Uint8Array(words.buffer);
    return Array.from({ length: count }, (_, i) => bytes.subarray(i * VALUE_BYTES, (i + 1) * VALUE_BYTES));
  }

  /** `count` different numbers below `limit`. */
  distinct(count, limit) {
    const chosen = new Set();
    while (chosen.size < count) chosen.add(this.below(limit));
    return [...chosen];
  }

  shuffle(list) {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [list[i], list[j]] = [list[j], list[i]];
    }
    return list;
  }
}

/** All entries, in key order, made as they are asked for. */
export function* entriesOf(count, seed = 1) {
  const random = new Random(seed);
  for (let from = 0; from < count; from += SLAB) {
    const values = random.values(Math.min(SLAB, count - from));
    for (let i = 0; i < values.length; i++) yield [keyOf(from + i, count), values[i]];
  }
}

/** New values for `count` different keys of `keys`. */
export function updatesOf(random, count, keys) {
  const values = random.values(count);
  return random.distinct(count, keys).map((index, i) => [keyOf(index, keys), values[i]]);
}
