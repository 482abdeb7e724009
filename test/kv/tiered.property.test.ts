import fc from "fast-check";
import { expect, it } from "vitest";
import { equalValues } from "../../src/bytes.ts";
import { Memory } from "../../src/kv/memory.ts";
import { type Awaitable, type Entries, type Keys, KVStore } from "../../src/kv/store.ts";
import { Tiered } from "../../src/kv/tiered.ts";
import { propertyOptions } from "../support/seed.ts";

type Value = Uint8Array | undefined;

/** A store whose every call waits for the scheduler twice: before it takes effect, and before its answer comes. */
class Scheduled extends KVStore {
  readonly inner: Memory = new Memory();
  readonly #scheduler: fc.Scheduler;
  readonly #label: string;

  constructor(scheduler: fc.Scheduler, label: string) {
    super();
    this.#scheduler = scheduler;
    this.#label = label;
  }

  async #call<T>(name: string, work: () => T): Promise<T> {
    await this.#scheduler.schedule(Promise.resolve(), `${this.#label}.${name} begins`);
    const result = work();
    await this.#scheduler.schedule(Promise.resolve(), `${this.#label}.${name} ends`);
    return result;
  }

  override get(key: string): Awaitable<Value> {
    return this.#call("get", () => this.inner.get(key));
  }
  override getMany(keys: Keys): Awaitable<Map<string, Uint8Array>> {
    return this.#call("getMany", () => this.inner.getMany(keys));
  }
  override has(key: string): Awaitable<boolean> {
    return this.#call("has", () => this.inner.has(key));
  }
  override set(key: string, value: Uint8Array): Awaitable<void> {
    return this.#call("set", () => this.inner.set(key, value));
  }
  override setMany(entries: Entries): Awaitable<void> {
    return this.#call("setMany", () => this.inner.setMany(entries));
  }
  override createMany(entries: Entries): Awaitable<string[]> {
    return this.#call("createMany", () => this.inner.createMany(entries));
  }
  override remove(key: string): Awaitable<void> {
    return this.#call("remove", () => this.inner.remove(key));
  }
  override removeMany(keys: Keys): Awaitable<void> {
    return this.#call("removeMany", () => this.inner.removeMany(keys));
  }
  override clear(): Awaitable<void> {
    return this.#call("clear", () => this.inner.clear());
  }
  override cas(key: string, value: Value, expected: Value): Awaitable<boolean> {
    return this.#call("cas", () => this.inner.cas(key, value, expected));
  }
  override keys(prefix?: string): Iterable<string> {
    return this.inner.keys(prefix);
  }
}

const KEYS = ["n/1", "n/2"];

/** Something that is done to the store, with keys by number. */
type Call =
  | readonly ["get" | "getFresh" | "getMany" | "has" | "remove", number]
  | readonly ["set" | "create" | "cas" | "casRemove", number, number]
  | readonly ["clear"];

const key = fc.nat(1);
const byte = fc.nat(2);
const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom("get", "getFresh", "getMany", "has", "remove"), key) },
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom("set", "create", "cas", "casRemove"), key, byte) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("clear")) },
);

async function carryOut(store: KVStore, [kind, at = 0, number = 0]: Call): Promise<void> {
  const name = KEYS[at] ?? "";
  const value = Uint8Array.of(number);
  if (kind === "get") await store.get(name);
  else if (kind === "getFresh") await store.getFresh(name);
  else if (kind === "getMany") await store.getMany(KEYS);
  else if (kind === "has") await store.has(name);
  else if (kind === "remove") await store.remove(name);
  else if (kind === "set") await store.set(name, value);
  else if (kind === "create") await store.createMany(KEYS.map((other) => [other, value] as const));
  else if (kind === "cas") await store.cas(name, Uint8Array.of(number + 1), value);
  else if (kind === "casRemove") await store.cas(name, undefined, value);
  else await store.clear();
}

it("leaves no old value in a cache, in whatever order things happen", async () => {
  const clients = fc.array(fc.array(call, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), clients, async (scheduler, programs) => {
      const caches = [new Scheduled(scheduler, "first"), new Scheduled(scheduler, "second")];
      const authority = new Scheduled(scheduler, "authority");
      const store = new Tiered([...caches, authority]);
      const done = programs.map(async (program) => {
        for (const step of program) await carryOut(store, step);
      });
      await scheduler.waitFor(Promise.all(done));
      for (const name of KEYS) {
        for (const cache of caches) {
          const cached = cache.inner.get(name);
          expect(cached === undefined || equalValues(cached, authority.inner.get(name))).toBe(true);
        }
      }
    }),
    propertyOptions({ numRuns: 1000 }),
  );
});

it("answers a write's own reader with what it wrote, while others read", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }), async (scheduler, writes) => {
      const authority = new Scheduled(scheduler, "authority");
      const store = new Tiered([new Scheduled(scheduler, "first"), new Scheduled(scheduler, "second"), authority]);
      let current: Value;
      const writer = async (): Promise<void> => {
        for (const [i, kind] of writes.entries()) {
          const next = Uint8Array.of(i);
          if (kind === 0) await store.set("n/1", next);
          else if (kind === 1) await store.remove("n/1");
          else if (kind === 2) await store.cas("n/1", next, current);
          else await store.createMany({ "n/1": next });
          if (kind === 1) current = undefined;
          else if (kind !== 3 || current === undefined) current = next;
          expect(await store.get("n/1")).toEqual(current);
          expect(await store.has("n/1")).toBe(current !== undefined);
          expect(await store.getFresh("n/1")).toEqual(current);
        }
      };
      const reader = async (): Promise<void> => {
        for (let i = 0; i < 4; i++) await (i % 2 === 0 ? store.get("n/1") : store.getMany(KEYS));
      };
      const freshReader = async (): Promise<void> => {
        for (let i = 0; i < 3; i++) await store.getFresh("n/1");
      };
      await scheduler.waitFor(Promise.all([writer(), reader(), reader(), freshReader()]));
    }),
    propertyOptions({ numRuns: 700 }),
  );
});
