import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidKeyError, type KeyRange, Memory, Versioned } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { bytes, change, failureOf } from "./helpers.ts";

const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What a sorted array gives for a range. */
function model(sorted: readonly string[], range: KeyRange): string[] {
  const { prefix = "", gte, gt, lt, lte, reverse = false, limit } = range;
  const found = sorted.filter(
    (key) =>
      key.startsWith(prefix) &&
      (gte === undefined || byCodePoint(key, gte) >= 0) &&
      (gt === undefined || byCodePoint(key, gt) > 0) &&
      (lt === undefined || byCodePoint(key, lt) < 0) &&
      (lte === undefined || byCodePoint(key, lte) <= 0),
  );
  return (reverse ? found.reverse() : found).slice(0, limit);
}

const odd = [
  "\u{1f600}",
  "\u{1f600}a",
  "\u{10ffff}",
  "\uffff",
  "\ue000",
  "é",
  "e\u0301",
  "\u0000",
  "\u0000\u0000",
  "a/b",
  "a0",
  "a",
  "~",
];
const key = fc.oneof(
  fc.constantFrom(...odd),
  fc.nat({ max: 2000 }).map((i) => `k${i}`),
  fc.nat({ max: 300 }).map((i) => `user/${i}/name`),
  fc.string({ unit: "binary", minLength: 1, maxLength: 4 }).filter((text) => text.isWellFormed()),
);
const bound = fc.oneof(key, fc.constantFrom("", "k1", "k", "user/", "\u{1f600}", "\uffff"));
const range = fc
  .record(
    {
      prefix: fc.constantFrom(
        "",
        "k",
        "k1",
        "user/1",
        "user/",
        "\u{1f600}",
        "\u{10ffff}",
        "\uffff",
        "é",
        "missing",
        "\u0000",
      ),
      gte: bound,
      gt: bound,
      lt: bound,
      lte: bound,
      reverse: fc.boolean(),
      limit: fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 3000 })),
    },
    { requiredKeys: [] },
  )
  .map((picked): KeyRange => picked);

/** A handle without any node cached, on what another one published. */
async function cold(v: Versioned): Promise<Versioned> {
  const copy = new Memory();
  for await (const [name, value] of v.store.entries()) copy.set(name, value);
  return Versioned.open(copy);
}

describe("ranges", () => {
  it("agree with a sorted array, for any keys and bounds, warm and cold", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 80 }),
        fc.nat({ max: 1500 }),
        fc.array(range, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (some, many, ranges, isCold) => {
          const keys = [...new Set([...some, ...Array.from({ length: many }, (_, i) => `k${i}`)])];
          const warm = await Versioned.open();
          await warm.snapshot(keys.map((name): [string, Uint8Array] => [name, bytes(`value of ${name}`)]));
          await warm.merge();
          const v = isCold ? await cold(warm) : warm;
          const sorted = keys.toSorted(byCodePoint);
          for (const each of ranges) {
            const expected = model(sorted, each);
            expect(await v.keys(each).toArray()).toEqual(expected);
            const entries = await v.entries(each).toArray();
            expect(entries).toEqual(expected.map((name) => [name, bytes(`value of ${name}`)]));
          }
        },
      ),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("come in code-point order, which is not that of UTF-16 units", async () => {
    const v = await Versioned.open();
    await v.snapshot(odd.map((name): [string, Uint8Array] => [name, bytes("")]));
    const keys = await v.keys().toArray();
    expect(keys).toEqual(odd.toSorted(byCodePoint));
    expect(keys).not.toEqual(odd.toSorted());
    expect(await v.keys({ gt: "\uffff" }).toArray()).toEqual(["\u{1f600}", "\u{1f600}a", "\u{10ffff}"]);
    expect(await v.keys({ prefix: "\u{10ffff}" }).toArray()).toEqual(["\u{10ffff}"]);
    expect(await v.keys({ reverse: true, limit: 2 }).toArray()).toEqual(["\u{10ffff}", "\u{1f600}a"]);
  });

  it("are empty where nothing can be: bounds that cross, a limit of 0, an empty store", async () => {
    const v = await Versioned.open();
    expect(await v.keys().toArray()).toEqual([]);
    await change(v, { a: "1", b: "1", c: "1" });
    expect(await v.keys({ gte: "c", lt: "a" }).toArray()).toEqual([]);
    expect(await v.keys({ gt: "b", lt: "b" }).toArray()).toEqual([]);
    expect(await v.keys({ gt: "b", lte: "b" }).toArray()).toEqual([]);
    expect(await v.keys({ prefix: "a", gte: "b" }).toArray()).toEqual([]);
    expect(await v.keys({ limit: 0 }).toArray()).toEqual([]);
    expect(await v.keys({ gte: "b", lte: "b" }).toArray()).toEqual(["b"]);
    expect(await v.keys({ limit: Number.POSITIVE_INFINITY }).toArray()).toEqual(["a", "b", "c"]);
    expect(await v.keys({}).toArray()).toEqual(["a", "b", "c"]);
  });

  it("can be iterated in part, several times and by several at once", async () => {
    const v = await Versioned.open();
    const names = Array.from({ length: 3000 }, (_, i) => `k${String(i).padStart(5, "0")}`);
    await v.snapshot(names.map((name): [string, Uint8Array] => [name, bytes(name)]));
    const scan = v.keys();
    const first: string[] = [];
    for await (const name of scan) {
      first.push(name);
      if (first.length === 500) break;
    }
    expect(first).toEqual(names.slice(0, 500));
    expect(await scan.toArray()).toEqual(names);
    const iterator = scan[Symbol.asyncIterator]();
    const together = await Promise.all(Array.from({ length: 3001 }, () => iterator.next()));
    expect(together.slice(0, 3000).map(({ value }) => value)).toEqual(names);
    expect(together[3000]).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    const another = scan[Symbol.asyncIterator]();
    const some = Array.from({ length: 10 }, () => another.next());
    await some[0];
    const late = another.next();
    expect((await Promise.all([...some, late])).map(({ value }) => value)).toEqual(names.slice(0, 11));
    expect((await scan.map((name) => name.length).toArray()).every((length) => length === 6)).toBe(true);
  });

  it("refuse what is no range", async () => {
    const v = await Versioned.open();
    for (const wrong of [null, "prefix", 5, { prefix: 5 }, { gte: null }, { reverse: "yes" }, { limit: "3" }]) {
      await failureOf(TypeError, () => v.keys(wrong as never).toArray());
      await failureOf(TypeError, () => v.entries(wrong as never).toArray());
    }
    for (const limit of [-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      await failureOf(RangeError, () => v.keys({ limit }).toArray());
    }
    await failureOf(InvalidKeyError, () => v.keys({ gt: "\ud800" }).toArray());
  });
});
