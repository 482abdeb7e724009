import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromUtf8 } from "../../src/bytes.ts";
import { checkInfo, decodeInfo, encodeInfo, type Info } from "../../src/commit/info.ts";
import { propertyOptions } from "../support/seed.ts";

const text = fc.string({ unit: "binary", maxLength: 8 }).filter((value) => value.isWellFormed());
const json = fc.letrec<{ any: unknown; object: Record<string, unknown> }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    text,
    fc.array(tie("any"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.dictionary(text, tie("any"), { maxKeys: 5, noNullPrototype: true }),
}));
const info = json.object.map((value) => value as Info);

/** The same data with the fields of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.defineProperties(
    {},
    Object.fromEntries(
      entries.map(([name, item]) => [
        name,
        { value: reordered(item), enumerable: true, writable: true, configurable: true },
      ]),
    ),
  );
}

describe("info", () => {
  it("has one encoding, whatever the order of its fields, and comes back from it", () => {
    fc.assert(
      fc.property(info, (value) => {
        const bytes = encodeInfo(value);
        expect(encodeInfo(reordered(value) as Info)).toEqual(bytes);
        expect(encodeInfo(decodeInfo(bytes))).toEqual(bytes);
        expect(JSON.parse(fromUtf8(bytes))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("orders fields by code point, not by UTF-16 unit, and integer-like ones among the others", () => {
    const encoded = fromUtf8(encodeInfo({ "😀": 1, "\uffff": 2, b: 3, "10": 4, "9": 5, a: 6 }));
    expect(encoded).toBe('{"10":4,"9":5,"a":6,"b":3,"\uffff":2,"😀":1}');
  });

  it("is a frozen copy", () => {
    const given = { list: [1, { a: 1 }] };
    const kept = checkInfo(given);
    given.list.push(2);
    expect(kept).toEqual({ list: [1, { a: 1 }] });
    expect(Object.isFrozen(kept)).toBe(true);
    expect(Object.isFrozen(kept?.["list"])).toBe(true);
    expect(checkInfo(undefined)).toBeUndefined();
  });

  it("may come without prototype, or with fields of awkward names", () => {
    const bare: unknown = Object.assign(Object.create(null), JSON.parse('{"__proto__":{"polluted":true},"toJSON":1}'));
    const kept = checkInfo(bare as Info) ?? {};
    expect(Object.entries(kept)).toEqual([
      ["__proto__", { polluted: true }],
      ["toJSON", 1],
    ]);
    expect("polluted" in {}).toBe(false);
  });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = { cycle };
  let nested: unknown = 1;
  for (let i = 0; i < 101; i++) nested = [nested];
  it.each<[string, unknown, typeof Error]>([
    ["an array", [], TypeError],
    ["null", null, TypeError],
    ["a string", "x", TypeError],
    ["a Map", new Map(), TypeError],
    ["an instance", new (class Thing {})(), TypeError],
    ["a Date inside", { at: new Date(0) }, TypeError],
    ["bytes inside", { data: new Uint8Array(1) }, TypeError],
    ["undefined inside", { a: undefined }, TypeError],
    ["a hole inside", { a: new Array(1) }, TypeError],
    ["a function inside", { a: () => 1 }, TypeError],
    ["a symbol inside", { a: Symbol("x") }, TypeError],
    ["a bigint inside", { a: 1n }, TypeError],
    ["NaN inside", { a: Number.NaN }, TypeError],
    ["Infinity inside", { a: [Number.POSITIVE_INFINITY] }, TypeError],
    ["a lone surrogate", { a: "\ud800" }, TypeError],
    ["a lone surrogate in a name", { "\udc00": 1 }, TypeError],
    ["itself inside", cycle, TypeError],
    ["101 levels", { nested }, RangeError],
    ["more than 1 MiB", { a: "x".repeat(1024 * 1024) }, RangeError],
  ])("cannot be %s", (_, value, error) => {
    expect(() => encodeInfo(value as Info)).toThrow(error);
  });

  it("may be the same object in two places", () => {
    const shared = { a: 1 };
    expect(fromUtf8(encodeInfo({ x: shared, y: [shared, shared] }))).toBe('{"x":{"a":1},"y":[{"a":1},{"a":1}]}');
  });
});
