import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDelta, DeltaWriter } from "../../src/chunk/delta.ts";
import { CorruptionError } from "../../src/errors.ts";
import { propertyOptions } from "../support/seed.ts";

/** Bytes in which stretches repeat. */
const bytes = fc.array(fc.constantFrom(0, 0, 1, 2), { maxLength: 60 }).map((list) => Uint8Array.from(list));
/** Where two arrays are divided: a stretch of the one becomes a stretch of the other, or is new. */
const cut = fc.record({ payload: fc.nat({ max: 12 }), base: fc.nat({ max: 12 }), isNew: fc.boolean() });

describe("a delta", () => {
  it("makes the payload of its base, however both were divided", () => {
    fc.assert(
      fc.property(bytes, bytes, fc.array(cut, { maxLength: 12 }), (base, payload, cuts) => {
        const writer = new DeltaWriter(base, payload);
        let [at, baseAt] = [0, 0];
        for (const each of [...cuts, { payload: 60, base: 60, isNew: false }]) {
          const end = Math.min(payload.length, at + each.payload);
          const baseEnd = Math.min(base.length, baseAt + each.base);
          if (each.isNew) writer.insert(at, end);
          else writer.add(at, end, baseAt, baseEnd);
          [at, baseAt] = [end, baseEnd];
        }
        expect(applyDelta(base, writer.finish())).toEqual(payload);
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });

  it("of anything gives no more than its base and itself, or is refused", () => {
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 40 }), (base, delta) => {
        try {
          expect(applyDelta(base, delta).length).toBeLessThanOrEqual(base.length + delta.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError);
        }
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });

  it.each([
    ["copies more than there is", [0, 0, 5]],
    ["passes over more than there is", [0, 5, 0]],
    ["ends in the middle", [0, 1]],
    ["has fewer new bytes than it says", [9, 1]],
  ])("that %s is refused", (_, delta) => {
    expect(() => applyDelta(new Uint8Array(4), Uint8Array.from(delta))).toThrow(CorruptionError);
  });
});
