import { equalValues } from "../bytes.ts";
import { StoreClosedError } from "../errors.ts";
import { type Entries, KVStore, type Keys } from "./store.ts";

/**
 * A store in memory: fast, nothing to install, gone with the process.
 *
 * @example
 * const store = new Memory();
 * store.set("k", new Uint8Array([1]));
 */
export class Memory extends KVStore {
  /** What the store holds, for debugging. Changing it changes the store. */
  readonly memory: Map<string, Uint8Array> = new Map();
  #closed = false;

  #open(): void {
    if (this.#closed) throw new StoreClosedError();
  }

  override get(key: string): Uint8Array | undefined {
    this.#open();
    this.checkKey(key);
    return this.memory.get(key)?.slice();
  }

  override set(key: string, value: Uint8Array): void {
    this.#open();
    this.checkKey(key);
    this.checkValue(key, value);
    this.memory.set(key, copy(value));
  }

  override remove(key: string): void {
    this.#open();
    this.checkKey(key);
    this.memory.delete(key);
  }

  override *keys(prefix = ""): IterableIterator<string> {
    this.#open();
    for (const key of this.memory.keys()) {
      if (key.startsWith(prefix)) yield key;
    }
  }

  override cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): boolean {
    this.#open();
    this.checkKey(key);
    if (value !== undefined) this.checkValue(key, value);
    if (expected !== undefined) this.checkValue(key, expected);
    if (!equalValues(this.memory.get(key), expected)) return false;
    if (value === undefined) this.memory.delete(key);
    else this.memory.set(key, copy(value));
    return true;
  }
}

/** A copy with a buffer of its own, whatever the subclass (`Buffer`'s `slice` shares). */
function copy(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}
