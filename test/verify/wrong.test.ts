/** Chunks whose bytes are those that their names say, and that were wrong when they were made. */
import { describe, expect, it } from "vitest";
import { type Memory, type Problem, Versioned, verify } from "vkv";
import { utf8 } from "../../src/bytes.ts";
import { type Hash, hashOf, writeHash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { type Chunk, ChunkStore } from "../../src/chunk/store.ts";
import { type CommitParts, type CommitRecord, makeCommit } from "../../src/commit/commit.ts";
import { encodeRef } from "../../src/commit/ref.ts";
import { Repository } from "../../src/commit/repository.ts";
import { PIECE_KIND, storeBlob } from "../../src/tree/blob.ts";
import { EntryList } from "../../src/tree/entry-list.ts";
import { keyBytes } from "../../src/tree/key-bytes.ts";
import type { Node } from "../../src/tree/node.ts";
import { buildNode } from "../../src/tree/node-builder.ts";
import { blobSlot, inlineSlot } from "../../src/tree/slot.ts";
import { keysOfOneHash, keysOfRisingHashes, keysOfRisingRanks } from "../support/adversarial.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { childSlot, chunkOf, noise, randomFrom, Trees } from "../support/tree.ts";
import { change } from "../versioned/helpers.ts";

const SOUND = { ok: true, problems: [], omitted: 0 };

/** Puts chunks and a commit with that root into a store with a branch, and verifies it. */
async function verifyTree(
  root: Node,
  others: readonly Chunk[],
  wrong: Partial<CommitParts> = {},
): Promise<readonly Problem[]> {
  const store = new PlainMemory();
  const v = await Versioned.open(store);
  const parent = await Repository.of(store).commits.load(v.currentCommit as Hash);
  const commit = makeCommit(
    { root: root.hash, ...root.totals(), parents: [parent], info: undefined, ...wrong },
    () => parent.hash,
  );
  const chunk: Chunk = { kind: "commit", hash: commit.hash, payload: commit.payload };
  await new ChunkStore(store).put([...others, chunkOf(root), chunk], 0);
  store.set("b/main", encodeRef(commit.hash, 0));
  const { problems } = await verify(store);
  return problems;
}

const leafOf = (keys: readonly string[], slot = (key: string): Uint8Array => inlineSlot(utf8(key))): Node => {
  const list = new EntryList();
  for (const key of keys) list.push(keyBytes(key), slot(key));
  return buildNode(list, 0, keys.length, 0, false, false);
};

/** An inner node over children, each named by a key and a slot. */
const innerOf = (children: readonly (readonly [key: string, slot: Uint8Array])[], level = 1): Node => {
  const list = new EntryList();
  for (const [key, slot] of children) list.push(keyBytes(key), slot);
  return buildNode(list, 0, children.length, level, false, false);
};

const lastOf = (node: Node): string => new TextDecoder().decode(node.lastKey());
const parentOf = (...children: Node[]): Node => innerOf(children.map((child) => [lastOf(child), childSlot(child)]));

/** A tree of two levels as it should be, with its leaves. */
async function twoLevels(): Promise<{ root: Node; leaves: Node[] }> {
  const trees = new Trees();
  const root = await trees.build(new Map(Array.from({ length: 40 }, (_, i) => [`k${100 + i}`, utf8(`${i}`)])));
  const [, ...leaves] = await trees.all(root);
  expect([root.level, leaves.length]).toEqual([1, root.count]);
  return { root, leaves };
}

function expectWrong(problems: readonly Problem[], ...named: { hash: Hash; kind?: "commit" | "node" }[]): void {
  expect(problems.map(({ kind, key }) => [kind, key]).sort()).toEqual(
    named.map(({ hash, kind = "node" }) => ["damaged", chunkKey(kind, hash)]).sort(),
  );
  for (const { branches, message } of problems) {
    expect(branches).toEqual(["main"]);
    expect(message).toMatch(/at fault/);
  }
}

describe("a tree", () => {
  it("that is sound is found so", async () => {
    const { root, leaves } = await twoLevels();
    expect(await verifyTree(root, leaves.map(chunkOf))).toEqual([]);
    expect(await verifyTree(leafOf(["a", "b"]), [])).toEqual([]);
  });

  it("whose totals are not those of its commit is a problem of the commit", async () => {
    const { root, leaves } = await twoLevels();
    for (const wrong of [{ size: 41 }, { bytes: 7 }]) {
      const problems = await verifyTree(root, leaves.map(chunkOf), wrong);
      expect(problems).toMatchObject([{ kind: "damaged", branches: ["main"], keys: {} }]);
      expect(problems[0]?.key).toMatch(/^c\//);
    }
  });

  it("that two commits share is checked against both", async () => {
    const store = new PlainMemory();
    const v = await Versioned.open(store);
    await change(v, { a: "1" });
    await v.merge();
    const good = await Repository.of(store).commits.load(v.currentCommit as Hash);
    const bad = makeCommit(
      { root: good.root, size: 2, bytes: 1, parents: [good], info: undefined },
      () => good.parents[0] ?? good.hash,
    );
    await new ChunkStore(store).put([{ kind: "commit", ...bad }], 0);
    store.set("b/bad", encodeRef(bad.hash, 0));
    const { problems } = await verify(store);
    expect(problems).toMatchObject([
      { key: chunkKey("commit", bad.hash), branches: ["bad"], commits: { count: 1, newest: [bad.hash] } },
    ]);
  });

  it("has children with the totals, the level and the last key that their parents say", async () => {
    const { root, leaves } = await twoLevels();
    const chunks = leaves.map(chunkOf);
    const slots = leaves.map((leaf): [string, Uint8Array] => [lastOf(leaf), childSlot(leaf)]);
    const withSlot = (at: number, key: string, slot: Uint8Array, level = 1): Node =>
      innerOf(
        slots.map((old, i): [string, Uint8Array] => (i === at ? [key, slot] : old)),
        level,
      );
    const [first, second] = leaves;
    if (first === undefined || second === undefined) throw new Error("There are too few.");
    const falseTotals = childSlot(second);
    falseTotals[32] = (falseTotals[32] ?? 0) + 1;
    expect(falseTotals).not.toEqual(childSlot(second));
    const totals = withSlot(1, lastOf(second), falseTotals);
    expectWrong(await verifyTree(totals, chunks), totals);
    const key = withSlot(1, `${lastOf(second)}0`, childSlot(second));
    expect((await verifyTree(key, chunks)).map(({ key: each }) => each)).toContain(chunkKey("node", key.hash));
    const level = withSlot(1, lastOf(second), childSlot(second), 2);
    expect((await verifyTree(level, chunks)).map(({ key: each }) => each)).toContain(chunkKey("node", level.hash));
    const twice = innerOf([["k1", childSlot(first)], ...slots]);
    expect((await verifyTree(twice, chunks)).map(({ key: each }) => each)).toContain(chunkKey("node", twice.hash));
    expect(await verifyTree(root, chunks)).toEqual([]);
  });

  it("has siblings in order, also where they have different parents", async () => {
    const a = leafOf(["a", "b", "c"]);
    const b = leafOf(["b5", "d", "e"]);
    const problems = await verifyTree(parentOf(a, b), [a, b].map(chunkOf));
    expect(problems.map(({ keys }) => keys)).toContainEqual({ gt: "c", lte: "e" });
    const [left, right] = [parentOf(a), parentOf(b)];
    const root = innerOf(
      [left, right].map((node) => [lastOf(node), childSlot(node)]),
      2,
    );
    const further = await verifyTree(root, [a, b, left, right].map(chunkOf));
    const messages = further.filter(({ key }) => key === chunkKey("node", right.hash)).map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringContaining(chunkKey("node", b.hash)));
  });

  it("has keys that are text, and no nodes without keys", async () => {
    const list = new EntryList();
    list.push(new Uint8Array([0x61, 0xff]), inlineSlot(utf8("v")));
    const noText = buildNode(list, 0, 1, 0, false, false);
    expectWrong(await verifyTree(noText, []), noText);
    const empty = leafOf([]);
    const slot = childSlot(empty);
    const over = innerOf([
      ["a", slot],
      ["b", slot],
    ]);
    expectWrong(await verifyTree(over, [chunkOf(empty)]), over);
  });

  it("has no other kind of chunk as its root or inside", async () => {
    const payload = new Uint8Array([PIECE_KIND, 1, 2, 3]);
    const piece: Chunk = { kind: "node", hash: hashOf(payload), payload };
    const slot = childSlot(leafOf(["a"]));
    writeHash(piece.hash, slot, 0);
    const over = innerOf([
      ["a", slot],
      ["b", childSlot(leafOf(["b"]))],
    ]);
    const problems = await verifyTree(over, [piece, chunkOf(leafOf(["b"]))]);
    expect(problems.map(({ key }) => key)).toContain(chunkKey("node", piece.hash));
    expectWrong(
      await verifyTree(leafOf(["a"]), [], { root: piece.hash }).then((all) =>
        all.filter(({ kind }) => kind !== "missing"),
      ),
    );
  });

  it("has values of the sizes that it says, of parts of the sizes that they say", async () => {
    const { ref, chunks } = storeBlob(noise(400_000, 1));
    const leaf = (slot: Uint8Array): Node => leafOf(["a"], () => slot);
    expect(await verifyTree(leaf(blobSlot(ref)), chunks)).toEqual([]);
    for (const wrong of [{ size: ref.size + 1 }, { size: ref.size - 1 }, { depth: ref.depth - 1 }]) {
      const problems = await verifyTree(leaf(blobSlot({ ...ref, ...wrong })), chunks);
      expectWrong(problems, ref);
      expect(problems[0]?.keys).toEqual({ gte: "a", lte: "a" });
    }
    const deeper = await verifyTree(leaf(blobSlot({ ...ref, depth: ref.depth + 1 })), chunks);
    expectWrong(deeper, ...chunks.filter(({ hash }) => hash !== ref.hash));
    // Of lists of lists, with a last piece that is smaller than any other may be.
    const large = noise(14_000_000, 2);
    const pieces = storeBlob(large).chunks.filter(({ payload }) => payload[0] === PIECE_KIND);
    const length = pieces.slice(0, -20).reduce((sum, { payload }) => sum + payload.length - 1, 10);
    const nested = storeBlob(large.subarray(0, length));
    expect(nested.ref.depth).toBeGreaterThan(1);
    expect(await verifyTree(leaf(blobSlot(nested.ref)), nested.chunks)).toEqual([]);
    const whole = storeBlob(noise(5000, 1));
    expectWrong(await verifyTree(leaf(blobSlot({ ...whole.ref, size: 5001 })), whole.chunks), whole.ref);
  });

  it("is cut where its keys say", async () => {
    const { root, leaves } = await twoLevels();
    const keys = leaves.flatMap((leaf) =>
      Array.from({ length: leaf.count }, (_, i) => new TextDecoder().decode(leaf.key(i))),
    );
    const bounds = leaves.map((_, at) => leaves.slice(0, at + 1).reduce((sum, { count }) => sum + count, 0));
    const cutAt = (ends: readonly number[]): Node[] =>
      ends.map((end, i) => leafOf(keys.slice(ends[i - 1] ?? 0, end), (key) => leafSlot(leaves, key)));
    expect(parentOf(...cutAt(bounds)).hash).toBe(root.hash);
    const misshapen = async (nodes: Node[]): Promise<void> => {
      const problems = await verifyTree(
        nodes.length === 1 ? (nodes[0] ?? root) : parentOf(...nodes),
        nodes.map(chunkOf),
      );
      expect(problems.length).toBeGreaterThan(0);
      for (const { message } of problems) expect(message).toContain("does not end where its keys say");
    };
    for (let at = 0; at < bounds.length - 1; at++) {
      // Without one boundary, with one moved, and with one too many.
      await misshapen(cutAt(bounds.filter((_, i) => i !== at)));
      for (const by of [-1, 1]) await misshapen(cutAt(bounds.map((end, i) => (i === at ? end + by : end))));
    }
    for (let at = 1; at < keys.length; at++) {
      if (!bounds.includes(at)) await misshapen(cutAt([...bounds, at].sort((a, b) => a - b)));
    }
    await misshapen([leafOf(keys, (key) => leafSlot(leaves, key))]);
    // Keys without natural boundaries, more than go into one node.
    await misshapen([leafOf(keysOfOneHash(65))]);
    const alone = leafOf(["a", "b"]);
    const above = parentOf(alone);
    expectWrong(await verifyTree(above, [chunkOf(alone)]), above);
  });

  it("with boundaries that chosen keys forced is sound, whatever is removed from it", async () => {
    const random = randomFrom(7);
    for (const keys of [
      keysOfOneHash(700),
      keysOfRisingHashes(700),
      keysOfRisingRanks(300),
      keysOfRisingRanks(300, "x", true),
    ]) {
      const store = new PlainMemory();
      const v = await Versioned.open(store);
      await v.snapshot(new Map(keys.map((key, i) => [key, utf8(`${i}`)])));
      for (let i = 0; i < 20; i++) {
        const removals = Array.from({ length: 1 + random(60) }, () => keys[random(keys.length)] ?? "");
        const added = Array.from({ length: random(10) }, (): [string, Uint8Array] => [
          `${keys[random(keys.length)]}${i}`,
          utf8("x"),
        ]);
        await v.snapshot(new Map(added), { removals });
      }
      await v.merge();
      expect(await verify(store)).toEqual(SOUND);
    }
  });
});

function leafSlot(leaves: readonly Node[], key: string): Uint8Array {
  const bytes = keyBytes(key);
  for (const leaf of leaves) {
    const at = leaf.lowerBound(bytes);
    if (leaf.find(bytes) === at) return leaf.slot(at);
  }
  throw new Error(`There is no ${key}.`);
}

describe("a commit", () => {
  /** A line of commits with two merges, and what makes a commit on top of it. */
  async function line(): Promise<{
    store: Memory;
    tip: CommitRecord;
    all: CommitRecord[];
    publish: (parents: readonly CommitRecord[], ancestor?: (depth: number) => Hash) => Promise<readonly Problem[]>;
  }> {
    const store = new PlainMemory();
    const v = await Versioned.open(store);
    await change(v, { a: "1" });
    await v.merge();
    const side = await v.createBranch("side");
    for (let i = 0; i < 14; i++) {
      if (i % 7 === 3) {
        await change(side, { side: `${i}` });
        await side.merge();
        await v.mergeFrom("side");
      }
      await change(v, { i: `${i}` });
    }
    await v.merge();
    await v.deleteBranch("side");
    const { commits } = Repository.of(store);
    const history = await v.history().toArray();
    const all = await commits.loadMany(history as Hash[]);
    const [tip] = all;
    if (tip === undefined) throw new Error("There is none.");
    const publish = async (
      parents: readonly CommitRecord[],
      ancestor?: (depth: number) => Hash,
    ): Promise<readonly Problem[]> => {
      const right = (depth: number): Hash => all.find((each) => each.depth === depth)?.hash ?? tip.hash;
      const { root, size, bytes } = tip;
      const made = makeCommit({ root, size, bytes, parents, info: { made: "by hand" } }, ancestor ?? right);
      await new ChunkStore(store).put([{ kind: "commit", ...made }], 0);
      store.set("b/main", encodeRef(made.hash, 0));
      const { problems } = await verify(store);
      for (const problem of problems) expect(problem.key).toBe(chunkKey("commit", made.hash));
      return problems;
    };
    return { store, tip, all, publish };
  }

  it("that is sound is found so", async () => {
    const { store, tip, publish } = await line();
    expect(await verify(store)).toEqual(SOUND);
    expect(await publish([tip])).toEqual([]);
  });

  it.each([
    ["generation", { generation: 1 }],
    ["generation", { generation: -1 }],
    ["depth", { depth: -1 }],
    ["generation", { depth: 1, generation: 1 }],
    ["merges", { merges: 1 }],
    ["merges", { merges: -1 }],
  ])("has the %s that follow from its parents: not %j", async (word, change) => {
    const { tip, publish } = await line();
    const { generation = 0, depth = 0, merges = 0 } = change as Partial<CommitRecord>;
    const parent = {
      ...tip,
      generation: tip.generation + generation,
      depth: tip.depth + depth,
      merges: tip.merges + merges,
    };
    const problems = await publish([parent]);
    expect(problems).toMatchObject([{ kind: "damaged", branches: ["main"], commits: { count: 1 } }]);
    expect(problems[0]?.message).toMatch(new RegExp(`${word}|contradicts itself`));
  });

  it("has the generation and the merges that follow from several parents", async () => {
    const { tip, all, publish } = await line();
    const other = all.at(-3) ?? tip;
    expect(await publish([other, tip])).toEqual([]);
    expect(await publish([tip, other])).toEqual([]);
    expect(await publish([other, { ...tip, generation: tip.generation - 1 }])).toHaveLength(1);
    expect(await publish([{ ...other, merges: other.merges + 1 }, tip])).toHaveLength(1);
  });

  it("names the ancestors that are on the line of its first parent", async () => {
    const { all, publish } = await line();
    for (const parent of all.slice(0, 9)) {
      const right = (depth: number): Hash => all.find((each) => each.depth === depth)?.hash ?? parent.hash;
      const depths: number[] = [];
      const noted = (depth: number): Hash => {
        depths.push(depth);
        return right(depth);
      };
      expect(await publish([parent], noted)).toEqual([]);
      for (const wrong of depths) {
        const problems = await publish([parent], (depth) => right(depth === wrong ? depth + 1 : depth));
        expect(problems).toMatchObject([{ message: expect.stringContaining("names ancestors") }]);
      }
    }
  });
});
