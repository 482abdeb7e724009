/** How many keys one generation notes, unless asked otherwise. */
const GENERATION = 65_536;

/**
 * Which keys were used since that was last stored, and in which order. Bounded: it has two generations, and when the younger
 * one is full, it takes the place of the older one, which is forgotten. So it knows at least the last keys of one
 * generation, and noting a key is one write to a `Map`.
 *
 * Time is counted in ticks since the beginning, or since uses were last stored.
 */
export class RecentUse {
  readonly #generation: number;
  #tick = 0;
  /** The tick up to which all is stored. */
  #start = 0;
  #young: Map<string, number> = new Map();
  #old: Map<string, number> = new Map();

  constructor(generation: number = GENERATION) {
    this.#generation = generation;
  }

  /** The time now. */
  get now(): number {
    return this.#tick - this.#start;
  }

  /** A copy that goes its own way. */
  copy(): RecentUse {
    const copy = new RecentUse(this.#generation);
    copy.#tick = this.#tick;
    copy.#start = this.#start;
    copy.#young = new Map(this.#young);
    copy.#old = new Map(this.#old);
    return copy;
  }

  /** Notes that a key was used. */
  note(key: string): void {
    this.#set(key, ++this.#tick);
  }

  /** Notes that keys were used at the same time. */
  noteAll(keys: Iterable<string>): void {
    const tick = ++this.#tick;
    for (const key of keys) this.#set(key, tick);
  }

  /** Forgets a key. */
  forget(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** When a key was last used; `undefined`: that is not known. */
  lastUse(key: string): number | undefined {
    const tick = this.#young.get(key) ?? this.#old.get(key);
    return tick === undefined ? undefined : tick - this.#start;
  }

  /** The keys that are known, with their last use. */
  *entries(): Generator<[key: string, lastUse: number]> {
    for (const [key, tick] of this.#old) if (!this.#young.has(key)) yield [key, tick - this.#start];
    for (const [key, tick] of this.#young) yield [key, tick - this.#start];
  }

  /** Forgets all up to a time, which is stored: with it a new count begins. */
  startAt(time: number): void {
    this.#start += time;
    for (const generation of [this.#young, this.#old]) {
      for (const [key, tick] of generation) if (tick <= this.#start) generation.delete(key);
    }
  }

  #set(key: string, tick: number): void {
    this.#young.set(key, tick);
    if (this.#young.size < this.#generation) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
