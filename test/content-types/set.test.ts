import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Json, MergeConflict, set } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { bytes, contents, diverged, failureOf, text } from "../versioned/helpers.ts";

const type = set();

const element = fc.oneof(fc.constantFrom<Json>(null, 1, "1", [], {}, { a: 1, b: [2] }, "a", "b", true), fc.nat(9));
const someSet = fc.array(element, { maxLength: 6 });
const maybeSet = fc.option(someSet, { nil: undefined, freq: 5 });

describe("set: bytes", () => {
  it("writes each element once, in the order of their JSON texts", () => {
    expect(text(type.encode(["b", "a", { y: 1, x: 2 }, 10, 9, "a", { x: 2, y: 1 }, null, -0, 0]))).toBe(
      '["a","b",0,10,9,null,{"x":2,"y":1}]',
    );
    expect(text(type.encode(["\u{1f600}", "\uffff"]))).toBe('["\uffff","\u{1f600}"]');
    expect(text(type.encode([]))).toBe("[]");
  });

  it("reads what it wrote, and puts in order what others wrote", () => {
    fc.assert(
      fc.property(someSet, (elements) => {
        const written = type.encode(elements);
        expect(type.encode(type.decode(written))).toEqual(written);
        expect(type.encode([...elements, ...elements].reverse())).toEqual(written);
        for (const one of elements) expect(type.decode(written)).toContainEqual(one);
      }),
      propertyOptions({ numRuns: 300 }),
    );
    expect(type.decode(bytes('["b", "a", "b"]'))).toEqual(["a", "b"]);
  });

  it("refuses what is no array of JSON values, and bytes that are none", () => {
    for (const value of [undefined, null, "ab", { 0: "a" }, new Set(["a"]), [undefined], [new Date()], ["\ud800"]]) {
      expect(() => type.encode(value as never)).toThrow(TypeError);
    }
    for (const stored of ["", "{}", '"a"', "5", "[1"]) expect(() => type.decode(bytes(stored))).toThrow(TypeError);
    expect(() => type.merge(["a"], "ab" as never, ["b"])).toThrow(TypeError);
  });
});

describe("set: merge", () => {
  it.each<[string, Json[] | undefined, Json[] | undefined, Json[] | undefined, Json[] | undefined]>([
    ["added by both", ["a"], ["a", "b"], ["a", "c"], ["a", "b", "c"]],
    ["added by both alike", [], ["a"], ["a"], ["a"]],
    ["removed by one", ["a", "b"], ["a"], ["a", "b"], ["a"]],
    ["removed by each", ["a", "b", "c"], ["a", "c"], ["b", "c"], ["c"]],
    ["removed and added", ["a"], [], ["a", "b"], ["b"]],
    ["emptied stays, empty", ["a"], [], ["a"], []],
    ["created by both", undefined, ["a"], ["b"], ["a", "b"]],
    ["objects by their contents", [{ a: 1, b: 2 }], [{ b: 2, a: 1 }, 1], [2], [1, 2]],
    ["1 and '1' are two elements", [], [1], ["1"], ["1", 1]],
    ["key removed: what was added stays", ["a"], undefined, ["a", "b"], ["b"]],
    ["key removed: nothing was added", ["a", "b"], undefined, ["a"], undefined],
    ["key removed, the other side emptied", ["a"], undefined, [], undefined],
    ["key removed by both", ["a"], undefined, undefined, undefined],
    ["contested, one side has none", undefined, undefined, ["a"], ["a"]],
    ["contested, one side has none, the other an empty one", undefined, undefined, [], []],
  ])("%s", (_, old, ours, theirs, merged) => {
    expect(type.merge(old, ours, theirs)).toEqual(merged);
    expect(type.merge(old, theirs, ours)).toEqual(merged);
  });

  it("decides each element on its own", () => {
    fc.assert(
      fc.property(someSet, someSet, someSet, element, (old, ours, theirs, one) => {
        const has = (list: readonly Json[] | undefined): boolean =>
          type.encode(list ?? []).length > 0 && inside(list, one);
        const expected = has(old) ? has(ours) && has(theirs) : has(ours) || has(theirs);
        expect(has(type.merge(old, ours, theirs) as Json[])).toBe(expected);
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });

  it("does not depend on which side is ours", () => {
    fc.assert(
      fc.property(maybeSet, maybeSet, maybeSet, (old, a, b) => {
        expect(type.merge(old, a, b)).toEqual(type.merge(old, b, a));
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });

  it("comes to the same however merges over one base are grouped, removals included", async () => {
    await fc.assert(
      fc.asyncProperty(maybeSet, maybeSet, maybeSet, maybeSet, async (old, a, b, c) => {
        expect(await type.merge(old, await type.merge(old, a, b), c)).toEqual(
          await type.merge(old, a, await type.merge(old, b, c)),
        );
      }),
      propertyOptions({ numRuns: 2000 }),
    );
  });

  it("takes a side that alone changed something, and what both have", () => {
    fc.assert(
      fc.property(maybeSet, maybeSet, (old, one) => {
        const expected = one && type.decode(type.encode(one));
        expect(type.merge(old, one, old)).toEqual(expected);
        expect(type.merge(old, one, one)).toEqual(expected);
      }),
      propertyOptions({ numRuns: 500 }),
    );
  });

  it("merges in a store", async () => {
    const { ours } = await diverged(
      { k: '["a","b"]', l: '["a"]' },
      { k: '["a","c"]', l: null },
      { k: '["b","d"]', l: "[]" },
    );
    for (const key of ["k", "l"]) ours.setContentType(key, type);
    await ours.merge();
    expect(await contents(ours)).toEqual({ k: '["c","d"]' });
  });

  it("leaves a conflict where a side is no set", async () => {
    const { ours } = await diverged({ k: "[1]" }, { k: "{}" }, { k: "[2]" });
    ours.setContentType("k", type);
    const { mergeErrors } = await failureOf(MergeConflict, ours.merge());
    expect(mergeErrors.get("k")).toBeInstanceOf(TypeError);
  });
});

function inside(elements: readonly Json[] | undefined, one: Json): boolean {
  const texts = (elements ?? []).map((each) => text(type.encode([each])));
  return texts.includes(text(type.encode([one])));
}
