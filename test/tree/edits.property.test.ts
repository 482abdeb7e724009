import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "../../src/chunk/varint.ts";
import { CorruptionError } from "../../src/errors.ts";
import { decodeEdits, encodeEdits } from "../../src/tree/edits.ts";
import { EntryList } from "../../src/tree/entry-list.ts";
import { compareKeys, keyBytes } from "../../src/tree/key-bytes.ts";
import { inlineSlot } from "../../src/tree/slot.ts";
import { propertyOptions } from "../support/seed.ts";

/** Keys that begin alike. */
const key = fc
  .array(fc.constantFrom("a", "ab", "b", "é", "😀", "/"), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(""));
const edit = fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 30 }), { nil: undefined }));

function listOf(edits: readonly (readonly [string, Uint8Array | undefined])[]): EntryList {
  const list = new EntryList();
  const sorted = [...new Map(edits)].map(([text, value]) => ({ at: keyBytes(text), value }));
  sorted.sort((a, b) => compareKeys(a.at, b.at));
  for (const { at, value } of sorted) list.push(at, value && inlineSlot(value));
  return list;
}

const plain = (list: EntryList): unknown[] =>
  Array.from({ length: list.length }, (_, i) => [[...list.key(i)], list.isRemoval(i) ? undefined : [...list.slot(i)]]);

describe("changes as bytes", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 40 }), (edits) => {
        const list = listOf(edits);
        expect(plain(decodeEdits(new ByteReader(encodeEdits(list))))).toEqual(plain(list));
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it.each([
    ["a key that is not after the one before", [2, 0, 1, 98, 0, 0, 1, 97, 0]],
    ["a key twice", [2, 0, 1, 97, 0, 1, 0, 0]],
    ["an empty key", [1, 0, 0, 0]],
    ["a beginning that the key before does not have", [2, 0, 1, 97, 0, 2, 1, 98, 0]],
    ["a beginning that is shorter than it could be", [2, 0, 1, 97, 0, 0, 2, 97, 98, 0]],
    ["an empty slot", [1, 0, 1, 97, 1]],
    ["a slot with more behind it", [1, 0, 1, 97, 36, 1, ...new Array<number>(32).fill(7), 0, 9]],
    ["more behind them", [0, 0]],
    ["fewer than they say", [2, 0, 1, 97, 0]],
  ])("with %s are refused", (_, bytes) => {
    expect(() => decodeEdits(new ByteReader(Uint8Array.from(bytes)))).toThrow(CorruptionError);
  });
});
