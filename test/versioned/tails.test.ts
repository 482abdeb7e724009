/** Commits that store what they changed: which of them do, what they do when that is wrong, and what is kept of them. */
import { describe, expect, it } from "vitest";
import { CorruptionError, collectGarbage, GCVersioned, Memory, retainHistory, Versioned, verify } from "vkv";
import { decodeChunk, encodeChunk } from "../../src/chunk/codec.ts";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey, hashOfChunkKey } from "../../src/chunk/key.ts";
import { ChunkStore } from "../../src/chunk/store.ts";
import { writeVarint } from "../../src/chunk/varint.ts";
import { FORMAT_KEY, markOf } from "../../src/commit/format.ts";
import { ViewOf } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { noise } from "../support/tree.ts";
import { bytes, change, contents, storedContents, text } from "./helpers.ts";
import { ScriptedStore } from "./scripted-store.ts";

const SOUND = { ok: true, problems: [], omitted: 0 };

function noteOf(store: Memory, id: string): Uint8Array | undefined {
  const chunk = decodeChunk(store.get(chunkKey("commit", id as Hash)) ?? bytes(""));
  return chunk.base === undefined ? chunk.note : undefined;
}

/** Gives a commit's record another note, which says what it says without fault. */
function setNote(store: Memory, id: string, note: Uint8Array | undefined): void {
  const key = chunkKey("commit", id as Hash);
  const chunk = decodeChunk(store.get(key) ?? bytes(""));
  if (chunk.base !== undefined) throw new Error("It is a difference.");
  store.set(key, encodeChunk({ ...chunk, note }));
}

/** A line of commits, published, each of which changes one key more. */
async function line(store: Memory, length: number, branch = "main"): Promise<string[]> {
  const v = await Versioned.open(store, { branch });
  const ids: string[] = [];
  for (let i = 0; i < length; i++) ids.push(await change(v, { n: `${i}`, [`k${i}`]: `${i}` }));
  await v.merge();
  return ids;
}

/** By commit of a line, `x` if it stores its tree. */
const formsOf = (store: Memory, ids: readonly string[]): string =>
  ids.map((id) => (noteOf(store, id) === undefined ? "x" : ".")).join("");

describe("which commits store their trees", () => {
  it.each([
    [0, "xxxxxxxxxxxx"],
    // A commit and its key: two; a commit and its two keys: three.
    [1, "xxxxxxxxxxxx"],
    [2, "xxxxxxxxxxxx"],
    [3, ".x.x.x.x.x.x"],
    [7, "..x..x..x..x"],
    [12, "....x....x.."],
    [2048, "............"],
  ])("follows from the limit: of tails of %i", async (limit, forms) => {
    const store = new PlainMemory(limit);
    expect(formsOf(store, await line(store, 12))).toBe(forms);
  });

  it("is the same for whoever makes them, again or elsewhere", async () => {
    const [one, two] = [new PlainMemory(7), new PlainMemory(7)];
    await Promise.all([line(one, 12), line(new ViewOf(one) as unknown as Memory, 12), line(two, 12)]);
    const records = (store: Memory): unknown[] =>
      [...store.memory]
        .filter(([key]) => key.startsWith("c/"))
        .map(([key, value]) => [key, { ...decodeChunk(value), createdAt: 0 }]);
    expect(records(one).sort()).toEqual(records(two).sort());
  });

  it("is decided by the limit that the store was marked with, whatever it is opened with later", async () => {
    const store = new PlainMemory(7);
    await line(store, 2);
    const mark = text(store.get(FORMAT_KEY));
    expect(mark).toBe(markOf(new PlainMemory(7)));
    for (const other of [0, 2048]) {
      const copy = new PlainMemory(other);
      for (const [key, value] of store.memory) copy.set(key, value);
      expect(formsOf(copy, await line(copy, 12, "other"))).toBe("..x..x..x..x");
      expect(text(copy.get(FORMAT_KEY))).toBe(mark);
    }
    const plain = new PlainMemory();
    await line(plain, 1);
    const copy = new Memory();
    for (const [key, value] of plain.memory) copy.set(key, value);
    expect(formsOf(copy, await line(copy, 5))).toBe("xxxxx");
    // A wrapper that says nothing of tails.
    const inner = new Memory();
    await line(inner, 1);
    const v = await Versioned.open(new ScriptedStore(inner));
    expect(formsOf(inner, [await change(v, { more: "1" })])).toBe(".");
  });

  it("is so for none that changes too much: by keys, or by bytes", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    const many = await v.snapshot(Array.from({ length: 2048 }, (_, i): [string, Uint8Array] => [`k${i}`, bytes("")]));
    const large = await v.snapshot(
      Array.from({ length: 200 }, (_, i): [string, Uint8Array] => [`k${i}`, noise(400, i)]),
    );
    const small = await v.snapshot(
      Array.from({ length: 200 }, (_, i): [string, Uint8Array] => [`k${i}`, noise(40, i)]),
    );
    expect(formsOf(store, [many, large, small])).toBe("xx.");
  });

  it("counts large values by their size: what they take stays as long as the tail", async () => {
    const store = new PlainMemory(8);
    const v = await Versioned.open(store);
    const ids: string[] = [];
    for (const size of [600, 4096, 8191, 100_000, 1]) ids.push(await v.snapshot({ k: noise(size, size) }));
    // 1 + 1, 1 + 2; then 1 + 2 more reach the limit; too large for any tail; 1 + 1.
    expect(formsOf(store, ids)).toBe("...x.");
    expect((await v.get("k"))?.length).toBe(1);
  });

  it("leaves them as they are where they were made before, while the store was in an older format", async () => {
    const store = new PlainMemory();
    const ids = await line(store, 3);
    store.set(FORMAT_KEY, bytes("vkv 2"));
    const later = new Memory();
    for (const [key, value] of store.memory) later.set(key, value);
    const again = await Versioned.open(later, { branch: "again" });
    expect(await change(again, { n: "0", k0: "0" })).toBe(ids[0]);
    const next = await change(again, { n: "1", k1: "1" });
    const newer = await change(again, { n: "new" });
    await again.merge();
    expect(text(later.get(FORMAT_KEY))).toBe(markOf(later));
    expect(formsOf(later, [ids[0] ?? "", next, newer])).toBe("xx.");
    await again.deleteBranch("main");
    await collectGarbage(later, { minAge: 0 });
    expect(await verify(later)).toEqual(SOUND);
    expect(await storedContents(later, newer)).toEqual({ n: "new", k0: "0", k1: "1" });
  });
});

describe("nodes that are stored as differences from others", () => {
  /** A tree of a few hundred keys, of which the first one changes again and again; every other commit stores its tree. */
  async function changing(store: Memory, commits: number): Promise<Versioned> {
    const v = await Versioned.open(store);
    await v.snapshot(Array.from({ length: 300 }, (_, i) => [`k${1000 + i}`, noise(60, i)]));
    for (let i = 0; i < commits; i++) await change(v, { k1000: `${i}` });
    await v.merge();
    return v;
  }

  /** By chunk, what it is a difference from, what that is a difference from, and so on. */
  function chainsIn(store: Memory): Map<string, string[]> {
    const chains = new Map<string, string[]>();
    for (const key of store.memory.keys()) {
      const chain: string[] = [];
      for (let at = key; at.startsWith("n/"); ) {
        const stored = store.get(at);
        const { base } = { base: undefined, ...(stored && decodeChunk(stored)) };
        if (base === undefined) break;
        at = chunkKey("node", base);
        chain.push(at);
      }
      chains.set(key, chain);
    }
    return chains;
  }

  it("make chains of eight at most, and are read and verified whatever their length", async () => {
    const store = new PlainMemory(3);
    const v = await changing(store, 60);
    const lengths = [...chainsIn(store).values()].map(({ length }) => length);
    for (let length = 0; length <= 8; length++) expect(lengths).toContain(length);
    expect(Math.max(...lengths)).toBe(8);
    expect(await verify(store)).toMatchObject(SOUND);
    expect(await contents(await Versioned.open(new ViewOf(store)))).toEqual(await contents(v));
  });

  it("are no differences from what is gone, though it was there when a handle read it", async () => {
    const store = new PlainMemory(3);
    await changing(store, 17);
    const [longest, chain] = [...chainsIn(store)].reduce((a, b) => (b[1].length > a[1].length ? b : a));
    expect(chain.length).toBe(8);
    const v = await Versioned.open(store);
    await contents(v);
    // As if all of them had been collected, and the first made again.
    const hash = hashOfChunkKey("node", longest);
    const found = hash && (await new ChunkStore(store).readSound("node", [hash])).get(hash);
    if (found === undefined) throw new Error("It is not there.");
    const { payload, epoch, createdAt } = found;
    store.set(longest, encodeChunk({ payload, epoch, createdAt }));
    for (const key of chain) store.remove(key);
    const before = chainsIn(store);
    for (let i = 0; i < 4; i++) await change(v, { k1000: `again ${i}` });
    await v.merge();
    const now = [...chainsIn(store)].filter(([key, chain]) => !before.has(key) && chain.length > 0);
    expect(now.length).toBeGreaterThan(0);
    for (const [, keys] of now) for (const key of keys) expect(chain).not.toContain(key);
  });

  it.each([1, 2])("make no longer ones of contents that were collected and come back, by %i writers", async (count) => {
    const store = new PlainMemory(1);
    const writers = [await Versioned.open(store), await Versioned.open(new ViewOf(store))].slice(0, count);
    let turn = 0;
    const set = async (entries: readonly (readonly [string, Uint8Array])[]): Promise<void> => {
      const v = writers[turn++ % count];
      await v?.reset();
      await v?.snapshot(entries);
      await v?.merge();
    };
    const fill = (from: number): [string, Uint8Array][] =>
      Array.from({ length: 300 }, (_, i) => [`k${1000 + i}`, noise(60, from + i)]);
    const states = Array.from({ length: 60 }, (_, i) => bytes(`state ${i}`));
    await set(fill(0));
    for (const state of states) await set([["k1000", state]]);
    for (const from of [5000, 0]) {
      await set(fill(from));
      await retainHistory(store, { branches: ["main"], commits: 1 });
      await collectGarbage(store, { minAge: 0 });
    }
    // Without each eighth, of which every writer may still believe that it is stored whole.
    for (const [i, state] of states.entries()) if (i % 8 !== 7) await set([["k1000", state]]);
    expect(Math.max(...[...chainsIn(store).values()].map(({ length }) => length))).toBe(8);
    expect(await verify(store)).toMatchObject(SOUND);
  });

  it("are none from themselves, where a value comes back", async () => {
    const store = new PlainMemory(3);
    const v = await changing(store, 2);
    for (let i = 0; i < 40; i++) await change(v, { k1000: `${i % 3}`, k1001: `${i % 2}` });
    await v.merge();
    expect(await verify(store)).toMatchObject(SOUND);
    expect(await contents(await Versioned.open(new ViewOf(store)))).toEqual(await contents(v));
  });
});

describe("a commit whose changes are not those that it made", () => {
  /** A line of ten commits on a tree of some leaves, and lies of the third. */
  async function lying(
    lie: (store: Memory, ids: readonly string[]) => void,
  ): Promise<{ store: Memory; ids: string[] }> {
    const store = new Memory();
    const v = await Versioned.open(store);
    await v.snapshot(Array.from({ length: 2048 }, (_, i): [string, Uint8Array] => [`k${i + 1000}`, bytes(`${i}`)]));
    await v.merge();
    const ids = await line(store, 10);
    lie(store, ids);
    return { store, ids };
  }

  const LIES: readonly (readonly [string, (store: Memory, ids: readonly string[]) => void])[] = [
    ["says those of another", (store, ids) => setNote(store, ids[2] ?? "", noteOf(store, ids[1] ?? ""))],
    ["says nothing changed", (store, ids) => setNote(store, ids[2] ?? "", Uint8Array.of(3, 4, 0))],
    ["says that its tree is stored", (store, ids) => setNote(store, ids[2] ?? "", undefined)],
    ["says what cannot be read", (store, ids) => setNote(store, ids[2] ?? "", noise(30, 1))],
    ["says too much", (store, ids) => setNote(store, ids[2] ?? "", new Uint8Array(70_000).fill(1))],
  ];

  it.each(LIES)("and %s is refused, and gives no wrong values", async (_, lie) => {
    const { store, ids } = await lying(lie);
    for (const [i, id] of ids.entries()) {
      const v = await Versioned.open(new ViewOf(store), { commit: id });
      const read = contents(v);
      if (i < 2) expect(await read).toMatchObject({ n: `${i}`, k1000: "0" });
      else await expect(read).rejects.toThrow(CorruptionError);
      if (i < 2) continue;
      await expect(v.get("n")).rejects.toThrow(CorruptionError);
      await expect(change(v, { x: "1" })).rejects.toThrow(CorruptionError);
      await expect(v.diff(id, ids[0] ?? "")).rejects.toThrow(CorruptionError);
    }
    const { problems } = await verify(store);
    const named = problems.map(({ key }) => key);
    const { root } = await (await Versioned.open(store)).commit(ids[2]);
    const isWhole = noteOf(store, ids[2] ?? "") === undefined;
    expect(named).toEqual([isWhole ? chunkKey("node", root as Hash) : chunkKey("commit", ids[2] as Hash)]);
    expect(problems).toMatchObject([{ branches: ["main"], commits: { count: 8 }, keys: {} }]);
  });

  it("is found where only the numbers of its tail are wrong, which no read needs", async () => {
    for (const at of [0, 1]) {
      const { store, ids } = await lying((memory, all) => {
        const id = all[2] ?? "";
        const note = noteOf(memory, id)?.slice() ?? bytes("");
        writeVarint((note[at] ?? 0) + 1, note, at);
        setNote(memory, id, note);
      });
      expect(await contents(await Versioned.open(store))).toMatchObject({ n: "9", k1000: "0" });
      const { problems } = await verify(store);
      expect(problems[0]?.key).toBe(chunkKey("commit", ids[2] as Hash));
    }
  });
});

describe("a history that is cut within a tail", () => {
  it.each([12, 2048])("reads as before above the cut, also after a collection: tails of %i", async (limit) => {
    const all = new PlainMemory(limit);
    const ids = await line(all, 40);
    for (const commits of [1, 2, 3, 4, 5, 6, 7, 20, 39]) {
      const store = new PlainMemory(limit);
      for (const [key, value] of all.memory) store.set(key, value);
      await retainHistory(store, { commits });
      for (let round = 0; round < 2; round++) {
        await collectGarbage(store, { minAge: 0 });
        expect(await verify(store)).toEqual(SOUND);
      }
      const v = await Versioned.open(new ViewOf(store));
      expect(await v.history().toArray()).toEqual(ids.slice(-commits).reverse());
      for (const [i, id] of ids.entries()) {
        if (i < 40 - commits) continue;
        expect(await contents(await Versioned.open(new ViewOf(store), { commit: id }))).toEqual(
          await storedContents(all, id),
        );
      }
      expect(await change(v, { more: "1" })).toBe(await change(await Versioned.open(new ViewOf(all)), { more: "1" }));
      await v.merge();
      expect(await verify(store)).toEqual(SOUND);
    }
  });

  it("keeps no more of what is cut than what is above is stored as changes of", async () => {
    const store = new PlainMemory(12);
    const ids = await line(store, 40);
    await retainHistory(store, { commits: 3 });
    await collectGarbage(store, { minAge: 0 });
    const kept = ids.filter((id) => store.memory.has(chunkKey("commit", id as Hash)));
    const base = formsOf(store, kept).lastIndexOf("x");
    expect(kept.length - base).toBeLessThanOrEqual(5);
    // The spine that later commits name.
    expect(base).toBeLessThanOrEqual(6);
  });
});

describe("a store that drops what was not used lately", () => {
  it("drops the same where commits store changes", async () => {
    const outcomes = await Promise.all(
      [0, 12, 2048].map(async (limit) => {
        const store = new PlainMemory(limit);
        const seen: unknown[] = [];
        for (let i = 0; i < 30; i++) {
          const v = await GCVersioned.open(i % 2 === 0 ? store : new ViewOf(store), { highWaterBytes: 3000 });
          await v.get(`k${i - 3}`);
          await v.snapshot({ [`k${i}`]: noise(200, i), [`j${i}`]: noise(20, i) });
          await v.merge();
          if (i % 10 === 9) await v.rebase();
          if (i % 7 === 6) await collectGarbage(store, { minAge: 0 });
          seen.push(v.currentCommit, await v.keys().toArray());
          expect(await verify(store)).toEqual(SOUND);
        }
        return seen;
      }),
    );
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });
});
