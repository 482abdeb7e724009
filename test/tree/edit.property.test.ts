import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Chunk } from "../../src/chunk/store.ts";
import { EMPTY_ROOT, edit } from "../../src/tree/edit.ts";
import { compareText } from "../../src/tree/key-bytes.ts";
import type { Node } from "../../src/tree/node.ts";
import { NodeReader } from "../../src/tree/node-store.ts";
import { scan } from "../../src/tree/scan.ts";
import { unstoredNodes } from "../../src/tree/unstored.ts";
import { toUpdates } from "../../src/versioned/updates.ts";
import { propertyOptions } from "../support/seed.ts";
import { type Contents, chunkOf, randomFrom, Trees } from "../support/tree.ts";
import { applied, changes, contents } from "./arbitraries.ts";

/** The root of a tree built from nothing, elsewhere. */
async function built(contents: Contents): Promise<string> {
  return (await new Trees().build(contents)).hash;
}

/** Children are one level lower, end at the key that their parent names, and have the totals that it says. */
async function checkLinks(trees: Trees, root: Node): Promise<void> {
  for (const node of await trees.all(root)) {
    if (node.level === 0) continue;
    const children = await trees.nodes.load(Array.from({ length: node.count }, (_, i) => node.childHash(i)));
    children.forEach((child, i) => {
      expect(child.level).toBe(node.level - 1);
      expect(child.lastKey()).toEqual(node.key(i));
      expect(child.totals()).toEqual(node.entryTotals(i));
    });
  }
}

describe("edit", () => {
  it("gives the tree that a build from nothing gives, whatever the way there", async () => {
    const batches = fc.array(changes, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(batches, fc.boolean(), async (batches, cold) => {
        const trees = new Trees(cold ? 5000 : 1e9);
        let root = EMPTY_ROOT;
        let model: Contents = new Map();
        for (const batch of batches) {
          root = (await trees.edit(root, batch)).root;
          model = applied(model, batch);
          expect(root.hash).toBe(await built(model));
        }
        await checkLinks(trees, root);
        const contents = await trees.contents(root);
        expect([...contents.keys()]).toEqual([...model.keys()].sort(compareText));
        for (const [key, value] of model) expect(contents.get(key)).toEqual(value);
      }),
      propertyOptions({ numRuns: 80 }),
    );
  });

  it("keeps at hand what is not stored, over several edits: to store that stores the tree", async () => {
    const batches = fc.array(changes, { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(contents, batches, async (first, batches) => {
        const trees = new Trees();
        let root = await trees.build(first);
        let model: Contents = first;
        const blobs: Chunk[] = [];
        for (const batch of batches) {
          const { changes: list, chunks } = toUpdates(batch);
          blobs.push(...chunks);
          root = await edit(new NodeReader(trees.nodes), root, list);
          model = applied(model, batch);
        }
        await trees.chunks.put([...blobs, ...unstoredNodes(root).map(chunkOf)], 0);
        const cold = trees.cold();
        const found = await cold.contents(await cold.load(root.hash));
        expect([...found.keys()]).toEqual([...model.keys()].sort(compareText));
        const warm: string[] = [];
        for await (const page of scan(trees.nodes, trees.nodes.addStored(root), {})) warm.push(...page.keys);
        expect(warm).toEqual([...found.keys()]);
      }),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("returns the same root, and nothing fresh, for a change that changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(changes, changes, async (first, second) => {
        const trees = new Trees();
        const model = applied(new Map(), first);
        const root = await trees.build(model);
        const same = new Map([...second].filter(([key]) => !model.has(key)).map(([key]) => [key, undefined]));
        const edited = await trees.edit(root, new Map([...model, ...same]));
        expect(edited.root.hash).toBe(root.hash);
        expect(edited.fresh).toEqual([]);
      }),
      propertyOptions({ numRuns: 100 }),
    );
  });

  it("gives as fresh all that the tree before did not have, and nothing that the new tree does not need", async () => {
    await fc.assert(
      fc.asyncProperty(changes, changes, async (first, second) => {
        const trees = new Trees();
        const root = await trees.build(applied(new Map(), first));
        const edited = await trees.edit(root, second);
        const before = new Set((await trees.all(root)).map(({ hash }) => hash));
        const after = (await trees.all(edited.root)).map(({ hash }) => hash);
        const fresh = edited.fresh.map(({ hash }) => hash);
        expect(after).toEqual(expect.arrayContaining(fresh));
        expect(fresh).toEqual(expect.arrayContaining(after.filter((hash) => !before.has(hash))));
      }),
      propertyOptions({ numRuns: 100 }),
    );
  });

  it("takes huge batches into a large tree: inserts, updates and removals at once", async () => {
    const random = randomFrom(11);
    const trees = new Trees();
    let model: Contents = new Map();
    let root = EMPTY_ROOT;
    for (const [count, universe] of [
      [20_000, 30_000],
      [20_000, 30_000],
      [30_000, 30_000],
    ] as const) {
      const batch = new Map<string, Uint8Array | undefined>();
      for (let i = 0; i < count; i++) {
        const value = random(2) === 0 ? undefined : new Uint8Array([random(256), random(256)]);
        batch.set(`key/${String(random(universe)).padStart(6, "0")}`, value);
      }
      root = (await trees.edit(root, batch)).root;
      model = applied(model, batch);
      expect(root.hash).toBe(await built(model));
    }
    const none = new Map([...model.keys()].map((key) => [key, undefined]));
    expect((await trees.edit(root, none)).root.hash).toBe(EMPTY_ROOT.hash);
  });

  it("puts single keys in and takes them out at any place, and moves just the boundaries that move", async () => {
    const trees = new Trees();
    const random = randomFrom(12);
    const value = new Uint8Array(1);
    let model: Contents = new Map(Array.from({ length: 400 }, (_, i) => [`k${random(100_000)}/${i}`, value]));
    let root = await trees.build(model);
    for (let i = 0; i < 500; i++) {
      const keys = [...model.keys()];
      const taken = keys[random(keys.length)] ?? "";
      const change: [string, Uint8Array | undefined] =
        i % 2 === 0 ? [`k${random(100_000)}`, value] : [taken, undefined];
      root = (await trees.edit(root, new Map([change]))).root;
      model = applied(model, new Map([change]));
      expect(root.hash).toBe(await built(model));
    }
  });

  it("rewrites one way from a leaf to the root for a new value", async () => {
    const trees = new Trees();
    const keys = Array.from({ length: 5000 }, (_, i) => `k${i}`);
    const root = await trees.build(new Map(keys.map((key) => [key, new Uint8Array(20)])));
    for (const key of keys.filter((_, i) => i % 500 === 0)) {
      const { fresh } = await trees.edit(root, new Map([[key, new Uint8Array([1])]]));
      expect(fresh.map(({ level }) => level)).toEqual(Array.from({ length: root.level + 1 }, (_, i) => root.level - i));
    }
  });
});
