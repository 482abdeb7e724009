import fc from "fast-check";
import { expect, it } from "vitest";
import { compareText } from "../../src/tree/key-bytes.ts";
import { KeyList } from "../../src/tree/key-list.ts";
import { sortedOrder } from "../../src/tree/key-sort.ts";
import { propertyOptions } from "../support/seed.ts";
import { key } from "./arbitraries.ts";

/** Keys of few letters: many are the same, or begin with one another. */
const alike = fc.string({ unit: fc.constantFrom("a", "b", "\u0000", "é"), minLength: 1, maxLength: 9 });
const keys = fc
  .tuple(fc.constantFrom("", "user/", "x".repeat(500)), fc.array(fc.oneof(key, alike), { maxLength: 300, size: "max" }))
  .map(([prefix, list]) => list.map((text) => prefix + text));

it("sorts keys by code point, and of the same ones keeps the last", () => {
  fc.assert(
    fc.property(keys, (list) => {
      const expected = list
        .map((_, i) => i)
        .filter((i) => list.lastIndexOf(list[i] ?? "") === i)
        .sort((a, b) => compareText(list[a] ?? "", list[b] ?? ""));
      expect([...sortedOrder(KeyList.of(list))]).toEqual(expected);
    }),
    propertyOptions({ numRuns: 200 }),
  );
});
