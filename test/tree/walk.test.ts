import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Hash } from "../../src/chunk/hash.ts";
import { HashSet } from "../../src/chunk/hash-set.ts";
import { chunkKey, hashOfChunkKey } from "../../src/chunk/key.ts";
import { CorruptionError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import { walk } from "../../src/tree/walk.ts";
import { propertyOptions } from "../support/seed.ts";
import { noise, Trees } from "../support/tree.ts";
import { applied, changes } from "./arbitraries.ts";

async function visited(
  trees: Trees,
  root: Hash,
  seen = new HashSet(),
  missing: "throw" | "skip" = "throw",
): Promise<Hash[]> {
  const all: Hash[] = [];
  for await (const batch of walk(trees.chunks, [{ hash: root, depth: undefined }], seen, missing)) all.push(...batch);
  return all;
}

function storedIn(memory: Memory): Set<Hash | undefined> {
  return new Set([...memory.keys()].map((key) => hashOfChunkKey("node", key)));
}

/** With values in the leaf, in a chunk, in pieces and in pieces of lists, some of them twice. */
async function large(nested = true): Promise<{ trees: Trees; memory: Memory; root: Hash }> {
  const memory = new Memory();
  const trees = new Trees(1e9, memory);
  const contents = new Map<string, Uint8Array>();
  for (let i = 0; i < 3000; i++) contents.set(`k${i}`, noise(i % 100 === 0 ? 700 + (i % 200) : 20, i));
  contents.set("large", noise(400_000, 1));
  contents.set("large again", noise(400_000, 1));
  contents.set("zeros", new Uint8Array(2_000_000));
  if (nested) contents.set("nested", noise(45_000_000, 2));
  return { trees, memory, root: (await trees.build(contents)).hash };
}

describe("walk", () => {
  it("visits each chunk of a tree once, and no other", async () => {
    const { trees, memory, root } = await large();
    const all = await visited(trees, root);
    expect(new Set(all).size).toBe(all.length);
    expect(new Set(all)).toEqual(storedIn(memory));
  });

  it("passes over what was visited before, with all below it", async () => {
    await fc.assert(
      fc.asyncProperty(changes, changes, async (first, second) => {
        const trees = new Trees();
        const before = await trees.edit(await trees.build(new Map([["a", noise(600, 1)]])), first);
        const after = await trees.edit(before.root, applied(new Map(), second));
        const seen = new HashSet();
        const old = await visited(trees, before.root.hash, seen);
        const added = await visited(trees, after.root.hash, seen);
        const whole = await visited(trees, after.root.hash);
        expect(new Set([...old, ...added]).size).toBe(old.length + added.length);
        expect(added).toEqual(
          expect.arrayContaining(after.fresh.map(({ hash }) => hash).filter((hash) => !old.includes(hash))),
        );
        expect(new Set([...old, ...added])).toEqual(new Set([...old, ...whole]));
        expect(await visited(trees, after.root.hash, seen)).toEqual([]);
      }),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("gives a CorruptionError for a missing or damaged chunk, or passes over it", async () => {
    const { trees, memory, root } = await large(false);
    const all = await visited(trees, root);
    const leafOrNode = all[1] ?? root;
    const key = chunkKey("node", leafOrNode);
    const bytes = memory.get(key) ?? new Uint8Array(0);
    memory.remove(key);
    await expect(visited(trees, root)).rejects.toThrow(CorruptionError);
    const rest = await visited(trees, root, new HashSet(), "skip");
    expect(rest.length).toBeLessThan(all.length);
    expect(all).toEqual(expect.arrayContaining(rest));
    memory.set(
      key,
      bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
    );
    await expect(visited(trees, root)).rejects.toThrow(CorruptionError);
    expect(await visited(trees, root, new HashSet(), "skip")).toEqual(rest);
  });
});
