import { type Entries, type Keys, KVStore } from "../../src/kv/store.ts";

/** How a wrapped store is called and answers. */
export interface CountingOptions {
  /** How long every round trip takes, in ms; without it, no longer than the event loop needs. */
  readonly latency?: number;
}

/** How often a method was called, and how many bytes of values went in (writes) or out (reads). */
export interface MethodCount {
  calls: number;
  /** Keys or entries in all calls together. */
  items: number;
  bytes: number;
}

type Method = "get" | "getMany" | "set" | "setMany" | "createMany" | "remove" | "removeMany" | "cas" | "keys" | "has";

/**
 * Counts what is asked of another store, as a store far away would see it: all calls that are on their way at the same
 * time are one round trip. Nothing is answered before everything that can run without an answer has run, so the
 * counts are exact and the same on every machine.
 *
 * Also a way to a second view of the same data with caches of its own, which belong to a store object.
 */
export class CountingStore extends KVStore {
  readonly inner: KVStore;
  override readonly traits: KVStore["traits"];
  /** Round trips since the last `reset`. */
  roundTrips = 0;
  readonly methods: Map<Method, MethodCount> = new Map();
  readonly #latency: number | undefined;
  #waiting: (() => void)[] = [];

  constructor(inner: KVStore, options: CountingOptions = {}) {
    super();
    this.inner = inner;
    this.traits = inner.traits;
    this.#latency = options.latency;
  }

  /** Begins to count anew. */
  reset(): void {
    this.roundTrips = 0;
    this.methods.clear();
  }

  /** What a method was called for. */
  count(method: Method): MethodCount {
    return this.methods.get(method) ?? { calls: 0, items: 0, bytes: 0 };
  }

  /** The bytes of values that were written. */
  get written(): number {
    return (["set", "setMany", "createMany", "cas"] as const).reduce(
      (sum, method) => sum + this.count(method).bytes,
      0,
    );
  }

  /** Calls by method, for messages: `"getMany 2, cas 1"`. */
  get calls(): string {
    return [...this.methods].map(([method, { calls }]) => `${method} ${calls}`).join(", ");
  }

  #note(method: Method, items: number, bytes: number): void {
    const count = this.count(method);
    count.calls++;
    count.items += items;
    count.bytes += bytes;
    this.methods.set(method, count);
  }

  /** Resolves when the round trip that is on its way is over; begins one if none is. */
  #trip(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length > 1) return;
      this.roundTrips++;
      const arrive = (): void => {
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const each of waiting) each();
      };
      if (this.#latency === undefined) setImmediate(arrive);
      else setTimeout(arrive, this.#latency);
    });
  }

  override async get(key: string): Promise<Uint8Array | undefined> {
    await this.#trip();
    const value = await this.inner.get(key);
    this.#note("get", 1, value?.length ?? 0);
    return value;
  }

  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const list = [...keys];
    if (list.length === 0) return new Map();
    await this.#trip();
    const found = await this.inner.getMany(list);
    this.#note("getMany", list.length, sizeOf(found));
    return found;
  }

  override async set(key: string, value: Uint8Array): Promise<void> {
    await this.#trip();
    this.#note("set", 1, value.length);
    await this.inner.set(key, value);
  }

  override async setMany(entries: Entries): Promise<void> {
    const list = this.checkEntries(entries);
    await this.#trip();
    this.#note("setMany", list.length, sizeOf(list));
    await this.inner.setMany(list);
  }

  override async createMany(entries: Entries): Promise<string[]> {
    const list = this.checkEntries(entries);
    await this.#trip();
    this.#note("createMany", list.length, sizeOf(list));
    return this.inner.createMany(list);
  }

  override async remove(key: string): Promise<void> {
    await this.#trip();
    this.#note("remove", 1, 0);
    await this.inner.remove(key);
  }

  override async removeMany(keys: Keys): Promise<void> {
    const list = [...keys];
    await this.#trip();
    this.#note("removeMany", list.length, 0);
    await this.inner.removeMany(list);
  }

  override async cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    await this.#trip();
    this.#note("cas", 1, value?.length ?? 0);
    return this.inner.cas(key, value, expected);
  }

  override async *keys(prefix?: string): AsyncIterableIterator<string> {
    await this.#trip();
    this.#note("keys", 0, 0);
    const list: string[] = [];
    for await (const key of this.inner.keys(prefix)) list.push(key);
    yield* list;
  }

  override async has(key: string): Promise<boolean> {
    await this.#trip();
    this.#note("has", 1, 0);
    return this.inner.has(key);
  }

  override async close(): Promise<void> {
    await this.inner.close();
  }
}

function sizeOf(entries: Iterable<readonly [string, Uint8Array]>): number {
  let size = 0;
  for (const [, value] of entries) size += value.length;
  return size;
}

/** Another store object over the same data: handles on it share no cache with others. */
export class ViewOf extends KVStore {
  readonly inner: KVStore;
  override readonly traits: KVStore["traits"];

  constructor(inner: KVStore) {
    super();
    this.inner = inner;
    this.traits = inner.traits;
  }

  override get(key: string): ReturnType<KVStore["get"]> {
    return this.inner.get(key);
  }

  override set(key: string, value: Uint8Array): ReturnType<KVStore["set"]> {
    return this.inner.set(key, value);
  }

  override remove(key: string): ReturnType<KVStore["remove"]> {
    return this.inner.remove(key);
  }

  override keys(prefix?: string): ReturnType<KVStore["keys"]> {
    return this.inner.keys(prefix);
  }

  override cas(...args: Parameters<KVStore["cas"]>): ReturnType<KVStore["cas"]> {
    return this.inner.cas(...args);
  }
}
