import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkStore } from "../../src/chunk/store.ts";
import { Memory } from "../../src/kv/memory.ts";
import { EMPTY_ROOT, edit } from "../../src/tree/edit.ts";
import { EntryList } from "../../src/tree/entry-list.ts";
import { compareText, keyBytes, keyText } from "../../src/tree/key-bytes.ts";
import type { Node } from "../../src/tree/node.ts";
import { NodeReader, NodeStore } from "../../src/tree/node-store.ts";
import { inlineSlot } from "../../src/tree/slot.ts";
import { propertyOptions } from "../support/seed.ts";

type Model = Map<string, Uint8Array>;

function changeList(changes: Iterable<[string, Uint8Array | undefined]>): EntryList {
  const list = new EntryList();
  for (const [key, value] of [...changes].sort(([a], [b]) => compareText(a, b))) {
    list.push(keyBytes(key), value && inlineSlot(value));
  }
  return list;
}

class Tree {
  readonly nodes: NodeStore;
  root: Node = EMPTY_ROOT;

  constructor(cacheBytes = 1e9) {
    this.nodes = new NodeStore(new ChunkStore(new Memory()), cacheBytes);
  }

  async apply(changes: Iterable<[string, Uint8Array | undefined]>): Promise<void> {
    const { root, fresh } = await edit(new NodeReader(this.nodes), this.root, changeList(changes));
    await this.nodes.chunks.put(
      fresh.map((node) => ({ kind: "node", hash: node.hash, payload: node.payload })),
      0,
    );
    for (const node of fresh) this.nodes.add(node);
    this.root = root;
  }

  async contents(node: Node = this.root): Promise<Model> {
    const model: Model = new Map();
    for (let i = 0; i < node.count; i++) {
      if (node.level === 0) {
        model.set(keyText(node.key(i)), node.slot(i).slice(1));
        continue;
      }
      const child = (await this.nodes.load([node.childHash(i)]))[0];
      if (child === undefined) throw new Error("no child");
      expect(child.level).toBe(node.level - 1);
      expect(child.lastKey()).toEqual(node.key(i));
      expect(child.totals()).toEqual(node.entryTotals(i));
      for (const [key, value] of await this.contents(child)) model.set(key, value);
    }
    return model;
  }
}

async function built(model: Model): Promise<Node> {
  const tree = new Tree();
  await tree.apply(model);
  return tree.root;
}

const key = fc.oneof(
  fc.integer({ min: 0, max: 3000 }).map((i) => `k${i}`),
  fc.integer({ min: 0, max: 3000 }).map((i) => `user/${String(i).padStart(6, "0")}/profile`),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => text.isWellFormed()),
);
const value = fc.uint8Array({ maxLength: 40 });
const change = fc.tuple(key, fc.option(value, { nil: undefined, freq: 3 }));
const block = fc
  .tuple(fc.integer({ min: 0, max: 2500 }), fc.integer({ min: 1, max: 700 }), fc.option(value, { nil: undefined }))
  .map(([from, count, v]) =>
    Array.from({ length: count }, (_, i): [string, Uint8Array | undefined] => [`k${from + i}`, v]),
  );
const batch = fc.oneof({ weight: 4, arbitrary: fc.array(change, { maxLength: 60 }) }, { weight: 1, arbitrary: block });

describe("edit", () => {
  it("gives the tree that a build from nothing gives, whatever the way there", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 12 }), fc.boolean(), async (batches, cold) => {
        const tree = new Tree(cold ? 5000 : 1e9);
        const model: Model = new Map();
        for (const changes of batches) {
          const last = new Map(changes);
          await tree.apply(last);
          for (const [k, v] of last) {
            if (v === undefined) model.delete(k);
            else model.set(k, v);
          }
          expect(tree.root.hash).toBe((await built(model)).hash);
        }
        const contents = await tree.contents();
        expect([...contents.keys()]).toEqual([...model.keys()].sort(compareText));
        for (const [k, v] of model) expect(contents.get(k)).toEqual(v);
      }),
      propertyOptions({ numRuns: 150 }),
    );
  });
});
