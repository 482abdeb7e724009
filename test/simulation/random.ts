/** Random choices that are the same for every seed (Mulberry32, by T. Ettinger). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1);
  }

  /** A number from 0 to before 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to before `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of several. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("There is nothing to pick from.");
    return item;
  }

  /** One of several, each as often as its weight says. */
  weighted<T>(items: Iterable<readonly [item: T, weight: number]>): T {
    const list = [...items].filter(([, weight]) => weight > 0);
    let left = this.next() * list.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [item, weight] of list) {
      left -= weight;
      if (left < 0) return item;
    }
    return this.pick(list)[0];
  }

  /** The same items in another order. */
  shuffled<T>(items: Iterable<T>): T[] {
    const keyed = [...items].map((item) => ({ item, rank: this.next() }));
    return keyed.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
  }

  /** Another source of choices, by this one. */
  fork(): Random {
    return new Random(this.below(2 ** 32));
  }
}
