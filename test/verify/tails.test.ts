/** What a verification says of stores in which commits store changes, and nodes are differences from others. */
import { describe, expect, it } from "vitest";
import { type Memory, Versioned, verify } from "vkv";
import { decodeChunk } from "../../src/chunk/codec.ts";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { noise } from "../support/tree.ts";
import { bytes, change } from "../versioned/helpers.ts";
import { copyOf, needsOf } from "./stores.ts";

/** A store with a tree of some leaves and a line of commits on it. */
async function lineOn(tailLimit: number, length: number): Promise<{ store: Memory; v: Versioned; ids: string[] }> {
  const store = new PlainMemory(tailLimit);
  const v = await Versioned.open(store);
  const keys = Array.from({ length: 300 }, (_, i): [string, Uint8Array] => [`k${1000 + i}`, noise(30, i)]);
  const ids = [await v.snapshot(new Map(keys))];
  for (let i = 1; i < length; i++) ids.push(await change(v, { [`k${1000 + (i % 20)}`]: `${i}` }));
  await v.merge();
  return { store, v, ids };
}

const newestFirst = (ids: readonly string[]): string[] => ids.toReversed().slice(0, 5);

describe("where commits store changes", () => {
  it.each([
    ["missing", undefined],
    ["damaged in its note", -1],
    ["damaged in what its id covers", 30],
  ])("a commit that is %s concerns those above it, up to the next that stores its tree", async (_, place) => {
    const { store, ids } = await lineOn(40, 60);
    const whole = ids.findIndex((id, i) => i > 5 && !isNoted(store, id));
    expect(whole).toBeGreaterThan(10);
    const key = chunkKey("commit", ids[5] as Hash);
    const stored = store.get(key) ?? bytes("");
    if (place === undefined) store.remove(key);
    else store.set(key, stored.with(place < 0 ? stored.length + place : place, 0x55));
    const { problems } = await verify(store);
    expect(problems).toMatchObject([
      {
        kind: place === undefined ? "missing" : "damaged",
        key,
        branches: ["main"],
        current: { branches: [] },
        commits: { count: whole - 5, newest: newestFirst(ids.slice(5, whole)) },
        keys: {},
      },
    ]);
  });

  it("a node that others are differences from concerns the commits of those", async () => {
    const { store, ids } = await lineOn(12, 30);
    const { chunks } = await needsOf(store);
    const bases = new Set<Hash>();
    for (const [key, value] of store.memory) {
      const { base } = key.startsWith("n/") ? { base: undefined, ...decodeChunk(value) } : {};
      if (base !== undefined) bases.add(base);
    }
    expect(bases.size).toBeGreaterThan(0);
    for (const base of bases) {
      for (const isRemoved of [false, true]) {
        const key = chunkKey("node", base);
        const damaged = copyOf(store);
        if (isRemoved) damaged.remove(key);
        else damaged.set(key, noise(50, 1));
        const { problems } = await verify(damaged);
        const needing = ids.filter((id) => chunks.get(id)?.has(key));
        expect(problems).toMatchObject([
          {
            kind: isRemoved ? "missing" : "damaged",
            key,
            commits: { count: needing.length, newest: newestFirst(needing) },
          },
        ]);
      }
    }
  });

  it("a node is missed in a tree that should be stored, though one like it is made elsewhere", async () => {
    const { store, v, ids } = await lineOn(100, 2);
    const values = (from: number, version: number): Map<string, Uint8Array> =>
      new Map(Array.from({ length: 300 - from }, (_, i) => [`k${1000 + from + i}`, noise(30, from + i + version)]));
    // Too many for changes alone.
    await v.snapshot(values(180, 1000));
    // So many that verification comes to the oldest last, and on to a tree of which the older leaves are no part in any form.
    for (let i = 0; i < 320 || isNoted(store, v.currentCommit); i++) await change(v, { k1000: `${i}` });
    await v.merge();
    const { chunks } = await needsOf(store);
    const now = new Set(chunks.get(v.currentCommit));
    await v.snapshot(values(270, 0));
    expect(isNoted(store, v.currentCommit)).toBe(true);
    await v.merge();
    const gone = [...(chunks.get(ids[0] ?? "") ?? [])].filter((key) => key.startsWith("n/") && !now.has(key));
    expect(gone.length).toBeGreaterThan(0);
    for (const key of gone) {
      const damaged = copyOf(store);
      damaged.remove(key);
      const { problems } = await verify(damaged);
      expect(problems).toMatchObject([{ kind: "missing", key }]);
    }
  });
});

function isNoted(store: Memory, id: string): boolean {
  const chunk = decodeChunk(store.get(chunkKey("commit", id as Hash)) ?? bytes(""));
  return chunk.base === undefined && chunk.note !== undefined;
}
