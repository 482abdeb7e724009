import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CorruptionError } from "../../src/errors.ts";
import { compareKeys, compareText, keyBytes, keyText, prefixEnd } from "../../src/tree/key-bytes.ts";
import { propertyOptions } from "../support/seed.ts";

const text = fc.string({ unit: "binary", maxLength: 40 }).filter((value) => value.isWellFormed());
const edges = fc.array(
  fc.constantFrom("a", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}"),
  {
    maxLength: 5,
  },
);
const key = fc.oneof(
  text,
  edges.map((parts) => parts.join("")),
);

describe("keys", () => {
  it("are their UTF-8 bytes, and come back from them", () => {
    fc.assert(
      fc.property(key, (value) => {
        expect(Buffer.from(keyBytes(value)).equals(Buffer.from(value))).toBe(true);
        expect(keyText(keyBytes(value))).toBe(value);
      }),
      propertyOptions({ numRuns: 500 }),
    );
    expect(keyText(keyBytes("\ufeffa"))).toBe("\ufeffa");
  });

  it("have one order, as text and as bytes: that of code points", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const order = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(Math.sign(compareText(a, b))).toBe(order);
        expect(Math.sign(compareKeys(keyBytes(a), keyBytes(b)))).toBe(order);
      }),
      propertyOptions({ numRuns: 1000 }),
    );
    expect(compareText("\uffff", "😀")).toBeLessThan(0);
    expect("\uffff" < "😀").toBe(false);
  });

  it("under a prefix end where prefixEnd says", () => {
    fc.assert(
      fc.property(key, key, (prefix, value) => {
        fc.pre(prefix !== "");
        const end = prefixEnd(keyBytes(prefix));
        const isBelow = end === undefined || compareKeys(keyBytes(value), end) < 0;
        expect(compareText(value, prefix) >= 0 && isBelow).toBe(value.startsWith(prefix));
      }),
      propertyOptions({ numRuns: 500 }),
    );
    expect(prefixEnd(new Uint8Array([0xff, 0xff]))).toBeUndefined();
    expect(prefixEnd(new Uint8Array([1, 0xff]))).toEqual(new Uint8Array([2]));
  });

  it.each([
    ["a byte that no UTF-8 has", [0x61, 0xff]],
    ["a sequence cut off", [0xe2, 0x82]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["an overlong sequence", [0xc0, 0x80]],
    ["such bytes far behind", [...new Array<number>(100).fill(0x61), 0xff]],
  ])("that hold %s give a CorruptionError", (_, bytes) => {
    expect(() => keyText(new Uint8Array(bytes))).toThrow(CorruptionError);
  });
});
