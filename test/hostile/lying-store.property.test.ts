import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectGarbage, type KVStore, Memory, StorageError, Versioned, VkvError } from "vkv";
import { isChunkKey } from "../../src/kv/chunk-keys.ts";
import type { Entries } from "../../src/kv/store.ts";
import { propertyOptions } from "../support/seed.ts";
import { noise } from "../support/tree.ts";
import { bytes, failureOf } from "../versioned/helpers.ts";
import { type Lie, LyingStore } from "./lying-store.ts";

type Contents = ReadonlyMap<string, Uint8Array>;

/** A store with some history, and what each commit holds. */
interface Sample {
  readonly stored: Contents;
  readonly commits: ReadonlyMap<string, Contents>;
}

const sample = await makeSample();

async function makeSample(): Promise<Sample> {
  const store = new Memory();
  const v = await Versioned.open(store);
  const commits = new Map<string, Contents>([[v.currentCommit, new Map()]]);
  const model = new Map<string, Uint8Array>();
  const commit = async (on: Versioned, updates: Contents): Promise<void> => {
    for (const [key, value] of updates) model.set(key, value);
    commits.set(await on.snapshot(updates), new Map(model));
    await on.merge();
  };
  await commit(v, new Map(Array.from({ length: 300 }, (_, i) => [`k${i}`, bytes(`value ${i}`)])));
  await commit(
    v,
    new Map([
      ["large", noise(200_000, 1)],
      ["middle", noise(3000, 2)],
    ]),
  );
  const other = await v.createBranch("other");
  await commit(
    v,
    new Map([
      ["k5", bytes("changed")],
      ["new", bytes("1")],
    ]),
  );
  model.set("k5", bytes("value 5")).delete("new");
  await commit(
    other,
    new Map([
      ["k200", bytes("other")],
      ["middle", noise(4000, 3)],
    ]),
  );
  await v.createTag("tag");
  return { stored: new Map(store.memory), commits };
}

function copyOf({ stored }: Sample): Memory {
  const store = new Memory();
  for (const [key, value] of stored) store.set(key, value);
  return store;
}

/** Reads everything in several ways: each call gives what the commit holds, or fails as vkv fails. Returns how many did. */
async function readWholly(v: Versioned, contents: Contents): Promise<number> {
  const sorted = [...contents.keys()].sort();
  let right = 0;
  const check = async (work: () => Promise<unknown>, expected: unknown): Promise<void> => {
    try {
      expect(await work()).toEqual(expected);
      right++;
    } catch (error) {
      if (!(error instanceof VkvError)) throw error;
    }
  };
  for (const key of ["k5", "k200", "new", "middle", "no such key"]) {
    await check(() => v.get(key), contents.get(key));
    await check(() => v.has(key), contents.has(key));
  }
  await check(async () => (await v.get("large"))?.length, contents.get("large")?.length);
  await check(() => v.keys().toArray(), sorted);
  await check(() => v.keys({ reverse: true, limit: 10 }).toArray(), sorted.toReversed().slice(0, 10));
  await check(
    async () => [...(await v.getMany(["k1", "k250", "missing"])).keys()],
    ["k1", "k250"].filter((key) => contents.has(key)),
  );
  await check(
    async () => new Map((await v.entries({ prefix: "k2" }).toArray()).slice(0, 50)),
    new Map(
      sorted
        .filter((key) => key.startsWith("k2"))
        .slice(0, 50)
        .map((key) => [key, contents.get(key)]),
    ),
  );
  return right;
}

const all: readonly Lie[] = ["absent", "another", "truncated", "longer", "flipped", "mixed", "older"];
/** Lies that a ref cannot be told by: bytes that were a ref's once, or are another's. */
const UNCHANGED: readonly Lie[] = ["absent", "another", "older"];
const lies = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  oneIn: fc.constantFrom(2, 5, 20, 50),
  lies: fc.subarray([...all], { minLength: 1 }),
});

describe("a store that lies", () => {
  it("never makes a read give wrong bytes: what is read is what the commit holds, or an error", async () => {
    let right = 0;
    let told = 0;
    await fc.assert(
      fc.asyncProperty(lies, fc.boolean(), async (options, aboutRefs) => {
        // Nothing covers the bytes of a ref: those that are changed lead to another commit, which is missing.
        const refLies = options.lies.filter((lie) => aboutRefs && UNCHANGED.includes(lie));
        const about = (key: string): readonly Lie[] => (isChunkKey(key) ? options.lies : refLies);
        const store = new LyingStore(copyOf(sample), { ...options, about });
        for (const branch of ["main", "other"]) {
          try {
            const v = await Versioned.open(store, { branch, create: false });
            const contents = sample.commits.get(v.currentCommit);
            expect(contents).toBeDefined();
            right += await readWholly(v, contents ?? new Map());
            for (const id of await v.history({ allParents: true }).toArray())
              expect([...sample.commits.keys()]).toContain(id);
            const tag = (await v.listTags()).get("tag");
            if (tag !== undefined) expect([...sample.commits.keys()]).toContain(tag.commit);
          } catch (error) {
            if (!(error instanceof VkvError)) throw error;
          }
        }
        told += store.told;
      }),
      propertyOptions({ numRuns: 60 }),
    );
    expect(right).toBeGreaterThan(100);
    expect(told).toBeGreaterThan(100);
  });

  it("never makes a merge publish wrong bytes, nor a collection remove what is in use", async () => {
    await fc.assert(
      fc.asyncProperty(lies, async (options) => {
        const memory = copyOf(sample);
        const store = new LyingStore(memory, { ...options, about: (key) => (isChunkKey(key) ? options.lies : []) });
        const attempt = async (work: () => Promise<unknown>): Promise<void> => {
          try {
            await work();
          } catch (error) {
            if (!(error instanceof VkvError)) throw error;
          }
        };
        const before = sample.commits.get((await Versioned.open(copyOf(sample))).currentCommit) ?? new Map();
        await attempt(async () => {
          const v = await Versioned.open(store);
          await v.snapshot({ k7: bytes("seven"), "new large": noise(150_000, 9) });
          await v.merge();
        });
        await attempt(async () => {
          const v = await Versioned.open(store);
          await v.mergeFrom("other", { defaultMerge: "ours" });
          await v.merge();
        });
        await attempt(() => collectGarbage(store, { minAge: 0 }));
        await attempt(async () => (await Versioned.open(store)).transact((tx) => tx.snapshot({ k8: bytes("eight") })));
        const after = await Versioned.open(memory, { create: false });
        const contents = new Map(await after.entries().toArray());
        const mayHave = new Map([
          ...before,
          ["k7", bytes("seven")],
          ["k8", bytes("eight")],
          ["k200", bytes("other")],
          ["middle", noise(4000, 3)],
        ]);
        for (const [key, value] of contents) {
          if (key === "new large") expect(value.length).toBe(150_000);
          else if (key === "large") expect(value.length).toBe(200_000);
          else expect([before.get(key), mayHave.get(key)]).toContainEqual(value);
        }
        for (const key of before.keys()) expect(contents.has(key)).toBe(true);
        await (await Versioned.open(memory, { branch: "other", create: false })).entries().toArray();
      }),
      propertyOptions({ numRuns: 25 }),
    );
  });

  it.each<[string, (inner: Memory) => Partial<KVStore>]>([
    [
      "that new chunks exist already",
      () => ({ createMany: (entries: Entries) => [...(entries as Iterable<[string, unknown]>)].map(([key]) => key) }),
    ],
    [
      "that chunks are there, which it then does not give",
      (inner) => ({
        createMany: (entries: Entries) => {
          Memory.prototype.createMany.call(inner, entries);
          return [...(entries as Iterable<[string, unknown]>)].map(([key]) => key);
        },
        getMany: () => new Map(),
      }),
    ],
  ])("and says %s is an error, and no endless loop", async (_, lie) => {
    const inner = new Memory();
    const v = await Versioned.open(inner);
    await v.keys().toArray();
    Object.assign(inner, lie(inner));
    const at = v.currentCommit;
    await failureOf(StorageError, v.snapshot({ k: bytes("1") }));
    expect(v.currentCommit).toBe(at);
  });

  it("and never swaps what it just gave is an error, and no endless loop", async () => {
    const inner = copyOf(sample);
    const v = await Versioned.open(inner);
    await v.snapshot({ k: bytes("1") });
    await collectGarbage(inner);
    Object.assign(inner, { cas: () => false });
    await failureOf(
      StorageError,
      v
        .snapshot({ k: bytes("1") })
        .then(() => v.snapshot({ k0: bytes("value 0"), again: bytes("1") }))
        .then(() => v.merge()),
    );
  });
});
