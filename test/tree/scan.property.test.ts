import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareText, keyBytes } from "../../src/tree/key-bytes.ts";
import { keyAfter, type Range, scan } from "../../src/tree/scan.ts";
import { CountingStore } from "../support/counting-store.ts";
import { propertyOptions } from "../support/seed.ts";
import { type Contents, Trees } from "../support/tree.ts";
import { contents, key } from "./arbitraries.ts";

interface Bounds {
  readonly start: string | undefined;
  readonly end: string | undefined;
}

const bounds: fc.Arbitrary<Bounds> = fc.record({
  start: fc.option(key, { nil: undefined }),
  end: fc.option(key, { nil: undefined }),
});
const options = fc.record({
  reverse: fc.boolean(),
  limit: fc.option(fc.integer({ min: 0, max: 1500 }), { nil: undefined, freq: 1 }),
});

function rangeOf({ start, end }: Bounds): Range {
  return {
    start: start === undefined ? undefined : keyBytes(start),
    end: end === undefined ? undefined : keyBytes(end),
  };
}

function expected(
  model: Contents,
  { start, end }: Bounds,
  reverse: boolean,
  limit = Number.POSITIVE_INFINITY,
): string[] {
  const keys = [...model.keys()].filter(
    (key) => (start === undefined || compareText(key, start) >= 0) && (end === undefined || compareText(key, end) < 0),
  );
  keys.sort((a, b) => (reverse ? compareText(b, a) : compareText(a, b)));
  return keys.slice(0, limit);
}

describe("scan", () => {
  it("gives what a sorted list gives, warm, cold and with next to no cache", async () => {
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.array(fc.tuple(bounds, options), { minLength: 1, maxLength: 6 }),
        async (model, scans) => {
          const warm = new Trees();
          const { hash } = await warm.build(model);
          for (const trees of [warm, warm.cold(), warm.cold(3000)]) {
            for (const [limits, { reverse, limit }] of scans) {
              const root = await trees.load(hash);
              const found: string[] = [];
              for await (const page of scan(trees.nodes, root, rangeOf(limits), { reverse, limit })) {
                expect(page.keys.length).toBeGreaterThan(0);
                expect(page.slots.length).toBe(page.keys.length);
                found.push(...page.keys);
              }
              expect(found).toEqual(expected(model, limits, reverse, limit));
            }
          }
        },
      ),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("reads ahead by what nodes say they hold, and little more than it gives", async () => {
    const warm = new Trees();
    const keys = Array.from({ length: 50_000 }, (_, i) => `k${String(i).padStart(6, "0")}`);
    const root = await warm.build(new Map(keys.map((key) => [key, new Uint8Array(10)])));
    const leaves = (await warm.all(root)).filter(({ level }) => level === 0).length;
    const counting = new CountingStore(warm.store);
    const cold = warm.cold(1e9, counting);
    const coldRoot = await cold.load(root.hash);
    counting.reset();
    let pages = 0;
    for await (const page of scan(cold.nodes, coldRoot, {})) pages += page.keys.length > 0 ? 1 : 0;
    expect(pages).toBe(1 + Math.ceil((50_000 - 128) / 1024));
    expect(counting.roundTrips).toBeLessThanOrEqual(root.level * pages);
    expect(counting.count("getMany").items).toBeLessThan(1.1 * leaves);
  });

  it("sees the tree as it was, whatever is made of it meanwhile", async () => {
    const trees = new Trees(2000);
    const model = new Map(Array.from({ length: 3000 }, (_, i) => [`k${i}`, new Uint8Array([i & 255])]));
    const root = await trees.build(model);
    const found: string[] = [];
    for await (const { keys } of scan(trees.nodes, root, {})) {
      found.push(...keys);
      await trees.edit(root, new Map(keys.map((key) => [key, undefined])));
    }
    expect(found).toEqual(expected(model, { start: undefined, end: undefined }, false));
  });
});

describe("keyAfter", () => {
  it("is the next key there can be", () => {
    expect(keyAfter(keyBytes("a"))).toEqual(keyBytes("a\u0000"));
  });
});
