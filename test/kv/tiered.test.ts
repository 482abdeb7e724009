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
    expect(() => new Tiered([])).toThrow(TypeError);
    const authority = new Memory();
    const inner = new Tiered([new Memory(), authority]);
    expect(new Tiered([new Memory(), inner]).authority).toBe(authority);
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

  it("closes all its tiers", async () => {
    const tiers = [new Failing(1), new Memory(), new Memory()];
    const store = new Tiered(tiers);
    await Promise.all([store.close(), store.close()]);
    for (const tier of [store, ...tiers]) expect(() => tier.keys()).toThrow(StoreClosedError);
  });
});
