import { describe, expect, it } from "vitest";
import { diff } from "../../src/tree/diff.ts";
import { EMPTY_ROOT } from "../../src/tree/edit.ts";
import { keyBytes } from "../../src/tree/key-bytes.ts";
import type { Node } from "../../src/tree/node.ts";
import { NodeReader } from "../../src/tree/node-store.ts";
import { getSlots } from "../../src/tree/read.ts";
import { scan } from "../../src/tree/scan.ts";
import { CountingStore } from "../support/counting-store.ts";
import { randomFrom, Trees } from "../support/tree.ts";
import { applied } from "./arbitraries.ts";

async function keysIn(trees: Trees, root: Node): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of scan(trees.nodes, root, {})) keys.push(...page.keys);
  return keys;
}

describe("the cache of nodes", () => {
  it.each([0, 1, 2000, 20_000])("breaks nothing with room for %i bytes", async (capacity) => {
    const trees = new Trees(capacity);
    const random = randomFrom(capacity + 1);
    let model = new Map<string, Uint8Array>();
    let root = EMPTY_ROOT;
    for (let i = 0; i < 12; i++) {
      const batch = new Map<string, Uint8Array | undefined>();
      for (let j = 0; j < 300; j++) {
        batch.set(`k${random(1500)}`, random(3) === 0 ? undefined : new Uint8Array([random(256)]));
      }
      const before = { root, model };
      root = (await trees.edit(root, batch)).root;
      model = applied(model, batch);
      const asked = Array.from({ length: 50 }, () => `k${random(1500)}`);
      const [slots, keys, more] = await Promise.all([
        getSlots(new NodeReader(trees.nodes), root, asked.map(keyBytes)),
        keysIn(trees, root),
        keysIn(trees, before.root),
      ]);
      expect(slots.map((slot) => slot?.[1])).toEqual(asked.map((key) => model.get(key)?.[0]));
      expect(keys).toEqual([...model.keys()].sort());
      expect(more).toEqual([...before.model.keys()].sort());
      let changed = 0;
      for await (const page of diff(trees.nodes, before.root, root)) changed += page.length;
      expect(changed).toBe(
        [...batch.keys()].filter((key) => before.model.get(key)?.[0] !== model.get(key)?.[0]).length,
      );
    }
    expect(root.hash).toBe((await new Trees().build(model)).hash);
  });

  it("keeps what is used when it must let go of something", async () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `k${String(i).padStart(6, "0")}`);
    const warm = new Trees();
    const { hash } = await warm.build(new Map(keys.map((key) => [key, new Uint8Array(50)])));
    const counting = new CountingStore(warm.store);
    const trees = warm.cold(300_000, counting);
    const root = await trees.load(hash);
    const get = (key: string): Promise<unknown> => getSlots(new NodeReader(trees.nodes), root, [keyBytes(key)]);
    const hot = keys.filter((_, i) => i % 1000 === 0);
    const random = randomFrom(3);
    let reads = 0;
    for (let i = 0; i < 3000; i++) {
      await get(keys[random(20_000)] ?? "");
      counting.reset();
      await get(hot[i % hot.length] ?? "");
      if (i > 100) reads += counting.count("getMany").items;
    }
    expect(reads).toBeLessThan(300);
  });

  it("reads a node once when several need it at once", async () => {
    const warm = new Trees();
    const { hash } = await warm.build(new Map(Array.from({ length: 5000 }, (_, i) => [`k${i}`, new Uint8Array(20)])));
    const counting = new CountingStore(warm.store);
    const trees = warm.cold(1e9, counting);
    const root = await trees.load(hash);
    counting.reset();
    await getSlots(new NodeReader(trees.nodes), root, ["k1", "k1", "k10", "k100"].map(keyBytes));
    expect(counting.roundTrips).toBe(root.level);
    expect(counting.count("getMany").items).toBeLessThanOrEqual(3 * root.level);
  });
});
