/** Contents and changes for property tests of trees. */
import fc from "fast-check";
import { keysOfOneHash } from "../support/adversarial.ts";
import type { Changes, Contents } from "../support/tree.ts";

const HOSTILE = keysOfOneHash(700, "same/");

export const key: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3000 }).map((i) => `k${i}`) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3000 }).map((i) => `user/${String(i).padStart(6, "0")}/profile`) },
  { weight: 2, arbitrary: fc.nat({ max: 699 }).map((i) => HOSTILE[i] ?? "") },
  {
    weight: 2,
    arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => text.isWellFormed()),
  },
  { weight: 1, arbitrary: fc.constantFrom("\uffff", "😀", "\ue000", "\u0000", "__proto__", "x".repeat(4000)) },
);
export const value: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 500, max: 700 }).map((length) => new Uint8Array(length).fill(length)) },
);
const change = fc.tuple(key, fc.option(value, { nil: undefined, freq: 3 }));
/** Neighbouring keys, all set or all removed. */
const block = fc
  .tuple(fc.integer({ min: 0, max: 2500 }), fc.integer({ min: 1, max: 700 }), fc.option(value, { nil: undefined }))
  .map(([from, count, value]) => Array.from({ length: count }, (_, i) => [`k${from + i}`, value] as const));
const hostileBlock = fc
  .tuple(fc.nat({ max: 600 }), fc.integer({ min: 1, max: 400 }), fc.option(value, { nil: undefined }))
  .map(([from, count, value]) => HOSTILE.slice(from, from + count).map((key) => [key, value] as const));

/** A batch of changes: some single ones, or many neighbours. */
export const changes: fc.Arbitrary<Changes> = fc
  .oneof(
    { weight: 4, arbitrary: fc.array(change, { maxLength: 60 }) },
    { weight: 1, arbitrary: block },
    { weight: 1, arbitrary: hostileBlock },
  )
  .map((list) => new Map(list));

/** What a tree holds: up to thousands of keys. */
export const contents: fc.Arbitrary<Contents> = fc.array(changes, { maxLength: 8 }).map((batches) => {
  const all = new Map<string, Uint8Array>();
  for (const batch of batches) for (const [key, value] of batch) if (value !== undefined) all.set(key, value);
  return all;
});

/** Applies changes to a model. */
export function applied(contents: Contents, changes: Changes): Map<string, Uint8Array> {
  const after = new Map(contents);
  for (const [key, value] of changes) {
    if (value === undefined) after.delete(key);
    else after.set(key, value);
  }
  return after;
}
