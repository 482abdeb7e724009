import fc from "fast-check";
import { expect, it } from "vitest";
import { equalValues } from "../../src/bytes.ts";
import type { EntryList } from "../../src/tree/entry-list.ts";
import { withoutIdle } from "../../src/tree/idle.ts";
import { NodeReader } from "../../src/tree/node-store.ts";
import { toUpdates } from "../../src/versioned/updates.ts";
import { propertyOptions } from "../support/seed.ts";
import { Trees } from "../support/tree.ts";
import { changes, contents } from "./arbitraries.ts";

const plain = (list: EntryList): string[] =>
  Array.from({ length: list.length }, (_, i) => `${list.key(i).join()}: ${list.slot(i).join()}`);

it("keeps the changes that change something, of a tree that is cached or not", async () => {
  await fc.assert(
    fc.asyncProperty(contents, changes, fc.nat({ max: 4 }), async (all, some, every) => {
      const trees = new Trees();
      const root = await trees.build(all);
      // Some of the values that are there are set again.
      const again = [...all].filter((_, i) => every > 0 && i % every === 0);
      const wanted = new Map([...some, ...again]);
      const { changes: list } = toUpdates(wanted);
      const effective = new Map([...wanted].filter(([key, value]) => !equalValues(all.get(key), value)));
      const expected = plain(toUpdates(effective).changes);
      expect(plain(await withoutIdle(new NodeReader(trees.nodes), root, list))).toEqual(expected);
      const cold = trees.cold();
      const coldRoot = await cold.load(root.hash);
      expect(plain(await withoutIdle(new NodeReader(cold.nodes), coldRoot, list))).toEqual(expected);
    }),
    propertyOptions({ numRuns: 60 }),
  );
});
