import { describe, expect, it } from "vitest";
import { CorruptionError, collectGarbage, Memory, SessionCollectedError, Versioned } from "vkv";
import { utf8 } from "../../src/bytes.ts";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import type { Chunk } from "../../src/chunk/store.ts";
import { storeBlob } from "../../src/tree/blob.ts";
import { keyText } from "../../src/tree/key-bytes.ts";
import { checkedChild, decodeNode, type Node } from "../../src/tree/node.ts";
import { blobSlot, inlineSlot } from "../../src/tree/slot.ts";
import { childSlot, Trees } from "../support/tree.ts";
import { failureOf } from "../versioned/helpers.ts";
import { craftNode, craftSlot, payloadOf, plantTree } from "./craft.ts";

const ONE = inlineSlot(utf8("1"));
const leaf = (...keys: string[]): Node =>
  craftNode(
    0,
    keys.map((key) => [key, ONE]),
  );
const parentOf = (level: number, ...children: Node[]): Node =>
  craftNode(
    level,
    children.map((child) => [keyText(child.lastKey()), childSlot(child)]),
  );

/** All that reads a tree; what each call gives, or its error. No other error than a `CorruptionError` is let through. */
async function useWholly(store: Memory): Promise<Map<string, unknown>> {
  const results = new Map<string, unknown>();
  const attempt = async (name: string, work: (v: Versioned) => Promise<unknown>): Promise<void> => {
    const copy = new Memory();
    for await (const [key, value] of store.entries()) copy.set(key, value);
    const v = await Versioned.open(copy, { branch: "main" });
    try {
      results.set(name, await work(v));
    } catch (error) {
      // A handle's own unpublished work may be what a collection removed.
      const reason = error instanceof SessionCollectedError ? error.cause : error;
      if (!(reason instanceof CorruptionError)) throw error;
      results.set(name, reason);
    }
  };
  await attempt("keys", (v) => v.keys().toArray());
  await attempt("keys backwards", (v) => v.keys({ reverse: true }).toArray());
  await attempt("entries", (v) => v.entries().toArray());
  await attempt("a range", (v) => v.keys({ gte: "c", lt: "x" }).toArray());
  await attempt("getMany", (v) => v.getMany(["a", "c", "m", "z", "zz"]));
  await attempt("diff", async (v) => v.diff(await emptyCommit(v), v.currentCommit));
  await attempt("changes", async (v) => v.changes(v.currentCommit, await emptyCommit(v), { reverse: true }).toArray());
  await attempt("merge", async (v) => {
    const other = await v.checkout(await emptyCommit(v));
    await other?.snapshot({ c: utf8("2"), new: utf8("2") });
    await other?.mergeFrom({ commit: v.currentCommit }, { defaultMerge: "ours" });
    await other?.keys().toArray();
  });
  await attempt("snapshot", async (v) => {
    await v.snapshot({ c: utf8("2"), n: utf8("2") }, { removals: ["a", "m"] });
    await v.keys().toArray();
  });
  await attempt("collectGarbage", (v) => collectGarbage(v.store, { minAge: 0 }));
  return results;
}

async function emptyCommit(v: Versioned): Promise<string> {
  return (await Versioned.open(v.store, { branch: "empty" })).currentCommit;
}

const a = leaf("a", "b", "c");
const m = leaf("m", "n");
const z = leaf("x", "y", "z");
const sound = parentOf(1, a, m, z);
const totals = (node: Node, more: { size?: number; bytes?: number }): Uint8Array => {
  const { size, bytes } = node.totals();
  return craftSlot(node.hash, size + (more.size ?? 0), bytes + (more.bytes ?? 0));
};

describe("a crafted tree with right hashes", () => {
  it("is read if it is sound", async () => {
    const results = await useWholly(await plantTree([a, m, z], sound));
    expect(results.get("keys")).toEqual(["a", "b", "c", "m", "n", "x", "y", "z"]);
    for (const [name, result] of results) expect([name, result]).not.toEqual([name, expect.any(CorruptionError)]);
  });

  const entries = (...slots: [string, Uint8Array][]): Node => craftNode(1, slots);
  const inner = parentOf(1, a, m);
  it.each<[string, Node, Node[]]>([
    ["a child of its own level", craftNode(1, [["n", childSlot(inner)]]), [inner, a, m]],
    [
      "a child two levels lower",
      craftNode(2, [
        ["c", childSlot(a)],
        ["n", childSlot(m)],
      ]),
      [a, m],
    ],
    ["a child that ends elsewhere", entries(["c", childSlot(a)], ["o", childSlot(m)]), [a, m]],
    [
      "a child that begins too early",
      entries(["c", childSlot(a)], ["n", childSlot(leaf("b", "n"))]),
      [a, leaf("b", "n")],
    ],
    ["more keys than there are", entries(["c", totals(a, { size: 1 })], ["n", childSlot(m)]), [a, m]],
    ["fewer bytes than there are", entries(["c", childSlot(a)], ["n", totals(m, { bytes: -1 })]), [a, m]],
    [
      "more keys than a number can count",
      entries(["c", totals(a, { size: 2 ** 53 - 4 })], ["n", childSlot(m)]),
      [a, m],
    ],
    ["a child that is not there", entries(["c", childSlot(a)], ["n", childSlot(m)]), [a]],
    [
      "a piece of a value as a child",
      entries(["c", childSlot(a)], ["n", craftSlot(storeBlob(utf8("n")).ref.hash, 2, 2)]),
      [a],
    ],
  ])("that has %s is refused by whatever comes that way", async (_, root, nodes) => {
    const blob = storeBlob(utf8("n")).chunks.map(({ hash, payload }) => ({ hash, payload }) as unknown as Node);
    const results = await useWholly(await plantTree([...nodes, ...blob], root));
    for (const name of ["keys", "keys backwards", "entries", "diff", "changes", "merge", "snapshot"]) {
      expect([name, results.get(name)]).toEqual([name, expect.any(CorruptionError)]);
    }
  });

  it.each<[string, Node]>([
    [
      "keys in a wrong order",
      craftNode(0, [
        ["b", ONE],
        ["a", ONE],
      ]),
    ],
    [
      "a key twice",
      craftNode(0, [
        ["a", ONE],
        ["a", ONE],
      ]),
    ],
    [
      "an empty key",
      craftNode(0, [
        ["", ONE],
        ["a", ONE],
      ]),
    ],
    ["a key that is too long", craftNode(0, [["k".repeat(4097), ONE]])],
    ["a child without keys", craftNode(1, [["c", craftSlot(a.hash, 0, 0)]])],
    [
      "a child whose slot begins in the one before",
      craftNode(1, [
        ["c", Uint8Array.of(...childSlot(a), 0)],
        ["d", childSlot(a).subarray(1)],
      ]),
    ],
    ["a level above all", craftNode(61, [["c", childSlot(a)]])],
    ["a value of 8 PiB", craftNode(0, [["a", blobSlot({ hash: a.hash, depth: 1, size: 2 ** 53 - 1 })]])],
    ["no entries on an inner level", craftNode(1, [])],
  ])("that has a node with %s is refused", (_, node) => {
    expect(() => decodeNode(node.hash, node.payload)).toThrow(CorruptionError);
  });

  it("that has an empty leaf in it is refused", async () => {
    const empty = craftNode(0, []);
    const root = craftNode(1, [
      ["c", childSlot(a)],
      ["d", craftSlot(empty.hash, 1, 0)],
    ]);
    const results = await useWholly(await plantTree([a, empty], root));
    expect(results.get("keys")).toBeInstanceOf(CorruptionError);
    expect(results.get("snapshot")).toBeInstanceOf(CorruptionError);
  });

  it("whose first child of a child begins before its uncle ends is refused by scans and diffs, and never written on", async () => {
    const early = leaf("b", "m");
    const left = parentOf(1, a);
    const right = parentOf(1, early, z);
    const results = await useWholly(await plantTree([a, early, z, left, right], parentOf(2, left, right)));
    for (const name of ["keys", "keys backwards", "entries", "diff", "changes", "merge"]) {
      expect([name, results.get(name)]).toEqual([name, expect.any(CorruptionError)]);
    }
  });

  it("is refused or read right, whatever one entry of an inner node is made to say", async () => {
    const trees = new Trees();
    const keys = Array.from({ length: 1500 }, (_, i) => `key/${String(i).padStart(4, "0")}`);
    const root = await trees.build(new Map(keys.map((key) => [key, utf8(key)])));
    expect(root.level).toBe(2);
    const all = await trees.all(root);
    const [, first, second] = all;
    const children = all.filter(({ level }) => level < 2);
    if (first === undefined || second === undefined) throw new Error("no such nodes");
    for (const parent of [root, first, second]) {
      for (const index of [0, 1, parent.count - 1]) {
        const { size, bytes } = parent.entryTotals(index);
        const hash = parent.childHash(index);
        const others = [children[0], children[1], children[5], children.at(-1)].flatMap((node) => node?.hash ?? []);
        const said: [Hash, number, number][] = [
          [hash, size + 1, bytes],
          [hash, size, bytes + 1],
          [hash, 1, bytes],
          [hash, size, 0],
          [hash, Number.MAX_SAFE_INTEGER - 9_999, bytes],
          ...others.filter((other) => other !== hash).map((other): [Hash, number, number] => [other, size, bytes]),
        ];
        for (const [child, ...numbers] of said) {
          const changed = craftNode(
            parent.level,
            Array.from({ length: parent.count }, (_, i) => [
              keyText(parent.key(i)),
              i === index ? craftSlot(child, ...numbers) : parent.slot(i),
            ]),
          );
          const top =
            parent === root
              ? changed
              : craftNode(
                  2,
                  Array.from({ length: root.count }, (_, i) => [
                    keyText(root.key(i)),
                    root.childHash(i) === parent.hash
                      ? childSlot(decodeNode(changed.hash, changed.payload))
                      : root.slot(i),
                  ]),
                );
          const store = await plantTree([...all, changed], top);
          const v = await Versioned.open(store);
          await failureOf(CorruptionError, v.keys().toArray());
          await failureOf(CorruptionError, v.keys({ reverse: true }).toArray());
          for (const key of keys.filter((_, i) => i % 200 === 0)) {
            const value = await v.get(key).catch((error: unknown) => error);
            if (!(value instanceof CorruptionError)) expect([key, value]).toEqual([key, utf8(key)]);
          }
        }
      }
    }
  });
});

describe("a very deep tree", () => {
  it("of 10,000 nodes one below another is refused at once: a node's level is one byte, and each is one lower", async () => {
    const nodes: Node[] = [leaf("a", "z")];
    for (let i = 0; i < 10_000; i++) {
      const [below] = nodes;
      if (below !== undefined) nodes.unshift(craftNode(1, [["z", childSlot(below)]]));
    }
    const [root] = nodes;
    if (root === undefined) throw new Error("no root");
    const results = await useWholly(await plantTree(nodes, root));
    for (const name of ["keys", "getMany", "diff", "merge", "snapshot"]) {
      expect([name, results.get(name)]).toEqual([name, expect.any(CorruptionError)]);
    }
  });

  it("of 60 levels is read, written and merged", async () => {
    const nodes: Node[] = [leaf("a", "z")];
    for (let level = 1; level <= 60; level++) {
      const [below] = nodes;
      if (below !== undefined) nodes.unshift(parentOf(level, below));
    }
    const [root] = nodes;
    if (root === undefined) throw new Error("no root");
    const results = await useWholly(await plantTree(nodes, root));
    expect(results.get("keys")).toEqual(["a", "z"]);
    for (const [name, result] of results) expect([name, result]).not.toEqual([name, expect.any(CorruptionError)]);
  });
});

/** A tree that a few nodes make endless: the first child of a first child is one that was there before. */
function endless(levels: number): { root: Node; nodes: Node[] } {
  const keyAt = (i: number): string => `k${String(i).padStart(6, "0")}`;
  let next = 0;
  const nodes: Node[] = [];
  const add = (node: Node): Node => {
    nodes.push(node);
    return node;
  };
  let tops = Array.from({ length: 20 }, () => add(leaf(keyAt(next++), keyAt(next++))));
  for (let level = 1; level <= levels; level += 2) {
    const wide = add(parentOf(level, ...tops));
    const uppers: Node[] = [add(parentOf(level + 1, wide))];
    for (let i = 0; i < 19; i++) {
      // A node of the same children, with one more behind them so that it ends later.
      let extra = add(leaf(keyAt(next++)));
      for (let at = 1; at < level; at++) extra = add(parentOf(at, extra));
      uppers.push(add(parentOf(level + 1, add(parentOf(level, ...tops, extra)))));
    }
    tops = uppers;
  }
  return { root: add(parentOf(levels + 2, ...tops)), nodes };
}

describe("a tree that a few nodes make endless", () => {
  it("is refused where it repeats itself, in bounded time", async () => {
    const { root, nodes } = endless(9);
    expect(root.totals().size).toBeGreaterThan(1e7);
    expect(nodes.length).toBeLessThan(2000);
    const results = await useWholly(await plantTree(nodes, root));
    for (const name of ["keys", "keys backwards", "entries", "diff", "changes", "merge"]) {
      expect([name, results.get(name)]).toEqual([name, expect.any(CorruptionError)]);
    }
    expect(results.get("collectGarbage")).toMatchObject({ completed: true });
  });
});

describe("a crafted large value", () => {
  const list = (...parts: [Hash, number][]): Chunk => {
    const payload = payloadOf(3, ...parts.flat());
    return chunkOf(payload);
  };
  const chunkOf = (payload: Uint8Array): Chunk => {
    const node = craftPayload(payload);
    return { kind: "node", ...node };
  };
  const piece = chunkOf(Uint8Array.from([2, ...new Uint8Array(10_000).fill(7)]));
  const tiny = chunkOf(Uint8Array.from([2, 7]));
  const KIB = 1024;

  it.each<[string, Chunk[], Omit<Parameters<typeof blobSlot>[0], "hash">]>([
    ["of a thousand million pieces of one byte", bombs(tiny, 1, 1000, 3), { depth: 3, size: 1e9 }],
    ["of lists that say they have no end", bombs(tiny, 1, 1000, 8), { depth: 8, size: 2 ** 32 }],
    [
      "whose first piece is there, and the others are not",
      [list([piece.hash, 10_000], [a.hash, 128 * KIB]), piece],
      { depth: 1, size: 10_000 + 128 * KIB },
    ],
    [
      "whose lists have another size",
      [list([piece.hash, 10_000], [piece.hash, 10_000]), piece],
      { depth: 1, size: 30_000 },
    ],
    [
      "whose piece has another size",
      [list([piece.hash, 10_001], [piece.hash, 10_000]), piece],
      { depth: 1, size: 20_001 },
    ],
    [
      "of a piece that is too large",
      [list([piece.hash, 3e9], [piece.hash, 10_000]), piece],
      { depth: 1, size: 3e9 + 10_000 },
    ],
    [
      "that is a list where a piece is due",
      [list([piece.hash, 10_000], [piece.hash, 10_000]), piece],
      { depth: 0, size: 20_000 },
    ],
    ["that is a piece where a list is due", [piece], { depth: 1, size: 10_000 }],
    ["that is a node", [{ kind: "node", hash: a.hash, payload: a.payload }], { depth: 1, size: 10_000 }],
    ["of an empty list", [list()], { depth: 1, size: 10_000 }],
  ])("%s is refused in bounded time and memory", async (_, chunks, { depth, size }) => {
    const [top] = chunks;
    if (top === undefined) throw new Error("no chunks");
    const root = craftNode(0, [
      ["a", blobSlot({ hash: top.hash, depth, size })],
      ["b", ONE],
    ]);
    const v = await Versioned.open(await plantTree(chunks as unknown as Node[], root));
    const before = process.memoryUsage();
    await failureOf(CorruptionError, v.get("a"));
    await failureOf(CorruptionError, v.getMany(["a", "b"]));
    await failureOf(CorruptionError, v.entries().toArray());
    await failureOf(CorruptionError, v.changes(v.currentCommit, await emptyCommit(v)).toArray());
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(100e6);
    expect(await v.get("b")).toEqual(utf8("1"));
    expect(await v.keys().toArray()).toEqual(["a", "b"]);
  });

  it("of pieces that come again and again is what it is", async () => {
    const top = list(...Array.from({ length: 1000 }, (): [Hash, number] => [piece.hash, 10_000]));
    const root = craftNode(0, [["a", blobSlot({ hash: top.hash, depth: 1, size: 1e7 })]]);
    const v = await Versioned.open(await plantTree([top, piece] as unknown as Node[], root));
    const value = await v.get("a");
    expect(value?.length).toBe(1e7);
    expect(value?.every((byte) => byte === 7)).toBe(true);
  });

  function craftPayload(payload: Uint8Array): { hash: Hash; payload: Uint8Array } {
    return { hash: hashOf(payload), payload };
  }

  /** Lists of `count` times the list below, `depth` levels of them, with sizes that agree. */
  function bombs(bottom: Chunk, bottomSize: number, count: number, depth: number): Chunk[] {
    const chunks = [bottom];
    let size = bottomSize;
    for (let level = 0; level < depth; level++) {
      const below = chunks[0]?.hash ?? bottom.hash;
      const said = Math.min(size, 2 ** 42);
      chunks.unshift(list(...Array.from({ length: count }, (): [Hash, number] => [below, said])));
      size = said * count;
    }
    return chunks;
  }
});

describe("checkedChild", () => {
  it("lets sound children pass", () => {
    for (const [i, child] of [a, m, z].entries()) expect(checkedChild(sound, i, child)).toBe(child);
    expect(() => checkedChild(sound, 0, m)).toThrow(CorruptionError);
  });
});
