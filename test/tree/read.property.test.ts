import fc from "fast-check";
import { expect, it } from "vitest";
import { compareText } from "../../src/tree/key-bytes.ts";
import { cachedEntries } from "../../src/tree/read.ts";
import { propertyOptions } from "../support/seed.ts";
import { Trees } from "../support/tree.ts";
import { contents, key } from "./arbitraries.ts";

it("finds the entries of keys that are there, in any order and as often as asked, where all is cached", async () => {
  await fc.assert(
    fc.asyncProperty(contents, fc.array(key, { maxLength: 50 }), fc.nat(), async (all, others, start) => {
      const model = new Map([...all].filter(([, value]) => value.length <= 512));
      const trees = new Trees();
      const root = await trees.build(model);
      const inOrder = [...model.keys()].sort(compareText).slice(start % (model.size + 1));
      const asked = [...others, ...inOrder, ...others, ...inOrder.slice(0, 3)];
      const found = cachedEntries(trees.nodes, root, asked);
      const there = asked.filter((each) => model.has(each));
      expect(found?.keys).toEqual(there);
      expect(found?.page.keys).toEqual(there);
      expect(found?.page.inlineValues()).toEqual(there.map((each) => model.get(each)));
      const cold = trees.cold();
      const coldRoot = await cold.load(root.hash);
      if (root.level > 0 && asked.length > 0) expect(cachedEntries(cold.nodes, coldRoot, asked)).toBeUndefined();
    }),
    propertyOptions({ numRuns: 60 }),
  );
});

it("finds every key where those below a first child lack what the keys of its parent begin with", async () => {
  const count = 5000;
  const name = (index: number): string => `user/${String(index).padStart(6, "0")}/profile`;
  const trees = new Trees();
  const root = await trees.build(
    new Map(Array.from({ length: count }, (_, i) => [name(i), new Uint8Array([i & 255])])),
  );
  // In no order, so that each is looked for from the root.
  const asked = Array.from({ length: count }, (_, i) => (i * 1999) % count);
  expect(cachedEntries(trees.nodes, root, asked.map(name))?.keys).toEqual(asked.map(name));
  const absent = asked.flatMap((each) => [`${name(each)}s`, name(each).slice(0, -9), name(each + count)]);
  expect(cachedEntries(trees.nodes, root, absent)?.keys).toEqual([]);
});
