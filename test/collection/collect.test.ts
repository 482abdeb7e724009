import { describe, expect, it } from "vitest";
import {
  type CollectProgress,
  CorruptionError,
  collectGarbage,
  FormatVersionError,
  type KVStore,
  Memory,
  SessionCollectedError,
  StorageError,
  Tiered,
  Versioned,
} from "vkv";
import { ViewOf } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { bytes, change, contents, publishedContents } from "../versioned/helpers.ts";
import { type Fate, ScriptedFailure, ScriptedStore } from "../versioned/scripted-store.ts";

const NOW = { minAge: 0 };
const LARGE = "x".repeat(200_000);

/** What lies in a store, the records of collections aside. */
function keysOf(store: Memory): string[] {
  return [...store.memory.keys()].filter((key) => key !== "vkv/gc").sort();
}

/** A store with garbage of every kind, and the keys that must stay. */
async function withGarbage(tailLimit?: number): Promise<{ store: Memory; kept: string[] }> {
  const store = new PlainMemory(tailLimit);
  const v = await Versioned.open(store);
  await change(v, { a: "1", b: "x".repeat(1000), c: LARGE });
  await v.merge();
  await v.createTag("first");
  const other = await v.createBranch("other");
  await change(other, { other: "y".repeat(600) });
  await other.merge();
  await change(v, { a: "2" });
  await v.merge();
  const kept = keysOf(store);
  const lost = await v.createBranch("lost");
  await change(lost, { lost: "z".repeat(700) });
  await lost.merge();
  await v.deleteBranch("lost");
  await change(v, {
    unpublished: `${LARGE}2`,
    ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, "v"])),
  });
  await v.reset();
  return { store, kept };
}

describe("collectGarbage", () => {
  it.each([
    // Nodes, and three values that lie in chunks of their own.
    ["nodes", 0, 18],
    ["changes", 2048, 3],
  ])("removes what no branch and no tag leads to, and nothing else, where %s are stored", async (_, limit, chunks) => {
    const { store, kept } = await withGarbage(limit);
    const before = [...store.memory].reduce((sum, [, value]) => sum + value.length, 0);
    const result = await collectGarbage(store, NOW);
    expect(result).toMatchObject({ commits: 2, completed: true });
    expect(result.chunks).toBe(chunks);
    expect(keysOf(store)).toEqual(kept);
    const { length } = store.get("vkv/gc") ?? [];
    const after = [...store.memory].reduce((sum, [, value]) => sum + value.length, 0);
    expect(after).toBe(before - result.bytes + (length ?? 0));
    expect(await collectGarbage(store, NOW)).toEqual({ commits: 0, chunks: 0, bytes: 0, completed: true });
    expect(await contents(await Versioned.open(new ViewOf(store)))).toMatchObject({ a: "2", c: LARGE });
    expect(await publishedContents(store, "other")).toMatchObject({ a: "1", other: "y".repeat(600) });
  });

  it("spares what is younger than minAge, with all that it needs", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    await change(v, { a: LARGE });
    const unpublished = await change(v, { b: "1" });
    const all = keysOf(store);
    for (const options of [{}, { minAge: 60_000 }]) {
      expect(await collectGarbage(store, options)).toMatchObject({ commits: 0, chunks: 0 });
      expect(keysOf(store)).toEqual(all);
    }
    const reader = await Versioned.open(new ViewOf(store), { commit: unpublished });
    expect(await contents(reader)).toEqual({ a: LARGE, b: "1" });
    await new Promise((done) => setTimeout(done, 20));
    expect(await collectGarbage(store, { minAge: 10 })).toMatchObject({ commits: 2 });
  });

  it("keeps the base of young unpublished work, though no ref holds it any more", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    await change(v, { a: LARGE });
    await v.merge();
    await new Promise((done) => setTimeout(done, 60));
    await change(v, { b: "1" });
    const rewound = await Versioned.open(new ViewOf(store));
    await rewound.resetTo(await rewound.initialCommit());
    expect(await collectGarbage(store, { minAge: 50 })).toMatchObject({ commits: 0, chunks: 0 });
    await v.merge();
    expect(await publishedContents(store)).toEqual({ b: "1" });
  });

  it("tells a writer whose unpublished work it took, and HEAD stays whole", async () => {
    const store = new Memory();
    const v = await Versioned.open(new ViewOf(store));
    await change(v, { a: LARGE });
    await collectGarbage(store, NOW);
    await expect(v.merge()).rejects.toThrow(SessionCollectedError);
    await expect(v.get("a")).rejects.toThrow(SessionCollectedError);
    expect(await publishedContents(store)).toEqual({});
    await v.reset();
    await change(v, { a: "again" });
    await v.merge();
    expect(await publishedContents(store)).toEqual({ a: "again" });
  });

  it("tells a writer whose base it took, if that is needed", async () => {
    const store = new Memory();
    const v = await Versioned.open(new ViewOf(store));
    await change(v, { a: LARGE });
    await v.merge();
    const writer = await Versioned.open(new ViewOf(store));
    await change(writer, { b: "1" });
    await v.resetTo(await v.initialCommit());
    await collectGarbage(store, NOW);
    await expect(writer.createTag("here")).rejects.toThrow(SessionCollectedError);
    await expect(writer.createBranch("there")).rejects.toThrow(SessionCollectedError);
    expect([...(await v.listTags()).keys(), ...(await v.listBranches())]).toEqual(["main"]);
    await expect(collectGarbage(store, NOW)).resolves.toMatchObject({ completed: true });
  });

  it("does not take damage of what is published for a collection", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    await change(v, { a: LARGE });
    await v.merge();
    const published = new Set(store.keys());
    const writer = await Versioned.open(new ViewOf(store));
    const local = await change(writer, { b: "1" });
    for (const key of published) {
      if (!key.startsWith("n/")) continue;
      const value = store.get(key) ?? bytes("");
      store.remove(key);
      const reader = await Versioned.open(new ViewOf(store), { commit: local });
      const outcome = await contents(reader).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(CorruptionError);
      store.set(key, value);
    }
  });

  it("loses nothing where the record of collections was lost or turned back", async () => {
    for (const turn of ["lost", "turned back"]) {
      const { store, kept } = await withGarbage();
      await collectGarbage(store, NOW);
      const record = store.get("vkv/gc") ?? bytes("");
      for (let i = 0; i < 3; i++) await collectGarbage(store, NOW);
      if (turn === "lost") store.remove("vkv/gc");
      else store.set("vkv/gc", record);
      for (let i = 0; i < 5; i++) await collectGarbage(store, NOW);
      expect(keysOf(store)).toEqual(kept);
    }
  });

  it("tells how far it is, and can be stopped anywhere; the next one finishes", async () => {
    const { store, kept } = await withGarbage();
    const steps: CollectProgress[] = [];
    await collectGarbage(await copyOf(store), { ...NOW, onProgress: (progress) => steps.push(progress) });
    expect(new Set(steps.map(({ phase }) => phase))).toEqual(new Set(["mark", "sweep"]));
    for (let stopAt = 0; stopAt < steps.length; stopAt++) {
      const copy = await copyOf(store);
      const controller = new AbortController();
      let step = 0;
      const stopped = collectGarbage(copy, {
        ...NOW,
        signal: controller.signal,
        onProgress: () => {
          if (step++ === stopAt) controller.abort(new Error("stopped"));
        },
      });
      if (stopAt < steps.length - 1) await expect(stopped).rejects.toThrow("stopped");
      else await stopped;
      await collectGarbage(copy, NOW);
      expect(keysOf(copy)).toEqual(kept);
    }
  });

  it("can fail at any call, before or after it took effect; the next one finishes", async () => {
    const { store, kept } = await withGarbage();
    for (const fate of ["fail before", "fail after"] as const) {
      let hasFailed = true;
      for (let failAt = 0; hasFailed; failAt += failAt < 40 ? 1 : 17) {
        const copy = await copyOf(store);
        const scripted = new ScriptedStore(copy);
        let call = 0;
        scripted.script = () => (call++ === failAt ? fate : "pass");
        try {
          await collectGarbage(scripted, NOW);
          hasFailed = call > failAt;
        } catch (error) {
          expect(error).toBeInstanceOf(ScriptedFailure);
        }
        for (const key of kept) expect(copy.has(key), key).toBe(true);
        await collectGarbage(copy, NOW);
        expect(keysOf(copy)).toEqual(kept);
      }
    }
  });

  it("leaves the work to a collection that began later", async () => {
    const { store, kept } = await withGarbage();
    const scripted = new ScriptedStore(store);
    let isFirst = true;
    scripted.script = async ({ op, key }): Promise<Fate> => {
      if (op === "keys" && key === "c/" && isFirst) {
        isFirst = false;
        throw new Error("It swept before it looked at the epoch.");
      }
      // The first reading is where it begins, the second one before it sweeps.
      const readings = scripted.calls.filter((call) => call.op === "get" && call.key === "vkv/gc").length;
      if (op === "get" && key === "vkv/gc" && readings === 2 && isFirst) {
        isFirst = false;
        await collectGarbage(store, NOW);
      }
      return "pass";
    };
    expect(await collectGarbage(scripted, NOW)).toEqual({ commits: 0, chunks: 0, bytes: 0, completed: false });
    expect(keysOf(store)).toEqual(kept);
  });

  it("works on the store below caches", async () => {
    const { store, kept } = await withGarbage();
    const cache = new Memory();
    const tiered = new Tiered([cache, store]);
    expect(await contents(await Versioned.open(tiered))).toMatchObject({ a: "2" });
    expect(await collectGarbage(tiered, NOW)).toMatchObject({ commits: 2 });
    expect(keysOf(store)).toEqual(kept);
  });

  it("refuses a store in which something that a ref leads to is missing or damaged", async () => {
    const { store, kept } = await withGarbage();
    const before = keysOf(store);
    for (const key of kept.filter((each) => /^[cn]\//.test(each))) {
      for (const damage of [undefined, new Uint8Array(0), bytes("damaged")]) {
        const copy = await copyOf(store);
        if (damage === undefined) copy.remove(key);
        else copy.set(key, damage);
        const isPiece = await collectGarbage(copy, NOW).then(
          () => true,
          (error: unknown) =>
            error instanceof CorruptionError || error instanceof FormatVersionError ? false : Promise.reject(error),
        );
        // The pieces of values are not read; they are kept, whatever they hold.
        if (isPiece)
          expect([...kept, ...(damage === undefined ? [] : [key])]).toEqual(expect.arrayContaining(keysOf(copy)));
        else expect(keysOf(copy)).toEqual(before.filter((each) => damage !== undefined || each !== key));
      }
    }
  });

  it("removes damaged garbage, and is not stopped by it", async () => {
    for (const options of [NOW, { minAge: 60_000 }]) {
      const { store, kept } = await withGarbage();
      for (const key of keysOf(store)) if (!kept.includes(key)) store.set(key, new Uint8Array([1]));
      await collectGarbage(store, options);
      expect(keysOf(store)).toEqual(kept);
    }
  });

  it("refuses what cannot be, and changes nothing", async () => {
    const { store } = await withGarbage();
    const before = new Map(store.memory);
    for (const minAge of [-1, Number.NaN]) {
      await expect(collectGarbage(store, { minAge })).rejects.toThrow(RangeError);
    }
    for (const options of [{ minAge: "1" }, { signal: 5 }, { onProgress: 5 }, { minage: 5 }, { dryRun: true }]) {
      await expect(collectGarbage(store, options as never)).rejects.toThrow(TypeError);
    }
    await expect(collectGarbage(store, "now" as never)).rejects.toThrow(TypeError);
    await expect(collectGarbage({} as never)).rejects.toThrow("must be a KVStore");
    await expect(collectGarbage(store, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
    await expect(collectGarbage(new NoConditionalRemove())).rejects.toThrow(StorageError);
    expect(store.memory).toEqual(before);
    const newer = await copyOf(store);
    newer.set("vkv/format", bytes("vkv 99"));
    await expect(collectGarbage(newer, NOW)).rejects.toThrow(FormatVersionError);
    expect(newer.memory).toEqual(before.set("vkv/format", bytes("vkv 99")));
  });
});

class NoConditionalRemove extends Memory {
  override readonly traits: KVStore["traits"] = { maxKeyBytes: 1024, maxValueBytes: 1e9, conditionalRemove: false };
}

async function copyOf(store: Memory): Promise<Memory> {
  const copy = new Memory();
  for (const [key, value] of store.memory) copy.set(key, value);
  return copy;
}
