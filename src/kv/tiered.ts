import { describe, utf8Length } from "../bytes.ts";
import { StoreClosedError } from "../errors.ts";
import { isChunkKey } from "./chunk-keys.ts";
import { type Fill, Overlaps } from "./overlaps.ts";
import { type Awaitable, type Entries, type Keys, KVStore, type StoreTraits } from "./store.ts";

/** How `Tiered` caches. */
export interface TieredOptions {
  /** Whether the value of `key` may be cached, always the same for one key; by default, whether it is one of vkv's immutable chunks. */
  readonly cacheable?: (key: string) => boolean;
  /** Told of every error of a cache, which is then passed over. By default nobody is told; what it throws is dropped. */
  readonly onCacheError?: (error: unknown, cache: KVStore) => void;
}

/**
 * Caches over a store that is authoritative, the fastest first: `new Tiered([memory, disk, remote])`. Keys whose value
 * does not change are read from the first tier that has them, and put into the tiers before it; everything else goes to
 * the last one. A cache that fails is passed over; an error of the authority is an error. A cache that never answers
 * hangs whoever waits for it: `Tiered` has no time-outs, so tiers that may hang should have their own.
 *
 * A write goes to the authority, and then drops the key from all caches, whatever the outcome. What others write to
 * the authority is not seen in cached keys: a cached chunk may be older than the authority's, or gone there. vkv knows
 * that. A damaged chunk in a cache is read once more by `getFresh`, past the caches. `close` closes all tiers.
 *
 * @example
 * import { Memory, Tiered } from "vkv";
 *
 * const remote = new Memory(); // a slower store
 * await using store = new Tiered([new Memory(), remote], { onCacheError: (error) => console.warn(error) });
 */
export class Tiered extends KVStore {
  /** Those of the last tier. */
  override readonly traits: StoreTraits;
  readonly #last: KVStore;
  readonly #caches: readonly Cache[];
  readonly #cacheable: (key: string) => boolean;
  readonly #overlaps: Overlaps = new Overlaps();
  #closing: Promise<void> | undefined;

  /**
   * Puts caches before a store; nothing is read or written.
   *
   * @param tiers the caches, the fastest first, then the authority
   * @throws TypeError if there is no tier, or one is no store
   */
  constructor(tiers: readonly KVStore[], options: TieredOptions = {}) {
    super();
    const last = checkTiers(tiers).at(-1);
    if (last === undefined) throw new TypeError("Tiered needs at least one store.");
    const { cacheable = isChunkKey, onCacheError = (): void => undefined } = options;
    checkFunction("cacheable", cacheable);
    checkFunction("onCacheError", onCacheError);
    this.#last = last;
    this.traits = last.traits;
    this.#caches = tiers.slice(0, -1).map((store) => new Cache(store, (error) => tell(onCacheError, error, store)));
    this.#cacheable = this.#caches.length === 0 ? (): boolean => false : cacheable;
  }

  /** The last tier, or that one's authority. Collection and `verify` use it alone. */
  override get authority(): KVStore {
    return this.#last.authority;
  }

  override get(key: string): Awaitable<Uint8Array | undefined> {
    this.#checkOpen();
    this.checkKey(key);
    if (!this.#cacheable(key)) return this.#last.get(key);
    return this.#readThrough([key]).then((found) => found.get(key));
  }

  override getMany(keys: Keys): Awaitable<Map<string, Uint8Array>> {
    this.#checkOpen();
    const list = this.checkKeys(keys);
    if (!list.some(this.#cacheable)) return this.#last.getMany(list);
    return this.#readThrough(list);
  }

  /** The authority's value, which is put into the caches in place of what they have. */
  override getFresh(key: string): Awaitable<Uint8Array | undefined> {
    this.#checkOpen();
    this.checkKey(key);
    return this.#cacheable(key) ? this.#readPast(key) : this.#last.getFresh(key);
  }

  override has(key: string): Awaitable<boolean> {
    this.#checkOpen();
    this.checkKey(key);
    return this.#cacheable(key) ? this.#hasCached(key) : this.#last.has(key);
  }

  override set(key: string, value: Uint8Array): Awaitable<void> {
    this.#checkOpen();
    this.checkKey(key);
    this.checkValue(key, value);
    return this.#write([key], () => this.#last.set(key, value));
  }

  override setMany(entries: Entries): Awaitable<void> {
    this.#checkOpen();
    const list = this.checkEntries(entries);
    return this.#write(
      list.map(([key]) => key),
      () => this.#last.setMany(list),
    );
  }

  override remove(key: string): Awaitable<void> {
    this.#checkOpen();
    this.checkKey(key);
    return this.#write([key], () => this.#last.remove(key));
  }

  override removeMany(keys: Keys): Awaitable<void> {
    this.#checkOpen();
    const list = this.checkKeys(keys);
    return this.#write(list, () => this.#last.removeMany(list));
  }

  override cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Awaitable<boolean> {
    this.#checkOpen();
    this.checkKey(key);
    if (value !== undefined) this.checkValue(key, value);
    if (expected !== undefined) this.checkValue(key, expected);
    return this.#write([key], () => this.#last.cas(key, value, expected));
  }

  /** As every store's, by the authority; what was created is cached. */
  override createMany(entries: Entries): Awaitable<string[]> {
    this.#checkOpen();
    const list = this.checkEntries(entries);
    const cacheable = list.filter(([key]) => this.#cacheable(key));
    if (cacheable.length === 0) return this.#last.createMany(list);
    return this.#createAndFill(list, cacheable);
  }

  override keys(prefix?: string): Iterable<string> | AsyncIterable<string> {
    this.#checkOpen();
    return this.#last.keys(prefix);
  }

  override entries(prefix?: string): AsyncIterable<[string, Uint8Array]> {
    this.#checkOpen();
    return this.#last.entries(prefix);
  }

  /** Removes every key from every tier. */
  override clear(): Awaitable<void> {
    this.#checkOpen();
    return this.#overlaps.writeAll(
      () => this.#last.clear(),
      () => this.#eachCache((cache) => cache.clear()),
    );
  }

  /** Closes all tiers. Idempotent; other calls after it throw `StoreClosedError`. */
  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#eachCache((cache) => cache.close());
    await this.#last.close();
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new StoreClosedError();
  }

  /** The values of `keys`, which are cacheable in part, from the first tier that has them. */
  async #readThrough(keys: readonly string[]): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    const direct = keys.filter((key) => !this.#cacheable(key));
    const left = new Set(keys.filter(this.#cacheable));
    const [first, ...others] = this.#caches;
    const missing: [Cache, string[]][] = [];
    const ask = async (cache: Cache): Promise<void> => {
      const values = await cache.getMany([...left]);
      for (const [key, value] of values ?? []) {
        found.set(key, value);
        left.delete(key);
      }
      // A cache that failed is not filled either.
      if (values !== undefined) missing.push([cache, [...left]]);
    };
    if (first !== undefined) await ask(first);
    if (left.size === 0 && direct.length === 0) return found;
    // What the first cache has fills nothing; from here on, writes matter.
    const fill = this.#overlaps.beginFill([...left]);
    try {
      for (const cache of others) if (left.size > 0) await ask(cache);
      const rest = [...left, ...direct];
      if (rest.length > 0) for (const [key, value] of await this.#last.getMany(rest)) found.set(key, value);
      await this.#fill(
        fill,
        missing.map(([cache, lacking]) => [cache, pick(found, lacking)]),
      );
    } finally {
      this.#overlaps.endFill(fill);
    }
    return found;
  }

  async #readPast(key: string): Promise<Uint8Array | undefined> {
    const fill = this.#overlaps.beginFill([key]);
    try {
      const value = await this.#last.getFresh(key);
      // As in `#fill`; a write that overlapped drops the key itself.
      if (!fill.stale.has(key)) {
        fill.filling = this.#eachCache((cache) => cache.replace(key, value));
        await fill.filling;
      }
      return value;
    } finally {
      this.#overlaps.endFill(fill);
    }
  }

  async #hasCached(key: string): Promise<boolean> {
    for (const cache of this.#caches) {
      if (await cache.has(key)) return true;
    }
    return this.#last.has(key);
  }

  #write<T>(keys: readonly string[], write: () => Awaitable<T>): Awaitable<T> {
    const cached = keys.filter(this.#cacheable);
    if (cached.length === 0) return write();
    return this.#overlaps.write(cached, write, () => this.#eachCache((cache) => cache.drop(cached)));
  }

  async #createAndFill(list: [string, Uint8Array][], cacheable: [string, Uint8Array][]): Promise<string[]> {
    // The arrays are the caller's, who may change them while the authority is at work.
    const values = new Map(cacheable.map(([key, value]) => [key, new Uint8Array(value)]));
    const fill = this.#overlaps.beginFill([...values.keys()]);
    try {
      const existing = await this.#last.createMany(list);
      for (const key of existing) values.delete(key);
      await this.#fill(
        fill,
        this.#caches.map((cache) => [cache, values]),
      );
      return existing;
    } finally {
      this.#overlaps.endFill(fill);
    }
  }

  /** Puts into each cache those of its values that no write has overlapped. */
  async #fill(fill: Fill, values: readonly (readonly [Cache, ReadonlyMap<string, Uint8Array>])[]): Promise<void> {
    // From the look at `stale` to the setting of `filling`, nothing else may run.
    const fresh = values.map(([cache, all]) => cache.fill([...all].filter(([key]) => !fill.stale.has(key))));
    fill.filling = Promise.all(fresh);
    await fill.filling;
  }

  async #eachCache(work: (cache: Cache) => Promise<void>): Promise<void> {
    await Promise.all(this.#caches.map(work));
  }
}

/** A tier that may fail: its errors are reported, and what it could not be told is not believed. */
class Cache {
  readonly #store: KVStore;
  readonly #report: (error: unknown) => void;
  /** The keys that may be there with an old value. */
  readonly #distrusted: Set<string> = new Set();
  #useless = false;

  constructor(store: KVStore, report: (error: unknown) => void) {
    this.#store = store;
    this.#report = report;
  }

  /** Those of `keys` that are cached; `undefined` if the cache failed. */
  async getMany(keys: readonly string[]): Promise<Map<string, Uint8Array> | undefined> {
    if (this.#useless) return undefined;
    const wanted = this.#distrusted.size === 0 ? keys : keys.filter((key) => !this.#distrusted.has(key));
    return this.#try(() => this.#store.getMany(wanted));
  }

  async has(key: string): Promise<boolean> {
    if (this.#useless || this.#distrusted.has(key)) return false;
    return (await this.#try(() => this.#store.has(key))) ?? false;
  }

  async fill(entries: [string, Uint8Array][]): Promise<void> {
    const fitting = entries.filter(([key, value]) => this.#fits(key, value));
    if (this.#useless || fitting.length === 0) return;
    const keys = fitting.map(([key]) => key);
    this.#distrust(keys, (await this.#try(() => this.#done(this.#store.setMany(fitting)))) === undefined);
  }

  /** Puts `value` in place of what is cached; only drops that if `value` is `undefined` or does not fit. */
  async replace(key: string, value: Uint8Array | undefined): Promise<void> {
    await (value !== undefined && this.#fits(key, value) ? this.fill([[key, value]]) : this.drop([key]));
  }

  async drop(keys: readonly string[]): Promise<void> {
    if (this.#useless) return;
    this.#distrust(keys, (await this.#try(() => this.#done(this.#store.removeMany(keys)))) === undefined);
  }

  async clear(): Promise<void> {
    this.#useless = (await this.#try(() => this.#done(this.#store.clear()))) === undefined;
    if (!this.#useless) this.#distrusted.clear();
  }

  async close(): Promise<void> {
    await this.#try(() => this.#store.close());
  }

  #fits(key: string, value: Uint8Array): boolean {
    const { maxKeyBytes, maxValueBytes } = this.#store.traits;
    return value.length <= maxValueBytes && utf8Length(key) <= maxKeyBytes;
  }

  #distrust(keys: readonly string[], failed: boolean): void {
    for (const key of keys) {
      if (failed) this.#distrusted.add(key);
      else this.#distrusted.delete(key);
    }
  }

  async #done(work: Awaitable<void>): Promise<true> {
    await work;
    return true;
  }

  async #try<T>(work: () => Awaitable<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }
}

/** Tells `onCacheError`, without waiting for it; what it throws or rejects with is dropped. */
function tell(onCacheError: (error: unknown, cache: KVStore) => unknown, error: unknown, cache: KVStore): void {
  (async (): Promise<unknown> => onCacheError(error, cache))().catch(() => undefined);
}

function checkTiers(tiers: readonly KVStore[]): readonly KVStore[] {
  if (!Array.isArray(tiers)) throw new TypeError(`The tiers must be an array of stores, not ${describe(tiers)}.`);
  // `entries` visits holes too.
  for (const [i, tier] of tiers.entries()) {
    if (!(tier instanceof KVStore)) throw new TypeError(`Tier ${i} must be a KVStore, not ${describe(tier)}.`);
  }
  return tiers;
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, not ${describe(value)}.`);
}

/** Those of `keys` that `from` has. */
function pick(from: ReadonlyMap<string, Uint8Array>, keys: readonly string[]): Map<string, Uint8Array> {
  const picked = new Map<string, Uint8Array>();
  for (const key of keys) {
    const value = from.get(key);
    if (value !== undefined) picked.set(key, value);
  }
  return picked;
}
