import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDelta } from "../../src/chunk/delta.ts";
import { EntryList } from "../../src/tree/entry-list.ts";
import { compareKeys, keyBytes } from "../../src/tree/key-bytes.ts";
import type { Node } from "../../src/tree/node.ts";
import { buildNode } from "../../src/tree/node-builder.ts";
import { deltaOf } from "../../src/tree/node-delta.ts";
import { inlineSlot } from "../../src/tree/slot.ts";
import { propertyOptions } from "../support/seed.ts";
import { childSlot, noise } from "../support/tree.ts";

type Contents = ReadonlyMap<string, number>;

const key = fc.tuple(fc.constantFrom("user/", "user/x", ""), fc.nat({ max: 40 })).map(([prefix, n]) => `${prefix}${n}`);
const contents = fc
  .array(fc.tuple(key, fc.nat({ max: 300 })), { minLength: 1, maxLength: 40 })
  .map((list) => new Map(list));

function nodeOf(entries: Contents, level: number): Node {
  const list = new EntryList();
  const sorted = [...entries].map(([text, size]) => ({ at: keyBytes(text), size }));
  sorted.sort((a, b) => compareKeys(a.at, b.at));
  for (const { at, size } of sorted) {
    list.push(at, level === 0 ? inlineSlot(noise(size, size)) : childSlot(nodeOf(new Map([["k", size]]), level - 1)));
  }
  return buildNode(list, 0, list.length, level, entries.size % 3 === 0, entries.size % 2 === 0);
}

describe("a node as a difference from another", () => {
  it("is made of it again, whatever they have in common", () => {
    let made = 0;
    fc.assert(
      fc.property(contents, contents, fc.nat({ max: 2 }), fc.boolean(), (base, changes, level, isNear) => {
        const node = nodeOf(isNear ? new Map([...base, ...[...changes].slice(0, 2)]) : changes, level);
        const other = nodeOf(base, level);
        const delta = deltaOf(node, other);
        if (delta === undefined) return;
        made++;
        expect(delta.base).toBe(other.hash);
        expect(delta.delta.length).toBeLessThan(node.payload.length / 2);
        expect(applyDelta(other.payload, delta.delta)).toEqual(node.payload);
      }),
      propertyOptions({ numRuns: 500 }),
    );
    expect(made).toBeGreaterThan(50);
  });

  it("is small where little changed, and none where it is of another level or little is alike", () => {
    const base = new Map(Array.from({ length: 30 }, (_, i): [string, number] => [`k${100 + i}`, 100]));
    const { delta } = deltaOf(nodeOf(new Map(base).set("k110", 99), 0), nodeOf(base, 0)) ?? {};
    expect(delta?.length).toBeLessThan(200);
    expect(deltaOf(nodeOf(base, 1), nodeOf(base, 0))).toBeUndefined();
    expect(deltaOf(nodeOf(new Map([["a", 200]]), 0), nodeOf(base, 0))).toBeUndefined();
  });

  it("is the new values and little more where other values took their places, of the same lengths or not", () => {
    const nodeWith = (values: readonly (readonly [seed: number, size: number])[]): Node => {
      const list = new EntryList();
      for (const [i, [seed, size]] of values.entries())
        list.push(keyBytes(`key/${100 + i}`), inlineSlot(noise(size, seed)));
      return buildNode(list, 0, list.length, 0, false, false);
    };
    const values = Array.from({ length: 8 }, (_, i): readonly [number, number] => [i, 40]);
    const base = nodeWith(values);
    const lengths = [
      values.with(0, [9, 40]),
      values.with(3, [9, 40]).with(4, [10, 40]),
      // Only the ends of the slots from the second to the sixth are others.
      values.with(1, [9, 41]).with(6, [10, 39]),
    ].map((changed) => {
      const node = nodeWith(changed);
      const { delta } = deltaOf(node, base) ?? {};
      expect(applyDelta(base.payload, delta ?? new Uint8Array(0))).toEqual(node.payload);
      return delta?.length;
    });
    expect(lengths).toEqual([47, 90, 103]);
  });
});
