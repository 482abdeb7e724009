/**
 * What vkv asks of a storage engine, and all that it asks: bytes under string keys, with atomicity on one key.
 *
 * No transactions, no atomicity over several keys, no ordering. A backend writes five methods; the rest has defaults
 * built on those five, which a backend overrides where its engine does better (one round trip for a batch).
 *
 * What a backend guarantees, and `vkv/conformance` tests:
 * - `cas` is atomic against every other write of that key, in every process that shares the store, and what it
 *   acknowledged is durable as far as the engine can be.
 * - A read that starts after a write was acknowledged sees that write, or a later one.
 * - `keys` lists each key that is there from its start to its end exactly once.
 * - Bytes are copied on the way in and out: changing an array changes nothing in the store.
 */
import { checkKey, checkValue, describe } from "../bytes.ts";

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** Several keys: an array, a `Set`, any iterable of strings. A bare string is refused. */
export type Keys = Iterable<string> & object;

/** Several keys with their values: a `Map`, any iterable of pairs, or a plain object. */
export type Entries =
  | (Iterable<readonly [key: string, value: Uint8Array]> & object)
  | Readonly<Record<string, Uint8Array>>;

/** What a storage engine can do, where engines differ. */
export interface StoreTraits {
  /** The longest key, in UTF-8 bytes; never under 256. */
  readonly maxKeyBytes: number;
  /** The largest value, in bytes. */
  readonly maxValueBytes: number;
  /** Whether `cas` can remove a key. Without it, nothing is ever collected. */
  readonly conditionalRemove: boolean;
}

/** Bytes under string keys. Extend it to run vkv on any storage. */
export abstract class KVStore implements AsyncDisposable {
  /** The limits of this store. */
  readonly traits: StoreTraits = { maxKeyBytes: 1024, maxValueBytes: 2 ** 31 - 1, conditionalRemove: true };

  /** The value of `key`; `undefined` if there is none. An error of the engine is thrown, never taken for absence. */
  abstract get(key: string): Awaitable<Uint8Array | undefined>;

  /** Sets `key` to `value`, whatever it was. */
  abstract set(key: string, value: Uint8Array): Awaitable<void>;

  /** Removes `key`; no-op if it is missing. */
  abstract remove(key: string): Awaitable<void>;

  /** Every key, or every key that begins with `prefix`, in any order; each key that is there throughout, exactly once. */
  abstract keys(prefix?: string): Iterable<string> | AsyncIterable<string>;

  /**
   * Compare and swap, atomically: sets `key` to `value` (removes it when `value` is `undefined`) only if its value now
   * equals `expected` (`undefined`: it must not exist). Returns whether it did.
   */
  abstract cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Awaitable<boolean>;

  /** The values of those of `keys` that exist. */
  async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const wanted = this.checkKeys(keys);
    const values = await Promise.all(wanted.map((key) => this.get(key)));
    const found = new Map<string, Uint8Array>();
    wanted.forEach((key, i) => {
      const value = values[i];
      if (value !== undefined) found.set(key, value);
    });
    return found;
  }

  /** Sets every entry; not atomic as a whole. An invalid entry: nothing is written. */
  async setMany(entries: Entries): Promise<void> {
    await Promise.all(this.checkEntries(entries).map(([key, value]) => this.set(key, value)));
  }

  /** Creates those of `entries` whose key does not exist, each atomically, on its own. Returns the keys that did exist and were left as they are. */
  async createMany(entries: Entries): Promise<string[]> {
    const list = this.checkEntries(entries);
    const created = await Promise.all(list.map(([key, value]) => this.cas(key, value, undefined)));
    return list.filter((_, i) => created[i] === false).map(([key]) => key);
  }

  /** Removes all of `keys`; those that are missing are passed over. */
  async removeMany(keys: Keys): Promise<void> {
    await Promise.all(this.checkKeys(keys).map((key) => this.remove(key)));
  }

  /** Whether `key` exists. */
  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
  }

  /** Every key with its value, or those under `prefix`, in any order. */
  async *entries(prefix?: string): AsyncIterableIterator<[string, Uint8Array]> {
    for await (const page of pages(this.keys(prefix), 256)) {
      yield* await this.getMany(page);
    }
  }

  /** Removes every key. */
  async clear(): Promise<void> {
    for await (const page of pages(this.keys(), 256)) await this.removeMany(page);
  }

  /** Releases what the store holds open. Idempotent; other calls after it throw `StoreClosedError`. */
  close(): Awaitable<void> {}

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** For backends: throws unless `key` is one that this store can hold. */
  protected checkKey(key: string): void {
    checkKey(key, this.traits.maxKeyBytes);
  }

  /** For backends: throws unless `value` is a `Uint8Array` that this store can hold. */
  protected checkValue(key: string, value: Uint8Array): void {
    checkValue(value, key);
    if (value.length > this.traits.maxValueBytes) {
      throw new RangeError(`The value of ${JSON.stringify(key)} is longer than ${this.traits.maxValueBytes} bytes.`);
    }
  }

  /** For backends: `keys` as an array without repeats; throws if one of them is invalid. */
  protected checkKeys(keys: Keys): string[] {
    const list = [...new Set(keyList(keys))];
    for (const key of list) this.checkKey(key);
    return list;
  }

  /** For backends: `entries` as an array, the last one of each key; throws if one of them is invalid. */
  protected checkEntries(entries: Entries): [key: string, value: Uint8Array][] {
    const list = [...new Map(entryList(entries))];
    for (const [key, value] of list) {
      this.checkKey(key);
      this.checkValue(key, value);
    }
    return list;
  }
}

/** `keys` as an iterable; a `TypeError` for a bare string or anything that is no iterable. */
export function keyList(keys: Keys): Iterable<string> {
  if (typeof keys !== "object" || keys === null || !(Symbol.iterator in keys)) {
    throw new TypeError(`Keys must be an array, a Set or another iterable of strings, not ${describe(keys)}.`);
  }
  return keys;
}

/** `entries` as an iterable of pairs; a `TypeError` for anything else. */
export function entryList(entries: Entries): Iterable<readonly [string, Uint8Array]> {
  if (typeof entries !== "object" || entries === null || ArrayBuffer.isView(entries)) {
    throw new TypeError(`Entries must be a Map, an iterable of pairs or a plain object, not ${describe(entries)}.`);
  }
  if (!(Symbol.iterator in entries)) return Object.entries(entries);
  return checkedPairs(entries as Iterable<readonly [string, Uint8Array]>);
}

function* checkedPairs(
  pairs: Iterable<readonly [string, Uint8Array]>,
): IterableIterator<readonly [string, Uint8Array]> {
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError(`An entry must be a [key, value] pair, not ${describe(pair)}.`);
    }
    yield pair as unknown as readonly [string, Uint8Array];
  }
}

/** The items of `items` in arrays of up to `size`. */
export async function* pages<T>(items: Iterable<T> | AsyncIterable<T>, size: number): AsyncIterableIterator<T[]> {
  let page: T[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length === size) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

