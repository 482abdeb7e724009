import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Length } from "../../src/bytes.ts";
import { ODD_KEYS } from "../../src/conformance/samples.ts";
import { keyOf, MAX_KEY_BYTES, MAX_PREFIX, objectName, objectPrefix } from "../../src/kv/s3-keys.ts";
import { propertyOptions } from "../support/seed.ts";

const part = fc.oneof(
  fc.constantFrom("/", "//", ".", "..", "!", "!-", "!2F", "%", "a", "b/", "é", "\0", "\u{1f600}", "x".repeat(200)),
  fc.string({ unit: "binary" }),
  fc.constantFrom(...ODD_KEYS),
);
const key = fc
  .array(part, { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(""))
  .filter((text) => text !== "" && text.isWellFormed() && utf8Length(text) <= MAX_KEY_BYTES);

describe("names of objects", () => {
  it("are readable where keys are plain", () => {
    expect(objectName("b/main")).toBe("b/main!");
    expect(objectName("a//é")).toBe("a/!2F!C3!A9!");
    expect(objectName("n/-_AZaz09")).toBe("n/-_AZaz09!");
  });

  it("give the key back, and have few plain characters in short segments", () => {
    fc.assert(
      fc.property(key, (each) => {
        const name = objectName(each);
        expect(keyOf(name)).toBe(each);
        expect(name).toMatch(/^[A-Za-z0-9_.!/-]+$/);
        expect(name.length + MAX_PREFIX + 1).toBeLessThanOrEqual(1024);
        for (const segment of name.split("/")) {
          expect(segment).toMatch(/^[^.]/);
          expect(segment.length).toBeLessThanOrEqual(255);
        }
      }),
      propertyOptions({ numRuns: 2000 }),
    );
  });

  it("of keys of the greatest length fit, whatever they are", () => {
    for (const character of ["x", "/", "\0", ".", "ü", "€", "\u{1f680}"]) {
      const longest = character.repeat(Math.floor(MAX_KEY_BYTES / utf8Length(character)));
      expect(objectName(longest).length + MAX_PREFIX + 1).toBeLessThanOrEqual(1024);
    }
  });

  it("begin with the name of a prefix exactly if the keys do", () => {
    fc.assert(
      fc.property(key, key, fc.nat(), (one, other, at) => {
        const cut = one.slice(0, at % (one.length + 1));
        for (const prefix of [other, cut.isWellFormed() ? cut : ""]) {
          expect(objectName(one).startsWith(objectPrefix(prefix))).toBe(one.startsWith(prefix));
        }
      }),
      propertyOptions({ numRuns: 2000 }),
    );
  });

  it("are never folders of others", () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        expect(objectName(one + other).startsWith(`${objectName(one)}/`)).toBe(false);
      }),
      propertyOptions({ numRuns: 2000 }),
    );
  });

  it("that are none of ours hold no key", () => {
    for (const name of ["", "!", "main", "probe-1", "a!2f!", "a!61!", "/a!", "a//b!", "!FF!", "!-/!", "a b!", "./a!"]) {
      expect(keyOf(name)).toBeUndefined();
    }
  });
});
