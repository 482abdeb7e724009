import { describe, expect, it } from "vitest";
import { canRun, conformance, type StoreFactory } from "../../src/conformance/index.ts";
import { Memory } from "../../src/kv/memory.ts";
import type { Entries, Keys, KVStore } from "../../src/kv/store.ts";
import { Minimal } from "./minimal.ts";

type Value = Uint8Array | undefined;

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Stores with one fault each, and a topic of the suite that must find it. */
const MUTANTS: readonly (readonly [fault: string, topic: string, create: () => KVStore])[] = [
  [
    "keys in a plain object",
    "basic",
    () =>
      new (class extends Minimal {
        override async has(key: string): Promise<boolean> {
          return key in Object.fromEntries(this.values);
        }
      })(),
  ],
  ["keys are trimmed", "basic", () => renaming((key) => key.trim() || key)],
  ["keys are normalized", "basic", () => renaming((key) => key.normalize("NFC"))],
  ["keys without regard to case", "basic", () => renaming((key) => key.toLowerCase())],
  ["keys end at NUL", "basic", () => renaming((key) => key.replace(/(?<=.)\0.*/s, ""))],
  [
    "keys are decoded as URIs",
    "basic",
    () => renaming((key) => (key === "%2F" || key === "a%2Fb" ? decodeURIComponent(key) : key)),
  ],
  ["a byte order mark is dropped", "basic", () => renaming((key) => key.replace(/^\ufeff/, ""))],
  ["keys are cut", "basic", () => renaming((key) => key.slice(0, 255))],
  [
    "too small limits",
    "basic",
    () =>
      new (class extends Memory {
        override readonly traits = { maxKeyBytes: 255, maxValueBytes: 1e9, conditionalRemove: true };
      })(),
  ],
  [
    "remove does nothing",
    "basic",
    () =>
      new (class extends Memory {
        override remove(_key: string): void {}
      })(),
  ],
  [
    "remove takes what begins with the key",
    "basic",
    () =>
      new (class extends Memory {
        override remove(key: string): void {
          for (const other of [...this.keys(key)]) super.remove(other);
        }
      })(),
  ],
  [
    "clear leaves chunks",
    "basic",
    () =>
      new (class extends Memory {
        override clear(): void {
          for (const key of [...this.keys()]) if (!key.startsWith("n/")) this.remove(key);
        }
      })(),
  ],
  [
    "set keeps the first value",
    "basic",
    () =>
      new (class extends Memory {
        override set(key: string, value: Uint8Array): void {
          this.createMany([[key, value]]);
        }
      })(),
  ],
  [
    "a lone surrogate is allowed",
    "input",
    () =>
      new (class extends Memory {
        override get(key: string): Value {
          return super.get(key.toWellFormed() || key);
        }
      })(),
  ],
  [
    "long keys are allowed",
    "input",
    () =>
      new (class extends Memory {
        protected override checkKey(key: string): void {
          if (typeof key !== "string" || key.length < 300) super.checkKey(key);
        }
      })(),
  ],
  [
    "keys are made strings",
    "input",
    () =>
      new (class extends Memory {
        override get(key: string): Value {
          return super.get(typeof key === "symbol" ? key : String(key));
        }
      })(),
  ],
  [
    "values are converted",
    "input",
    () =>
      new (class extends Memory {
        override set(key: string, value: Uint8Array): void {
          super.set(key, ArrayBuffer.isView(value) ? new Uint8Array(value.buffer) : value);
        }
      })(),
  ],
  [
    "long values are allowed",
    "input",
    () =>
      new (class extends Memory {
        override readonly traits = { maxKeyBytes: 1024, maxValueBytes: 2 ** 20, conditionalRemove: true };
        protected override checkValue(key: string, value: Uint8Array): void {
          if (!(value instanceof Uint8Array)) super.checkValue(key, value);
        }
      })(),
  ],
  [
    "setMany writes up to the first invalid entry",
    "input",
    () =>
      new (class extends Minimal {
        override async setMany(entries: Entries): Promise<void> {
          for (const [key, value] of Symbol.iterator in entries ? entries : Object.entries(entries))
            await this.set(key, value);
        }
      })(),
  ],
  [
    "createMany writes up to the first invalid entry",
    "input",
    () =>
      new (class extends Memory {
        override createMany(entries: Entries): string[] {
          if (!Array.isArray(entries)) return super.createMany(entries);
          return entries.flatMap((entry) => super.createMany([entry]));
        }
      })(),
  ],
  [
    "cas writes before it checks",
    "input",
    () =>
      new (class extends Minimal {
        override async cas(key: string, value: Value, expected: Value): Promise<boolean> {
          this.values.set(String(key), Uint8Array.of(9));
          this.checkKey(key);
          return super.cas(key, value, expected);
        }
      })(),
  ],
  [
    "a string is a list of keys",
    "input",
    () =>
      new (class extends Memory {
        override getMany(keys: Keys): Map<string, Uint8Array> {
          return super.getMany(typeof keys === "string" ? [...(keys as string)] : keys);
        }
      })(),
  ],
  [
    "getMany lists what is missing",
    "batch",
    () =>
      new (class extends Memory {
        override getMany(keys: Keys): Map<string, Uint8Array> {
          return new Map([...keys].map((key) => [key, this.get(key) ?? new Uint8Array()]));
        }
      })(),
  ],
  [
    "getMany takes at most 1000 keys",
    "batch",
    () =>
      new (class extends Memory {
        override getMany(keys: Keys): Map<string, Uint8Array> {
          return super.getMany(typeof keys === "string" ? keys : [...keys].slice(0, 1000));
        }
      })(),
  ],
  [
    "keys are walked twice",
    "batch",
    () =>
      new (class extends Memory {
        override removeMany(keys: Keys): void {
          if (typeof keys === "object" && keys !== null) for (const key of keys) this.checkKey(key);
          super.removeMany(keys);
        }
      })(),
  ],
  [
    "the first entry of a key counts",
    "batch",
    () =>
      new (class extends Memory {
        override setMany(entries: Entries): void {
          super.setMany(Array.isArray(entries) ? entries.toReversed() : entries);
        }
      })(),
  ],
  [
    "createMany reports what it created",
    "batch",
    () =>
      new (class extends Memory {
        override createMany(entries: Entries): string[] {
          super.createMany(entries);
          return super.createMany(entries);
        }
      })(),
  ],
  [
    "createMany overwrites",
    "batch",
    () =>
      new (class extends Memory {
        override createMany(entries: Entries): string[] {
          const existing = super.createMany(entries);
          this.setMany(entries);
          return existing;
        }
      })(),
  ],
  [
    "createMany takes empty values for absent",
    "batch",
    () =>
      new (class extends Memory {
        override createMany(entries: Entries): string[] {
          for (const key of [...this.keys()]) if (this.get(key)?.length === 0) this.remove(key);
          return super.createMany(entries);
        }
      })(),
  ],
  [
    "an empty value is absent",
    "values",
    () =>
      new (class extends Memory {
        override get(key: string): Value {
          const value = super.get(key);
          return value?.length === 0 ? undefined : value;
        }
      })(),
  ],
  [
    "values are texts",
    "values",
    () =>
      new (class extends Memory {
        override get(key: string): Value {
          const value = super.get(key);
          return value && new TextEncoder().encode(new TextDecoder().decode(value));
        }
      })(),
  ],
  [
    "a view stores its whole buffer",
    "values",
    () =>
      new (class extends Minimal {
        override async set(key: string, value: Uint8Array): Promise<void> {
          await super.set(key, value);
          this.values.set(key, new Uint8Array(value.buffer.slice(0)));
        }
      })(),
  ],
  [
    "values are cut at 64 KiB",
    "values",
    () =>
      new (class extends Memory {
        override set(key: string, value: Uint8Array): void {
          super.set(key, value);
          super.set(key, value.subarray(0, 65_536));
        }
      })(),
  ],
  [
    "set keeps the caller's array",
    "values",
    () =>
      new (class extends Minimal {
        override async set(key: string, value: Uint8Array): Promise<void> {
          await super.set(key, value);
          this.values.set(key, value);
        }
      })(),
  ],
  [
    "set copies late",
    "values",
    () =>
      new (class extends Minimal {
        override async set(key: string, value: Uint8Array): Promise<void> {
          this.checkKey(key);
          this.checkValue(key, value);
          await tick();
          await super.set(key, value);
        }
      })(),
  ],
  [
    "cas keeps the caller's array",
    "values",
    () =>
      new (class extends Minimal {
        override async cas(key: string, value: Value, expected: Value): Promise<boolean> {
          const swapped = await super.cas(key, value, expected);
          if (swapped && value !== undefined) this.values.set(key, value);
          return swapped;
        }
      })(),
  ],
  [
    "cas compares late",
    "values",
    () =>
      new (class extends Minimal {
        override async cas(key: string, value: Value, expected: Value): Promise<boolean> {
          this.checkKey(key);
          const copy = value && new Uint8Array(value);
          await tick();
          return super.cas(key, copy, expected);
        }
      })(),
  ],
  [
    "get hands out the stored array",
    "values",
    () =>
      new (class extends Minimal {
        override async get(key: string): Promise<Value> {
          await super.get(key);
          return this.values.get(key);
        }
      })(),
  ],
  [
    "getMany hands out the stored array",
    "values",
    () =>
      new (class extends Minimal {
        override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
          const found = await super.getMany(keys);
          for (const key of found.keys()) found.set(key, this.values.get(key) ?? new Uint8Array());
          return found;
        }
      })(),
  ],
  [
    "get hands out a buffer that it uses again",
    "values",
    () =>
      new (class extends Memory {
        readonly buffer = new Uint8Array(2 ** 24);
        override get(key: string): Value {
          const value = super.get(key);
          if (value !== undefined) this.buffer.set(value);
          return value && this.buffer.subarray(0, value.length);
        }
      })(),
  ],
  [
    "cas takes any value",
    "cas",
    () =>
      new (class extends Memory {
        override cas(key: string, value: Value, expected: Value): boolean {
          return super.cas(key, value, expected === undefined ? undefined : (this.get(key) ?? expected));
        }
      })(),
  ],
  [
    "cas compares lengths",
    "cas",
    () =>
      new (class extends Memory {
        override cas(key: string, value: Value, expected: Value): boolean {
          const stored = this.get(key);
          return super.cas(key, value, stored?.length === expected?.length ? stored : expected);
        }
      })(),
  ],
  [
    "cas compares the beginning",
    "cas",
    () =>
      new (class extends Memory {
        override cas(key: string, value: Value, expected: Value): boolean {
          const stored = this.get(key);
          return super.cas(
            key,
            value,
            stored && expected && stored.slice(0, expected.length).join() === expected.join() ? stored : expected,
          );
        }
      })(),
  ],
  [
    "cas takes empty for absent",
    "cas",
    () =>
      new (class extends Memory {
        override cas(key: string, value: Value, expected: Value): boolean {
          return super.cas(key, value, expected?.length === 0 && this.get(key) === undefined ? undefined : expected);
        }
      })(),
  ],
  [
    "cas cannot remove",
    "cas",
    () =>
      new (class extends Memory {
        override cas(key: string, value: Value, expected: Value): boolean {
          return super.cas(key, value ?? expected, expected);
        }
      })(),
  ],
  [
    "cas says yes",
    "cas",
    () =>
      new (class extends Memory {
        override cas(key: string, value: Value, expected: Value): boolean {
          super.cas(key, value, expected);
          return true;
        }
      })(),
  ],
  [
    "cas says no to equal values",
    "cas",
    () =>
      new (class extends Memory {
        override cas(key: string, value: Value, expected: Value): boolean {
          return super.cas(key, value, expected) && value?.join() !== expected?.join();
        }
      })(),
  ],
  [
    "cas reads, then writes",
    "races",
    () =>
      new (class extends Minimal {
        override async cas(key: string, value: Value, expected: Value): Promise<boolean> {
          this.checkKey(key);
          const old = this.values.get(key);
          const swaps = await super.cas(key, old, expected);
          if (!swaps) return false;
          await tick();
          if (value === undefined) this.values.delete(key);
          else await this.set(key, value);
          return true;
        }
      })(),
  ],
  [
    "createMany reads, then writes",
    "races",
    () =>
      new (class extends Minimal {
        override async createMany(entries: Entries): Promise<string[]> {
          const list = this.checkEntries(entries);
          const existing = await this.getMany(list.map(([key]) => key));
          await this.setMany(list.filter(([key]) => !existing.has(key)));
          return [...existing.keys()];
        }
      })(),
  ],
  [
    "set undoes a cas",
    "races",
    () =>
      new (class extends Minimal {
        override async cas(key: string, value: Value, expected: Value): Promise<boolean> {
          const copy = value && new Uint8Array(value);
          const swapped = await super.cas(key, value, expected);
          await tick();
          if (swapped && copy !== undefined) this.values.set(key, copy);
          return swapped;
        }
      })(),
  ],
  [
    "a prefix is a pattern",
    "keys",
    () =>
      new (class extends Memory {
        override *keys(prefix = ""): IterableIterator<string> {
          for (const key of super.keys()) if (prefix === "." || key.startsWith(prefix)) yield key;
          super.keys(prefix);
        }
      })(),
  ],
  [
    "a prefix excludes the key itself",
    "keys",
    () =>
      new (class extends Memory {
        override *keys(prefix = ""): IterableIterator<string> {
          for (const key of super.keys(prefix)) if (key !== prefix) yield key;
        }
      })(),
  ],
  [
    "a prefix ends at /",
    "keys",
    () =>
      new (class extends Memory {
        override *keys(prefix = ""): IterableIterator<string> {
          for (const key of super.keys(prefix)) if (prefix === "" || prefix.endsWith("/") || key === prefix) yield key;
        }
      })(),
  ],
  [
    "a listing has one page",
    "keys",
    () =>
      new (class extends Memory {
        override *keys(prefix = ""): IterableIterator<string> {
          yield* [...super.keys(prefix)].slice(0, 1000);
        }
      })(),
  ],
  ["pages of a listing overlap", "keys", () => paging((_, last, all) => all.indexOf(last))],
  ["a listing goes on by count", "keys", () => paging((done) => done)],
  [
    "a listing fails when keys are removed",
    "keys",
    () => paging((_, last, all) => (all.includes(last) ? all.indexOf(last) + 1 : all.length)),
  ],
  [
    "a prefix may be ill-formed",
    "keys",
    () =>
      new (class extends Memory {
        protected override checkPrefix(_prefix: string): void {}
      })(),
  ],
  [
    "entries leaves out empty values",
    "keys",
    () =>
      new (class extends Memory {
        override async *entries(prefix?: string): AsyncIterable<[string, Uint8Array]> {
          for await (const entry of super.entries(prefix)) if (entry[1].length > 0) yield entry;
        }
      })(),
  ],
  [
    "entries ignores the prefix",
    "keys",
    () =>
      new (class extends Memory {
        override entries(_prefix?: string): AsyncIterable<[string, Uint8Array]> {
          return super.entries();
        }
      })(),
  ],
  [
    "close throws the second time",
    "lifecycle",
    () =>
      new (class extends Memory {
        override close(): void {
          this.clear();
          super.close();
        }
      })(),
  ],
  [
    "a closed store is empty",
    "lifecycle",
    () =>
      new (class extends Memory {
        override close(): void {
          this.clear();
        }
      })(),
  ],
  [
    "a closed store lists nothing",
    "lifecycle",
    () =>
      new (class extends Memory {
        override *keys(prefix?: string): IterableIterator<string> {
          try {
            yield* super.keys(prefix);
          } catch (error) {
            if (error instanceof TypeError || String(error).includes("surrogate")) throw error;
          }
        }
      })(),
  ],
];

/** A store that maps each key to another one. */
function renaming(rename: (key: string) => string): KVStore {
  return new (class extends Minimal {
    override async get(key: string): Promise<Value> {
      return super.get(typeof key === "string" ? rename(key) : key);
    }
    override async set(key: string, value: Uint8Array): Promise<void> {
      await super.set(typeof key === "string" ? rename(key) : key, value);
    }
  })();
}

/** A store whose listing reads pages of 100, each from where `next` says. */
function paging(next: (done: number, last: string, all: readonly string[]) => number): KVStore {
  return new (class extends Memory {
    override *keys(prefix = ""): IterableIterator<string> {
      let [done, from] = [0, 0];
      for (;;) {
        const page = [...super.keys(prefix)].slice(from, from + 100);
        yield* page;
        done += page.length;
        if (page.length < 100) return;
        from = next(done, page.at(-1) ?? "", [...super.keys(prefix)]);
      }
    }
  })();
}

/** The names of the cases that fail, of one topic or of all. */
async function failing(factory: StoreFactory, topic?: string): Promise<string[]> {
  const failed: string[] = [];
  for (const test of conformance) {
    if ((topic !== undefined && test.topic !== topic) || !canRun(test, factory)) continue;
    try {
      await test.run(factory);
    } catch (error) {
      if (!(error instanceof Error) || error.message === "") throw error;
      failed.push(test.name);
    }
  }
  return failed;
}

describe("the suite finds", () => {
  it.each(MUTANTS)("%s", async (_, topic, create) => {
    expect(await failing({ create }, topic)).not.toEqual([]);
  });

  /** Stores on one map, the second of which is faulty. */
  const twins = (Other: new () => Minimal): StoreFactory => {
    return {
      create: () => new Minimal(),
      another: (store) => {
        const other = new Other();
        if (store instanceof Minimal) Object.assign(other, { values: store.values });
        return other;
      },
      reopen: (store) => store,
    };
  };

  it("nothing wrong in stores that share what they store", async () => {
    expect(await failing(twins(Minimal))).toEqual([]);
  });

  it("a store that caches what it read", async () => {
    class Caching extends Minimal {
      readonly cache: Map<string, Value> = new Map();
      override async get(key: string): Promise<Value> {
        if (!this.cache.has(key)) this.cache.set(key, await super.get(key));
        return this.cache.get(key)?.slice();
      }
    }
    expect(await failing(twins(Caching), "lifecycle")).not.toEqual([]);
  });

  it("two stores whose cas does not exclude each other", async () => {
    class Slow extends Minimal {
      override async cas(key: string, value: Value, expected: Value): Promise<boolean> {
        if (!(await super.cas(key, expected, expected))) return false;
        await tick();
        if (value !== undefined) await this.set(key, value);
        return true;
      }
    }
    expect(await failing(twins(Slow), "races")).not.toEqual([]);
  });

  it("a store that forgets when it is closed", async () => {
    expect(await failing({ create: () => new Minimal(), reopen: () => new Minimal() }, "lifecycle")).not.toEqual([]);
  });

  it("a store that forgets removals", async () => {
    const logs = new WeakMap<KVStore, Map<string, Uint8Array>>();
    const forgetful: StoreFactory = {
      create: () => {
        const store = new (class extends Minimal {
          override async set(key: string, value: Uint8Array): Promise<void> {
            await super.set(key, value);
            logs.get(this)?.set(key, value);
          }
        })();
        logs.set(store, new Map());
        return store;
      },
      reopen: async (store) => {
        const again = new Minimal();
        await again.setMany(logs.get(store) ?? []);
        for await (const [key, value] of store.entries()) await again.set(key, value);
        return again;
      },
    };
    expect(await failing(forgetful, "lifecycle")).not.toEqual([]);
  });
});
