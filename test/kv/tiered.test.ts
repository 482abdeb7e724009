import { describe, expect, it } from "vitest";
import { StoreClosedError } from "../../src/errors.ts";
import { Disk } from "../../src/kv/disk.ts";
import { Memory } from "../../src/kv/memory.ts";
import type { Awaitable, Entries, Keys, KVStore } from "../../src/kv/store.ts";
import { Tiered } from "../../src/kv/tiered.ts";
import { Minimal } from "../conformance/minimal.ts";
import { runConformance } from "../conformance/run.ts";
import { diskFactory, folders } from "./folders.ts";

const newFolder = folders();
const all = { cacheable: (): boolean => true };
const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

/** A cache that fails, always or every so many calls. */
class Failing extends Memory {
  readonly #every: number;
  #calls = 0;

  constructor(every: number) {
    super();
    this.#every = every;
  }

  #maybeFail(): void {
    if (++this.#calls % this.#every === 0) throw new Error("The cache fails.");
  }

  override getMany(keys: Keys): Map<string, Uint8Array> {
    this.#maybeFail();
    return super.getMany(keys);
  }

  override has(key: string): boolean {
    this.#maybeFail();
    return super.has(key);
  }

  override setMany(entries: Entries): void {
    this.#maybeFail();
    super.setMany(entries);
    this.#maybeFail();
  }

  override removeMany(keys: Keys): void {
    this.#maybeFail();
    super.removeMany(keys);
  }

  override clear(): void {
    this.#maybeFail();
    super.clear();
  }

  override close(): void {
    super.close();
    this.#maybeFail();
  }
}

/** A store of narrow limits. */
class Narrow extends Memory {
  override readonly traits = { maxKeyBytes: 8, maxValueBytes: 100, conditionalRemove: true };
}

/** Counts calls. */
class Counting extends Minimal {
  readonly calls: string[] = [];

  override async get(key: string): Promise<Uint8Array | undefined> {
    this.calls.push(`get ${key}`);
    return super.get(key);
  }

  override getMany(keys: Keys): Awaitable<Map<string, Uint8Array>> {
    const list = [...keys];
    this.calls.push(`getMany ${list.join()}`);
    return Promise.resolve(new Map(list.flatMap((key) => [...this.values].filter(([other]) => other === key))));
  }
}

runConformance("Tiered, memory over memory", { create: () => new Tiered([new Memory(), new Memory()]) });
runConformance("Tiered, everything cached", { create: () => new Tiered([new Memory(), new Minimal()], all) });
runConformance(
  "Tiered, memory over disk",
  diskFactory(newFolder, { durable: false }, (disk) => new Tiered([new Memory(), disk])),
);
runConformance("Tiered, three tiers", {
  create: () => new Tiered([new Memory(), new Disk(newFolder(), { durable: false }), new Minimal()], all),
});
runConformance("Tiered without caches", { create: () => new Tiered([new Memory()], all) });
runConformance("Tiered with caches that fail always", {
  create: () => new Tiered([new Failing(1), new Memory(), new Failing(1), new Minimal()], all),
});
for (const every of [2, 3, 5]) {
  runConformance(`Tiered with caches that fail every ${every}th time`, {
    create: () => new Tiered([new Failing(every), new Failing(every + 1), new Minimal()], all),
  });
}
runConformance("Tiered with a cache of narrow limits", {
  create: () => new Tiered([new Narrow(), new Minimal()], all),
});
runConformance("Tiered over Tiered", {
  create: () => new Tiered([new Memory(), new Tiered([new Memory(), new Minimal()], all)], all),
});

describe("Tiered", () => {
  it("needs a store, and says which one is authoritative", () => {
    expect(() => new Tiered([])).toThrow(new TypeError("Tiered needs at least one store."));
    const authority = new Memory();
    const inner = new Tiered([new Memory(), authority]);
    expect(new Tiered([new Memory(), inner]).authority).toBe(authority);
  });

  it("refuses what is no store and no option, by name", () => {
    const make = (tiers: unknown, options?: object) => (): Tiered => new Tiered(tiers as KVStore[], options);
    for (const [construct, message] of [
      [make([5]), "Tier 0 must be a KVStore, not number."],
      [make([new Memory(), {}]), "Tier 1 must be a KVStore, not a Object."],
      [make([undefined, new Memory()]), "Tier 0 must be a KVStore, not undefined."],
      [make(Array(2)), "Tier 0 must be a KVStore, not undefined."],
      [make(undefined), "The tiers must be an array of stores, not undefined."],
      [make(new Memory()), "The tiers must be an array of stores, not a Memory."],
      [make([new Memory()], { cacheable: 5 }), "cacheable must be a function, not number."],
      [make([new Memory()], { onCacheError: 5 }), "onCacheError must be a function, not number."],
      [make([new Memory()], { onCacheError: null }), "onCacheError must be a function, not null."],
    ] as const) {
      expect(construct).toThrow(new TypeError(message));
    }
    expect(make([new Memory()], { cacheable: undefined, onCacheError: undefined })).not.toThrow();
  });

  it("asks each tier once, for what is missing, and fills the tiers before", async () => {
    const [memory, second, authority] = [new Memory(), new Memory(), new Counting()];
    const store = new Tiered([memory, second, authority]);
    memory.set("n/1", one);
    second.set("n/2", one);
    await authority.setMany({ "n/3": one, "c/4": one, "b/main": one });
    const keys = ["n/1", "n/2", "n/3", "c/4", "n/5", "b/main"];
    expect([...(await store.getMany(keys)).keys()].toSorted()).toEqual(["b/main", "c/4", "n/1", "n/2", "n/3"]);
    expect(authority.calls).toEqual(["getMany n/3,c/4,n/5,b/main"]);
    expect([...memory.keys()].toSorted()).toEqual(["c/4", "n/1", "n/2", "n/3"]);
    expect([...second.keys()].toSorted()).toEqual(["c/4", "n/2", "n/3"]);
    await store.getMany(keys.slice(0, 4));
    expect(await store.get("n/3")).toEqual(one);
    expect(authority.calls.length).toBe(1);
  });

  it("caches chunks only, by default", async () => {
    const [memory, authority] = [new Memory(), new Memory()];
    const store = new Tiered([memory, authority]);
    const keys = ["n/1", "c/1", "b/main", "t/v1", "vkv/gc", "n", "c"];
    await store.setMany(keys.map((key) => [key, one] as const));
    for (const key of keys) await store.get(key);
    expect([...memory.keys()]).toEqual(["n/1", "c/1"]);
  });

  it("caches what it created, but nothing that was there", async () => {
    const [memory, authority] = [new Memory(), new Memory()];
    const store = new Tiered([memory, authority]);
    authority.set("n/old", two);
    expect(await store.createMany({ "n/new": one, "n/old": one, "b/main": one })).toEqual(["n/old"]);
    expect([...memory.memory]).toEqual([["n/new", one]]);
  });

  it("drops a key from its caches by each write, whatever the outcome", async () => {
    const [memory, second, authority] = [new Memory(), new Memory(), new Memory()];
    const store = new Tiered([memory, second, authority]);
    const writes: (() => Awaitable<unknown>)[] = [
      () => store.cas("n/1", two, one),
      () => store.cas("n/1", two, Uint8Array.of(99)),
      () => store.set("n/1", two),
      () => store.setMany({ "n/1": two }),
      () => store.remove("n/1"),
      () => store.removeMany(["n/1"]),
      () => store.clear(),
    ];
    for (const write of writes) {
      authority.set("n/1", one);
      await store.get("n/1");
      expect(second.has("n/1")).toBe(true);
      await write();
      expect(memory.has("n/1")).toBe(false);
      expect(second.has("n/1")).toBe(false);
      expect(await store.get("n/1")).toEqual(authority.get("n/1"));
    }
    class Broken extends Memory {
      override cas(): boolean {
        throw new Error("No answer.");
      }
    }
    const broken = new Broken();
    broken.set("n/1", one);
    memory.set("n/1", one);
    await expect(new Tiered([memory, broken]).cas("n/1", two, one)).rejects.toThrow("No answer.");
    expect(memory.has("n/1")).toBe(false);
  });

  it("passes over a cache that fails, and reports it", async () => {
    const failing = new Failing(1);
    const reports: [unknown, KVStore][] = [];
    const authority = new Memory();
    authority.set("n/1", one);
    const onCacheError = (error: unknown, cache: KVStore): unknown => reports.push([error, cache]);
    const store = new Tiered([failing, authority], { onCacheError });
    expect(await store.get("n/1")).toEqual(one);
    expect(reports).toEqual([[new Error("The cache fails."), failing]]);
    expect(await store.has("n/1")).toBe(true);
    await store.remove("n/1");
    expect(await store.get("n/1")).toBe(undefined);
  });

  it.each([
    [
      "throws",
      (): void => {
        throw new Error("The callback fails.");
      },
    ],
    ["rejects", (): Promise<void> => Promise.reject(new Error("The callback fails."))],
    ["never ends", (): Promise<void> => new Promise(() => undefined)],
  ])("is not disturbed by an onCacheError that %s", async (_, onCacheError) => {
    const authority = new Memory();
    const store = new Tiered([new Failing(1), authority], { onCacheError });
    await store.set("n/1", one);
    expect(await store.get("n/1")).toEqual(one);
    expect(await store.has("n/1")).toBe(true);
    expect(await store.createMany({ "n/2": one })).toEqual([]);
    expect(await store.cas("n/1", two, one)).toBe(true);
    expect(await store.getFresh("n/1")).toEqual(two);
    await store.remove("n/1");
    await store.clear();
    await store.close();
  });

  it("never believes a cache that could not drop a key", async () => {
    class Sticky extends Memory {
      override removeMany(): void {
        throw new Error("It sticks.");
      }
    }
    const [cache, authority] = [new Sticky(), new Memory()];
    const store = new Tiered([cache, authority]);
    await store.createMany({ "n/1": one });
    await store.cas("n/1", two, one);
    expect(cache.get("n/1")).toEqual(one);
    expect(await store.has("n/1")).toBe(true);
    expect(await store.get("n/1")).toEqual(two);
    // What was read has replaced it, and is believed.
    authority.remove("n/1");
    expect(await store.get("n/1")).toEqual(two);
    await store.remove("n/1");
    expect(await store.has("n/1")).toBe(false);
    expect(await store.get("n/1")).toBe(undefined);
  });

  it("never asks a cache again that could not be cleared", async () => {
    class Sticky extends Memory {
      override clear(): void {
        throw new Error("It sticks.");
      }
    }
    const store = new Tiered([new Sticky(), new Memory()]);
    await store.createMany({ "n/1": one });
    await store.clear();
    expect(await store.get("n/1")).toBe(undefined);
    expect(await store.has("n/1")).toBe(false);
  });

  it("takes an error of the authority for an error", async () => {
    class Down extends Minimal {
      override async get(): Promise<never> {
        throw new Error("Down.");
      }
    }
    const memory = new Memory();
    memory.set("n/1", one);
    const store = new Tiered([memory, new Down()]);
    expect(await store.get("n/1")).toEqual(one);
    for (const read of [
      () => store.get("n/2"),
      () => store.getMany(["n/1", "n/2"]),
      () => store.has("n/2"),
      () => store.get("b/main"),
    ]) {
      await expect((async () => read())()).rejects.toThrow("Down.");
    }
  });

  it("reads past its caches, and puts what it read in place of what they have", async () => {
    const [first, second, authority] = [new Memory(), new Narrow(), new Minimal()];
    const reports: unknown[] = [];
    const store = new Tiered([first, second, authority], { onCacheError: (error) => reports.push(error) });
    const large = new Uint8Array(200);
    await authority.setMany({ "n/1": two, "n/large": large, "b/main": two });
    for (const cache of [first, second]) cache.setMany({ "n/1": one, "n/large": one, "n/gone": one, "b/main": one });
    expect(await store.get("n/1")).toEqual(one);
    for (const read of [() => store.getFresh("n/1"), () => store.get("n/1")]) expect(await read()).toEqual(two);
    expect([first.get("n/1"), second.get("n/1")]).toEqual([two, two]);
    // What does not fit, and what is nothing, leaves nothing behind.
    expect(await store.getFresh("n/large")).toEqual(large);
    expect([first.get("n/large"), second.get("n/large")]).toEqual([large, undefined]);
    expect(await store.getFresh("n/gone")).toBe(undefined);
    expect([first.has("n/gone"), second.has("n/gone")]).toEqual([false, false]);
    // What may not be cached is not touched.
    expect(await store.getFresh("b/main")).toEqual(two);
    expect([first.get("b/main"), second.get("b/main")]).toEqual([one, one]);
    expect(reports).toEqual([]);
    await store.close();
    expect(() => store.getFresh("n/1")).toThrow(StoreClosedError);
  });

  it("reads past the caches of its authority too", async () => {
    const [outer, inner, authority] = [new Memory(), new Memory(), new Memory()];
    authority.setMany({ "n/1": two, x: two });
    for (const cache of [outer, inner]) cache.setMany({ "n/1": one, x: one });
    const store = new Tiered([outer, new Tiered([inner, authority], all)]);
    expect(await store.getFresh("n/1")).toEqual(two);
    expect(await store.getFresh("x")).toEqual(two);
    expect([outer.get("n/1"), inner.get("n/1"), inner.get("x")]).toEqual([two, two, two]);
  });

  it("reports a cache that does not take what was read past it, and believes it no more", async () => {
    class Sticky extends Memory {
      override setMany(): void {
        throw new Error("It sticks.");
      }
    }
    const [cache, authority] = [new Sticky(), new Memory()];
    const reports: [unknown, KVStore][] = [];
    const store = new Tiered([cache, authority], { onCacheError: (...report) => reports.push(report) });
    authority.set("n/1", two);
    cache.set("n/1", one);
    expect(await store.getFresh("n/1")).toEqual(two);
    expect(reports).toEqual([[new Error("It sticks."), cache]]);
    expect(await store.get("n/1")).toEqual(two);
  });

  it("puts nothing into its caches that a write made old while it read past them", async () => {
    class Slow extends Minimal {
      afterRead: (() => Promise<void>) | undefined;
      override async get(key: string): Promise<Uint8Array | undefined> {
        const value = await super.get(key);
        await this.afterRead?.();
        return value;
      }
    }
    const [cache, authority] = [new Memory(), new Slow()];
    const store = new Tiered([cache, authority]);
    await authority.set("n/1", one);
    authority.afterRead = async (): Promise<void> => store.set("n/1", two);
    expect(await store.getFresh("n/1")).toEqual(one);
    authority.afterRead = undefined;
    expect(cache.has("n/1")).toBe(false);
    expect(await store.get("n/1")).toEqual(two);
  });

  it("closes all its tiers", async () => {
    const tiers = [new Failing(1), new Memory(), new Memory()];
    const store = new Tiered(tiers);
    await Promise.all([store.close(), store.close()]);
    for (const tier of [store, ...tiers]) expect(() => tier.keys()).toThrow(StoreClosedError);
  });
});
