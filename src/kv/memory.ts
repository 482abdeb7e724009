import { equalValues } from "../bytes.ts";
import { StoreClosedError } from "../errors.ts";
import { CHUNK_PREFIXES, isChunkKey } from "./chunk-keys.ts";
import { type Entries, type Keys, KVStore, type StoreTraits } from "./store.ts";

/**
 * A store in memory: fast, nothing to install, gone with the process. It answers at once, without promises.
 *
 * @example
 * import { Memory } from "vkv";
 *
 * const store = new Memory();
 * store.set("k", new Uint8Array([1]));
 * store.get("k"); // → new Uint8Array([1])
 */
export class Memory extends KVStore {
  /** Keys of up to 1,024 UTF-8 bytes, values of up to 2 GiB. */
  override readonly traits: StoreTraits = {
    maxKeyBytes: 1024,
    maxValueBytes: 2 ** 31 - 1,
    conditionalRemove: true,
    tailLimit: 2048,
  };
  /** What the store holds, for debugging. Do not change the arrays in it. */
  readonly memory: ReadonlyMap<string, Uint8Array>;
  readonly #values: Map<string, Uint8Array> = new Map();
  /** The keys that are no chunks, so that refs are listed without a look at every chunk. */
  readonly #others: Set<string> = new Set();
  #closed = false;

  constructor() {
    super();
    this.memory = this.#values;
  }

  override get(key: string): Uint8Array | undefined {
    this.#checkOpen();
    this.checkKey(key);
    const value = this.#values.get(key);
    return value === undefined ? undefined : new Uint8Array(value);
  }

  override set(key: string, value: Uint8Array): void {
    this.#checkOpen();
    this.checkKey(key);
    this.checkValue(key, value);
    this.#put(key, value);
  }

  override remove(key: string): void {
    this.#checkOpen();
    this.checkKey(key);
    this.#drop(key);
  }

  override keys(prefix = ""): IterableIterator<string> {
    this.#checkOpen();
    this.checkPrefix(prefix);
    const chunks = isChunkKey(prefix) || Object.values(CHUNK_PREFIXES).some((each) => each.startsWith(prefix));
    return list(chunks ? this.#values : this.#others, prefix);
  }

  override cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): boolean {
    this.#checkOpen();
    this.checkKey(key);
    if (value !== undefined) this.checkValue(key, value);
    if (expected !== undefined) this.checkValue(key, expected);
    if (!equalValues(this.#values.get(key), expected)) return false;
    if (value === undefined) this.#drop(key);
    else this.#put(key, value);
    return true;
  }

  override getMany(keys: Keys): Map<string, Uint8Array> {
    this.#checkOpen();
    const found = new Map<string, Uint8Array>();
    for (const key of this.checkKeys(keys)) {
      const value = this.#values.get(key);
      if (value !== undefined) found.set(key, new Uint8Array(value));
    }
    return found;
  }

  override setMany(entries: Entries): void {
    this.#checkOpen();
    for (const [key, value] of this.checkEntries(entries)) this.#put(key, value);
  }

  override createMany(entries: Entries): string[] {
    this.#checkOpen();
    const existing: string[] = [];
    for (const [key, value] of this.checkEntries(entries)) {
      if (this.#values.has(key)) existing.push(key);
      else this.#put(key, value);
    }
    return existing;
  }

  override removeMany(keys: Keys): void {
    this.#checkOpen();
    for (const key of this.checkKeys(keys)) this.#drop(key);
  }

  override has(key: string): boolean {
    this.#checkOpen();
    this.checkKey(key);
    return this.#values.has(key);
  }

  override clear(): void {
    this.#checkOpen();
    this.#values.clear();
    this.#others.clear();
  }

  /** Lets go of everything: what was stored is gone. Idempotent; other calls after it throw `StoreClosedError`. */
  override close(): void {
    this.#closed = true;
    this.#values.clear();
    this.#others.clear();
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreClosedError();
  }

  #put(key: string, value: Uint8Array): void {
    // `new` and not `slice`, which for a subclass like Node's Buffer makes another view of the same bytes.
    this.#values.set(key, new Uint8Array(value));
    if (!isChunkKey(key)) this.#others.add(key);
  }

  #drop(key: string): void {
    if (this.#values.delete(key)) this.#others.delete(key);
  }
}

/**
 * Those keys that begin with `prefix`. Maps and sets are walked in the order of insertion, so that the keys that were
 * there at the start come first: looking at as many as there were, it ends even if the consumer adds keys all the time.
 */
function* list(all: Map<string, unknown> | Set<string>, prefix: string): IterableIterator<string> {
  let left = all.size;
  for (const key of all.keys()) {
    if (left-- === 0) return;
    if (key.startsWith(prefix)) yield key;
  }
}
