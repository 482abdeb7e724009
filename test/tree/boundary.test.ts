import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOf } from "../../src/chunk/hash.ts";
import { boundaryHash, cut, cutRule, maxEntries } from "../../src/tree/boundary.ts";
import { keyBytes } from "../../src/tree/key-bytes.ts";
import { keysOfOneHash, keysOfRisingHashes } from "../support/adversarial.ts";
import { propertyOptions } from "../support/seed.ts";
import { type Changes, randomFrom, Trees } from "../support/tree.ts";

const keyAt = (index: number): Uint8Array => keyBytes(`key ${index}`);

/** Boundary hashes as they come, and as nobody wants them: few different ones, rising, falling. */
const hashes = fc
  .tuple(
    fc.constantFrom("random", "few", "rising", "falling", "one"),
    fc.integer({ min: 0, max: 1500 }),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  )
  .map(([kind, length, seed]) => {
    const random = randomFrom(seed);
    const list = Array.from({ length }, () => (kind === "few" ? random(3) : kind === "one" ? 7 : random(2 ** 32)));
    if (kind === "rising" || kind === "falling") list.sort((a, b) => (kind === "rising" ? a - b : b - a));
    return list;
  });
const level = fc.constantFrom(0, 1, 2);

/** What forced boundaries go by: the SHA-256 of the key, above the leaves of the key and the level. */
const rankAt = (index: number, level: number): string =>
  hashOf(level === 0 ? keyAt(index) : Uint8Array.of(...keyAt(index), level));

/** Whether a stretch gets no forced boundary: it is short enough, or its only one is the boundary it ends with. */
const isLeftWhole = (start: number, end: number, level: number): boolean => {
  const { longest } = cutRule(level);
  if (end - start !== longest + 1) return end - start <= longest;
  const ranks = Array.from({ length: end - start }, (_, i) => rankAt(start + i, level));
  return ranks.sort()[0] === rankAt(end - 1, level);
};

describe("cut", () => {
  it("covers all entries, and makes no node that is too large", () => {
    fc.assert(
      fc.property(hashes, level, (list, level) => {
        const cuts = cut(list, level, keyAt);
        let from = 0;
        for (const { end } of cuts) {
          expect(end).toBeGreaterThan(from);
          expect(end - from).toBeLessThanOrEqual(maxEntries(level));
          from = end;
        }
        expect(from).toBe(list.length);
        expect(cuts.at(-1)?.forced ?? false).toBe(false);
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("puts natural boundaries at strict local minima, all of them, and never closer than a window", () => {
    fc.assert(
      fc.property(hashes, level, (list, level) => {
        const { window } = cutRule(level);
        const minima: number[] = [];
        for (let i = window; i + window < list.length; i++) {
          const around = [...list.slice(i - window, i), ...list.slice(i + 1, i + window + 1)];
          if (around.every((hash) => hash > (list[i] ?? 0))) minima.push(i + 1);
        }
        const natural = cut(list, level, keyAt).filter(({ forced }) => !forced);
        expect(natural.map(({ end }) => end)).toEqual(list.length === 0 ? [] : [...minima, list.length]);
        let from = 0;
        for (const { end } of natural.slice(0, -1)) {
          expect(end - from).toBeGreaterThan(window);
          from = end;
        }
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("forces boundaries only in stretches that are too long, and says which they are", () => {
    fc.assert(
      fc.property(hashes, level, (list, level) => {
        let start = 0;
        let forced = 0;
        for (const cutAt of cut(list, level, keyAt)) {
          if (cutAt.forced) {
            forced++;
            continue;
          }
          expect(forced > 0).toBe(!isLeftWhole(start, cutAt.end, level));
          start = cutAt.end;
          forced = 0;
        }
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("leaves a stretch one entry too long whole where its last entry has the smallest rank", () => {
    const { longest } = cutRule(0);
    const whole = Array.from({ length: 400 }, (_, from) => from).filter((from) =>
      isLeftWhole(from, from + longest + 1, 0),
    );
    expect(whole.length).toBeGreaterThan(0);
    for (const from of whole) {
      const sameHashes = new Array<number>(longest + 1).fill(7);
      expect(cut(sameHashes, 0, (i) => keyAt(from + i))).toEqual([{ end: longest + 1, forced: false }]);
    }
  });

  it("moves no boundary that is farther than a window from an insertion, except in stretches with forced ones", () => {
    fc.assert(
      fc.property(hashes, level, fc.nat(), fc.nat(), (list, level, place, hash) => {
        const { window } = cutRule(level);
        const at = place % (list.length + 1);
        const after = [...list.slice(0, at), hash, ...list.slice(at)];
        const ends = (all: readonly number[]): number[] => {
          const cuts = cut(all, level, () => keyBytes("unused"));
          return cuts.filter(({ forced }) => !forced).map(({ end }) => end);
        };
        const far = (end: number): boolean => Math.abs(end - 1 - at) > window + 1 && end <= list.length - window;
        const before = ends(list).filter(far);
        expect(ends(after)).toEqual(expect.arrayContaining(before.map((end) => (end > at ? end + 1 : end))));
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it.each([
    [0, 9],
    [1, 25],
  ])("on level %i, makes nodes of %i entries on average", (level, mean) => {
    const random = randomFrom(42);
    const list = Uint32Array.from({ length: 200_000 }, () => random(2 ** 32));
    const cuts = cut(list, level, keyAt);
    expect(list.length / cuts.length).toBeGreaterThan(0.97 * mean);
    expect(list.length / cuts.length).toBeLessThan(1.03 * mean);
    expect(cuts.filter(({ forced }) => forced)).toEqual([]);
  });
});

describe("boundaryHash", () => {
  it("spreads neighbouring keys evenly, on each level differently", () => {
    for (const level of [0, 1, 2, 3]) {
      const buckets = new Array<number>(16).fill(0);
      for (let i = 0; i < 16_000; i++) {
        const bytes = keyBytes(`user/${String(i).padStart(6, "0")}`);
        const bucket = boundaryHash(bytes, 0, bytes.length, level) >>> 28;
        buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      }
      expect(Math.min(...buckets)).toBeGreaterThan(850);
      expect(Math.max(...buckets)).toBeLessThan(1150);
    }
  });
});

/** Honest trees of as many keys have a depth of 3. */
const COUNT = 4000;
const HONEST_DEPTH = 3;

describe.each([
  ["the same boundary hash", keysOfOneHash],
  ["rising boundary hashes", keysOfRisingHashes],
])("4,000 keys of %s", (_, craft) => {
  const keys = craft(COUNT);
  const value = new Uint8Array(20);
  const all = new Map<string, Uint8Array>(keys.map((key) => [key, value]));

  it("are what they should be", () => {
    const list = keys.map((key) => {
      const bytes = keyBytes(key);
      return boundaryHash(bytes, 0, bytes.length, 0);
    });
    expect(new Set(keys).size).toBe(COUNT);
    expect([...keys].sort()).toEqual(keys);
    expect([...list].sort((a, b) => a - b)).toEqual(list);
    expect(cut(list, 0, (i) => keyBytes(keys[i] ?? "")).filter(({ forced }) => !forced).length).toBe(1);
  });

  it("make nodes of bounded size and a tree of bounded depth", async () => {
    const trees = new Trees();
    const root = await trees.build(all);
    for (const node of await trees.all(root)) expect(node.count).toBeLessThanOrEqual(maxEntries(node.level));
    expect(root.level + 1).toBeLessThanOrEqual(HONEST_DEPTH + 2);
    expect([...(await trees.contents(root)).keys()]).toEqual(keys);
  });

  it("have few nodes rewritten by a change", async () => {
    const trees = new Trees();
    const root = await trees.build(all);
    const random = randomFrom(5);
    for (let i = 0; i < 40; i++) {
      const key = keys[random(COUNT)] ?? "";
      const changes: Changes[] = [
        new Map([[`${key}!`, value]]),
        new Map([[key, undefined]]),
        new Map([[key, new Uint8Array(3)]]),
      ];
      for (const change of changes) {
        const { fresh } = await trees.edit(root, change);
        expect(fresh.length).toBeLessThanOrEqual(2 + 2 * root.level);
      }
    }
  });

  it("give the tree that a build from nothing gives, whatever the way there", async () => {
    const trees = new Trees(20_000);
    const random = randomFrom(6);
    const left = new Map(all);
    let root = await trees.build(all);
    for (let i = 0; i < 25; i++) {
      const changes = new Map<string, Uint8Array | undefined>();
      for (let j = random(4); j >= 0; j--) {
        const from = random(COUNT);
        const count = 1 + random(i % 5 === 0 ? 500 : 3);
        const change = random(2) === 0 ? undefined : new Uint8Array(random(30));
        for (const key of keys.slice(from, from + count)) changes.set(random(4) === 0 ? `${key}~` : key, change);
      }
      root = (await trees.edit(root, changes)).root;
      for (const [key, change] of changes) {
        if (change === undefined) left.delete(key);
        else left.set(key, change);
      }
      expect(root.hash).toBe((await new Trees().build(left)).hash);
    }
  });
});
