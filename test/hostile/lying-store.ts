import { KVStore, type Memory } from "vkv";
import type { Keys } from "../../src/kv/store.ts";
import { randomFrom } from "../support/tree.ts";

/** What a store that lies gives instead of the truth. */
export type Lie = "absent" | "another" | "truncated" | "longer" | "flipped" | "mixed" | "older";

export interface LieOptions {
  readonly seed: number;
  /** One answer in so many is a lie. */
  readonly oneIn: number;
  /** How it lies about a key. */
  readonly about: (key: string) => readonly Lie[];
}

/** A store whose reads are lies now and then, drawn from a seed; what is written to it is kept as it is. */
export class LyingStore extends KVStore {
  readonly inner: Memory;
  /** What keys held before. */
  readonly #older: Map<string, Uint8Array[]> = new Map();
  readonly #options: LieOptions;
  readonly #random: (below: number) => number;
  told = 0;

  constructor(inner: Memory, options: LieOptions) {
    super();
    this.inner = inner;
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  override async get(key: string): Promise<Uint8Array | undefined> {
    const truth = this.inner.get(key);
    const { oneIn, about } = this.#options;
    const lies = about(key);
    const lie = lies[this.#random(lies.length || 1)];
    if (lie === undefined || this.#random(oneIn) > 0) return truth;
    this.told++;
    return this.#lie(lie, key, truth);
  }

  override set(key: string, value: Uint8Array): void {
    this.#remember(key);
    this.inner.set(key, value);
  }

  override remove(key: string): void {
    this.#remember(key);
    this.inner.remove(key);
  }

  override keys(prefix?: string): Iterable<string> {
    return this.inner.keys(prefix);
  }

  override cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): boolean {
    this.#remember(key);
    return this.inner.cas(key, value, expected);
  }

  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const key of keys) {
      const value = await this.get(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  #remember(key: string): void {
    const value = this.inner.get(key);
    if (value === undefined) return;
    const older = this.#older.get(key) ?? [];
    older.push(value);
    this.#older.set(key, older);
  }

  #lie(lie: Lie, key: string, truth: Uint8Array | undefined): Uint8Array | undefined {
    const value = truth ?? new Uint8Array(0);
    const others = [...this.inner.keys()].filter((other) => other !== key);
    const other = this.inner.get(others[this.#random(others.length)] ?? key) ?? value;
    const alike = others.filter((name) => name.slice(0, 2) === key.slice(0, 2));
    switch (lie) {
      case "absent":
        return undefined;
      case "another":
        return this.inner.get(alike[this.#random(alike.length || 1)] ?? key);
      case "truncated":
        return value.slice(0, this.#random(value.length || 1));
      case "longer":
        return Uint8Array.from([...value, this.#random(256)]);
      case "flipped": {
        const changed = value.slice();
        const at = this.#random(value.length || 1);
        if (value.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << this.#random(8));
        return changed;
      }
      case "mixed": {
        const header = this.#random(20);
        return Uint8Array.from([...value.subarray(0, header), ...other.subarray(header)]);
      }
      case "older": {
        const older = this.#older.get(key) ?? [];
        return older[this.#random(older.length || 1)]?.slice() ?? truth;
      }
    }
  }
}
