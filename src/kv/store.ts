import { checkKey, checkValue, describe } from "../bytes.ts";
import { InvalidKeyError } from "../errors.ts";

/** How many keys a listing or `clear` handles at a time. */
const PAGE = 256;

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
  /**
   * How much of a history's newest part may be stored as changes alone, without the nodes of its trees: so many commits
   * and changed keys, taken together (values over 4 KiB count more). Commits then take a tenth of the bytes and one write each; who reads one for the first time
   * gathers the changes in a few more round trips. For engines in the same process: 2,048 is a good value; up to 999,999. 0 unless given.
   */
  readonly tailLimit?: number;
}

/**
 * What vkv asks of a storage engine, and all that it asks: bytes under string keys, with atomicity on one key. Extend it to
 * run vkv on any storage.
 *
 * No transactions, no atomicity over several keys, no ordering. A backend writes five methods (`get`, `set`, `remove`, `keys`,
 * `cas`); the rest has defaults built on those five, which a backend overrides where its engine does better (one round
 * trip for a batch).
 *
 * What a backend guarantees, and `vkv/conformance` tests:
 * - `cas` is atomic against every other write of that key, in every process that shares the store, and what it
 *   acknowledged is durable as far as the engine can be, with all that was acknowledged before it.
 * - A read that starts after a write was acknowledged sees that write, or a later one.
 * - `keys` lists each key that is there from its start to its end exactly once, whatever is written meanwhile.
 * - Bytes are copied on the way in and out: changing an array changes nothing in the store.
 * - Invalid input is refused before anything is written: `TypeError` for a key that is no string or a value that is no
 *   `Uint8Array`, `InvalidKeyError` for a key that is empty, too long or not well-formed, `RangeError` for a value that
 *   is too long. Input may be refused by a throw or by a rejected promise.
 *
 * A store whose engine fails throws, as `StorageError` or as its own error; one that was closed throws `StoreClosedError`.
 */
export abstract class KVStore implements AsyncDisposable {
  /** The limits of this store. */
  readonly traits: StoreTraits = { maxKeyBytes: 1024, maxValueBytes: 2 ** 31 - 1, conditionalRemove: true };

  /** The store that has the last word: this one, unless it only caches others. */
  get authority(): KVStore {
    return this;
  }

  /** The value of `key`; `undefined` if there is none. An error of the engine is thrown, never taken for absence. */
  abstract get(key: string): Awaitable<Uint8Array | undefined>;

  /** Sets `key` to `value`, whatever it was. */
  abstract set(key: string, value: Uint8Array): Awaitable<void>;

  /** Removes `key`; no-op if it is missing. */
  abstract remove(key: string): Awaitable<void>;

  /**
   * Every key, or every key that begins with `prefix`, in any order; each key that is there throughout, exactly once.
   *
   * @param prefix a well-formed string
   */
  abstract keys(prefix?: string): Iterable<string> | AsyncIterable<string>;

  /**
   * Compare and swap, atomically: sets `key` only if its value now is the expected one.
   *
   * @param value what to set it to; `undefined` removes it
   * @param expected what its value must equal; `undefined`: it must not exist
   * @returns whether it did
   */
  abstract cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Awaitable<boolean>;

  /** The values of those of `keys` that exist. */
  getMany(keys: Keys): Awaitable<Map<string, Uint8Array>> {
    return this.#getEach(this.checkKeys(keys));
  }

  /** Sets every entry, the last one of a key that comes twice; not atomic as a whole. An invalid entry: nothing is written. */
  setMany(entries: Entries): Awaitable<void> {
    return all(this.checkEntries(entries), ([key, value]) => this.set(key, value)).then(() => undefined);
  }

  /**
   * Creates those of `entries` whose key does not exist, each atomically, on its own; of a key that comes twice, the
   * last entry.
   *
   * @returns the keys that did exist and were left as they are
   */
  createMany(entries: Entries): Awaitable<string[]> {
    const list = this.checkEntries(entries);
    return all(list, ([key, value]) => this.cas(key, value, undefined)).then((created) =>
      list.filter((_, i) => created[i] === false).map(([key]) => key),
    );
  }

  /** Removes all of `keys`; those that are missing are passed over. */
  removeMany(keys: Keys): Awaitable<void> {
    return all(this.checkKeys(keys), (key) => this.remove(key)).then(() => undefined);
  }

  /** The value of `key` as it is now, past any cache and any state that lags behind; wrappers that cache override it, and other wrappers pass it on. */
  getFresh(key: string): Awaitable<Uint8Array | undefined> {
    return this.get(key);
  }

  /** Whether `key` exists. */
  has(key: string): Awaitable<boolean> {
    return this.#has(key);
  }

  /** Every key with its value, or those under `prefix`, in any order; a key that is removed meanwhile may be left out. */
  async *entries(prefix?: string): AsyncIterable<[string, Uint8Array]> {
    for await (const page of pages(this.keys(prefix), PAGE)) yield* await this.getMany(page);
  }

  /** Removes every key that is there when it starts. */
  clear(): Awaitable<void> {
    return this.#clear();
  }

  /** Releases what the store holds open. Idempotent; other calls after it throw `StoreClosedError`. */
  close(): Awaitable<void> {}

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
  }

  async #getEach(keys: readonly string[]): Promise<Map<string, Uint8Array>> {
    const values = await all(keys, (key) => this.get(key));
    const found = new Map<string, Uint8Array>();
    keys.forEach((key, i) => {
      const value = values[i];
      if (value !== undefined) found.set(key, value);
    });
    return found;
  }

  async #clear(): Promise<void> {
    for await (const page of pages(this.keys(), PAGE)) await this.removeMany(page);
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

  /** For backends: throws unless `prefix` is a well-formed string. */
  protected checkPrefix(prefix: string): void {
    if (typeof prefix !== "string") throw new TypeError(`A prefix must be a string, not ${describe(prefix)}.`);
    if (!prefix.isWellFormed()) throw new InvalidKeyError(prefix, "it has a lone surrogate");
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

/** Throws a `TypeError` for what is no store. */
export function checkStore(store: KVStore): void {
  if (!(store instanceof KVStore)) throw new TypeError(`A store must be a KVStore, not ${describe(store)}.`);
}

/** `entries` as an iterable of pairs; a `TypeError` for anything else. */
export function entryList(entries: Entries): Iterable<readonly [string, Uint8Array]> {
  if (typeof entries !== "object" || entries === null || ArrayBuffer.isView(entries)) {
    throw new TypeError(`Entries must be a Map, an iterable of pairs or a plain object, not ${describe(entries)}.`);
  }
  if (!(Symbol.iterator in entries)) {
    if (!isPlain(entries)) throw new TypeError(`Entries must not be ${describe(entries)}.`);
    return Object.entries(entries);
  }
  return checkedPairs(entries as Iterable<readonly [string, Uint8Array]>);
}

/** Whether `value` is an object literal, of this realm or another, or has no prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
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

/** The results of `work` on all of `items` at once. What a synchronous `work` throws rejects, like a rejection. */
function all<T, R>(items: readonly T[], work: (item: T) => Awaitable<R>): Promise<R[]> {
  return Promise.all(items.map(async (item) => work(item)));
}
