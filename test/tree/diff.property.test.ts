import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalValues } from "../../src/bytes.ts";
import { diff } from "../../src/tree/diff.ts";
import { EMPTY_ROOT } from "../../src/tree/edit.ts";
import { compareText, keyBytes, keyText } from "../../src/tree/key-bytes.ts";
import type { Node } from "../../src/tree/node.ts";
import type { Range } from "../../src/tree/scan.ts";
import { CountingStore } from "../support/counting-store.ts";
import { propertyOptions } from "../support/seed.ts";
import { type Contents, Trees } from "../support/tree.ts";
import { applied, changes, contents, key } from "./arbitraries.ts";

/** A change: the key, and whether it was there and is there. */
type Line = readonly [key: string, before: boolean, after: boolean];

async function found(trees: Trees, a: Node, b: Node, range: Range = {}, reverse = false): Promise<Line[]> {
  const lines: Line[] = [];
  const [left, right] = [await trees.load(a.hash), await trees.load(b.hash)];
  for await (const page of diff(trees.nodes, left, right, { range, reverse })) {
    expect(page.length).toBeGreaterThan(0);
    for (const { key, before, after } of page) lines.push([keyText(key), before !== undefined, after !== undefined]);
  }
  return lines;
}

function expected(a: Contents, b: Contents, start?: string, end?: string, reverse = false): Line[] {
  const keys = [...new Set([...a.keys(), ...b.keys()])].filter(
    (key) =>
      !equalValues(a.get(key), b.get(key)) &&
      (start === undefined || compareText(key, start) >= 0) &&
      (end === undefined || compareText(key, end) < 0),
  );
  keys.sort((x, y) => (reverse ? compareText(y, x) : compareText(x, y)));
  return keys.map((key) => [key, a.has(key), b.has(key)]);
}

function bytes(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : keyBytes(text);
}

function numbered(count: number, from = 0, step = 1): Map<string, Uint8Array> {
  return new Map(
    Array.from({ length: count }, (_, i) => [`k${String(from + i * step).padStart(7, "0")}`, new Uint8Array([1])]),
  );
}

describe("diff", () => {
  it("gives what a comparison key by key gives: in order, in a range, backwards, warm and cold", async () => {
    const bound = fc.option(key, { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.oneof(
          changes.map((list) => ({ list })),
          contents.map((other) => ({ other })),
        ),
        bound,
        bound,
        fc.boolean(),
        async (a, next, start, end, reverse) => {
          const b = "list" in next ? applied(a, next.list) : next.other;
          const warm = new Trees();
          const [left, right] = [await warm.build(a), await warm.build(b)];
          for (const trees of [warm, warm.cold(), warm.cold(3000)]) {
            expect(await found(trees, left, right)).toEqual(expected(a, b));
            const range = { start: bytes(start), end: bytes(end) };
            expect(await found(trees, left, right, range, reverse)).toEqual(expected(a, b, start, end, reverse));
            expect(await found(trees, right, left, range, reverse)).toEqual(expected(b, a, start, end, reverse));
          }
        },
      ),
      propertyOptions({ numRuns: 80 }),
    );
  });

  const LARGE: readonly (readonly [string, Contents, Contents])[] = [
    ["nothing and much", new Map(), numbered(20_000)],
    ["one key and much", numbered(1, 10_000), numbered(20_000)],
    ["few keys and much", numbered(100, 0, 200), numbered(20_000)],
    ["two halves", numbered(10_000), numbered(10_000, 10_000)],
    ["every second key and the others", numbered(10_000, 0, 2), numbered(10_000, 1, 2)],
    ["every second key and all", numbered(10_000, 0, 2), numbered(20_000)],
    [
      "all values changed",
      numbered(20_000),
      new Map([...numbered(20_000).keys()].map((key) => [key, new Uint8Array([2])])),
    ],
  ];

  it.each(LARGE)("streams over long stretches in bounded batches: %s", async (_, a, b) => {
    const trees = new Trees();
    const [left, right] = [await trees.build(a), await trees.build(b)];
    const counting = new CountingStore(trees.store);
    const cold = trees.cold(1e9, counting);
    const roots = [await cold.load(left.hash), await cold.load(right.hash)] as const;
    const keys: string[] = [];
    let largest = 0;
    for await (const page of diff(cold.nodes, ...roots)) {
      for (const { key } of page) keys.push(keyText(key));
      largest = Math.max(largest, counting.count("getMany").items);
      counting.reset();
    }
    expect(keys).toEqual(expected(a, b).map(([key]) => key));
    expect(largest).toBeLessThan(700);
    expect(await found(trees, right, left, {}, true)).toEqual(expected(b, a, undefined, undefined, true));
    const [start, end] = ["k0003000", "k0012345"];
    const range = { start: keyBytes(start), end: keyBytes(end) };
    expect(await found(trees, left, right, range)).toEqual(expected(a, b, start, end));
  });

  it("gives the same for trees that were made from one another, several steps apart", async () => {
    const step = fc.array(fc.tuple(fc.nat({ max: 399 }), fc.option(fc.nat({ max: 3 }), { nil: undefined, freq: 12 })), {
      minLength: 1,
      maxLength: 12,
    });
    const name = (i: number): string => `k${String(i).padStart(7, "0")}`;
    const bound = fc.option(fc.nat({ max: 399 }).map(name), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 4 }),
        bound,
        bound,
        fc.boolean(),
        async (steps, start, end, reverse) => {
          const trees = new Trees();
          const made: { readonly model: Contents; readonly root: Node }[] = [];
          let model: Contents = numbered(400);
          let root = await trees.build(model);
          made.push({ model, root });
          for (const list of steps) {
            const changed = new Map(list.map(([i, to]) => [name(i), to === undefined ? to : new Uint8Array([to])]));
            model = applied(model, changed);
            root = (await trees.edit(root, changed)).root;
            made.push({ model, root });
          }
          const range = { start: bytes(start), end: bytes(end) };
          for (const a of made) {
            for (const b of made) {
              const lines = await found(trees, a.root, b.root, range, reverse);
              expect(lines).toEqual(expected(a.model, b.model, start, end, reverse));
            }
          }
        },
      ),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("reads nothing for equal trees, and for one change little, however large the trees", async () => {
    const trees = new Trees();
    const model = numbered(50_000);
    const root = await trees.build(model);
    const { root: changed } = await trees.edit(root, new Map([["k0025000", new Uint8Array([7])]]));
    const counting = new CountingStore(trees.store);
    const cold = trees.cold(1e9, counting);
    expect(await found(cold, root, root)).toEqual([]);
    await cold.load(changed.hash);
    expect(counting.roundTrips).toBe(2);
    counting.reset();
    expect(await found(cold, root, changed)).toEqual([["k0025000", true, true]]);
    expect(counting.roundTrips).toBe(root.level);
    expect(counting.count("getMany").items).toBe(2 * root.level);
    counting.reset();
    expect(await found(trees.cold(1e9, counting), EMPTY_ROOT, changed, { start: keyBytes("z") })).toEqual([]);
    expect(counting.count("getMany").items).toBeLessThanOrEqual(1 + root.level);
  });
});
