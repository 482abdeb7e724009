import { equalValues } from "../../src/bytes.ts";
import { KVStore } from "../../src/kv/store.ts";

/** A store with nothing but the five methods that it must have, each of them asynchronous. */
export class Minimal extends KVStore {
  readonly values: Map<string, Uint8Array> = new Map();

  override async get(key: string): Promise<Uint8Array | undefined> {
    this.checkKey(key);
    return this.values.get(key)?.slice();
  }

  override async set(key: string, value: Uint8Array): Promise<void> {
    this.checkKey(key);
    this.checkValue(key, value);
    this.values.set(key, value.slice());
  }

  override async remove(key: string): Promise<void> {
    this.checkKey(key);
    this.values.delete(key);
  }

  override async *keys(prefix = ""): AsyncIterable<string> {
    this.checkPrefix(prefix);
    for (const key of [...this.values.keys()]) if (key.startsWith(prefix)) yield key;
  }

  override async cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    this.checkKey(key);
    if (value !== undefined) this.checkValue(key, value);
    if (expected !== undefined) this.checkValue(key, expected);
    if (!equalValues(this.values.get(key), expected)) return false;
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value.slice());
    return true;
  }
}
