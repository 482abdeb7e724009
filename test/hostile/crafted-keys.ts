import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Memory, Versioned } from "vkv";
import { diff } from "../../src/tree/diff.ts";
import type { Node } from "../../src/tree/node.ts";
import { keysOfOneHash, keysOfRisingHashes, keysOfRisingRanks } from "../support/adversarial.ts";
import { CountingStore } from "../support/counting-store.ts";
import { propertyOptions } from "../support/seed.ts";
import { type Changes, Trees } from "../support/tree.ts";
import { applied } from "../tree/arbitraries.ts";

const VALUE = new Uint8Array(20);
const CRAFTS = {
  "the same boundary hash": () => keysOfOneHash(3000),
  "rising boundary hashes": () => keysOfRisingHashes(1500),
  "the same boundary hash and rising ranks": () => keysOfRisingRanks(400),
  "the same boundary hash and falling ranks": () => keysOfRisingRanks(400, "falling/", true),
};

function contentsOf(keys: readonly string[]): Map<string, Uint8Array> {
  return new Map(keys.map((key) => [key, VALUE]));
}

/** A part of some keys that comes or goes. */
const change = fc.record({
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  count: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(1, 1, 2, 5) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 400 }) },
  ),
  step: fc.constantFrom(1, 1, 2, 7),
  suffix: fc.constantFrom("", "!", "~", "~1", "~2"),
  value: fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined }),
});
const batches = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });

function changesOf(
  keys: readonly string[],
  batch: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
): Changes {
  const changes = new Map<string, Uint8Array | undefined>();
  for (const { from, count, step, suffix, value } of batch) {
    const first = Math.floor(from * (keys.length - 1));
    for (let i = first; i < Math.min(keys.length, first + count * step); i += step) {
      changes.set(`${keys[i]}${suffix}`, value);
    }
  }
  return changes;
}

/** Other keys behind one in so many of some, which make natural boundaries. */
function between(keys: readonly string[], everyMany: number): string[] {
  return keys
    .filter((_, i) => i % everyMany === 1)
    .flatMap((key) => Array.from({ length: 12 }, (_, i) => `${key}~${i}`));
}

/** What an edit of a tree costs that nobody has read before. */
async function costOf(
  trees: Trees,
  root: Node,
  changes: Changes,
): Promise<{ reads: number; roundTrips: number; fresh: number }> {
  const store = new CountingStore(trees.store);
  const cold = trees.cold(1e9, store);
  const top = await cold.load(root.hash);
  store.reset();
  const { fresh } = await cold.edit(top, changes);
  return { reads: store.count("getMany").items, roundTrips: store.roundTrips, fresh: fresh.length };
}

/** Tests with runs of so many keys that somebody chose against the tree's boundaries. */
export function testCraftedKeys(count: number): void {
  const keys = keysOfOneHash(count);

  describe(`${count} keys of the same boundary hash`, () => {
    it("make a tree like others", async () => {
      const root = await new Trees().build(contentsOf(keys));
      expect(root.level).toBeLessThanOrEqual(3);
      expect(root.totals().size).toBe(count);
    });

    it("cost a single change about what it costs among other keys, wherever it is", async () => {
      const trees = new Trees();
      const root = await trees.build(contentsOf(keys));
      for (let i = 0; i < 30; i++) {
        const key = keys[Math.floor((i * (count - 1)) / 29)] ?? "";
        for (const changes of [
          new Map([[`${key}!`, VALUE]]),
          new Map([[key, undefined]]),
          new Map([[key, new Uint8Array(3)]]),
        ]) {
          const cost = await costOf(trees, root, changes);
          expect(cost.reads).toBeLessThanOrEqual(60);
          expect(cost.roundTrips).toBeLessThanOrEqual(20);
          expect(cost.fresh).toBeLessThanOrEqual(12);
        }
      }
    });

    it("are compared at the cost of the differences", async () => {
      const trees = new Trees();
      const root = await trees.build(contentsOf(keys));
      const changed = [keys[0], keys[count >> 1], keys.at(-1)].flatMap((key) => key ?? []);
      const edited = await trees.edit(
        root,
        new Map(
          changed.flatMap((key) => [
            [key, undefined],
            [`${key}!`, VALUE],
          ]),
        ),
      );
      const store = new CountingStore(trees.store);
      const cold = trees.cold(1e9, store);
      const [before, after] = [await cold.load(root.hash), await cold.load(edited.root.hash)];
      store.reset();
      let found = 0;
      for await (const page of diff(cold.nodes, before, after)) found += page.length;
      expect(found).toBe(6);
      expect(store.count("getMany").items).toBeLessThan(60);
    });

    it("are merged", async () => {
      const store = new Memory();
      const v = await Versioned.open(store);
      await v.snapshot(contentsOf(keys));
      await v.merge();
      const [ours, theirs] = [await Versioned.open(store), await Versioned.open(store)];
      const [a, b, c] = [keys[3] ?? "", keys[count >> 1] ?? "", keys[count - 3] ?? ""];
      await theirs.snapshot({ [`${a}!`]: VALUE, [b]: new Uint8Array(1) }, { removals: [c] });
      await theirs.merge();
      await ours.snapshot({ [`${c}!`]: VALUE, [`${b}!`]: VALUE }, { removals: [a] });
      const result = await ours.merge();
      expect(result.carriedKeys).toEqual([`${a}!`, b, c].sort());
      expect(await ours.size()).toBe(count + 1);
      const again = await Versioned.open(new Memory());
      const expected = contentsOf(keys);
      for (const key of [a, c]) expected.delete(key);
      for (const key of [a, b, c]) expected.set(`${key}!`, VALUE);
      await again.snapshot(expected.set(b, new Uint8Array(1)));
      expect((await ours.commit()).root).toBe((await again.commit()).root);
    });
  });
}

/** Properties of edits among crafted keys. */
export function testCraftedEdits(numRuns: number): void {
  describe.each(Object.entries(CRAFTS))("edits among keys of %s", (_, craft) => {
    const keys = craft();

    it("give the tree that a build from nothing gives", async () => {
      await fc.assert(
        fc.asyncProperty(batches, fc.constantFrom(100, 300, 1e9), fc.boolean(), async (list, everyMany, isCold) => {
          const trees = new Trees(isCold ? 5000 : 1e9);
          let model = contentsOf([...keys, ...between(keys, everyMany)]);
          let root = await trees.build(model);
          for (const batch of list) {
            const changes = changesOf(keys, batch);
            root = (await trees.edit(root, changes)).root;
            model = applied(model, changes);
            expect(root.hash).toBe((await new Trees().build(model)).hash);
          }
        }),
        propertyOptions({ numRuns }),
      );
    });
  });
}
