/** Everything whose bytes the format fixes, for fixed inputs. */
import assert from "node:assert/strict";
import { vi } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { decodeChunk, encodeChunk } from "../../src/chunk/codec.ts";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { ChunkStore } from "../../src/chunk/store.ts";
import type { CommitRecord } from "../../src/commit/commit.ts";
import { beginEpoch, EPOCH_KEY } from "../../src/commit/epoch.ts";
import { FORMAT, FORMAT_KEY, markOf } from "../../src/commit/format.ts";
import { encodeInfo, type Info } from "../../src/commit/info.ts";
import { encodeRef, encodeReservation, refKey } from "../../src/commit/ref.ts";
import { Repository } from "../../src/commit/repository.ts";
import { Memory } from "../../src/kv/memory.ts";
import { storeBlob } from "../../src/tree/blob.ts";
import { boundaryHash } from "../../src/tree/boundary.ts";
import { EMPTY_ROOT, edit } from "../../src/tree/edit.ts";
import { encodeEdits } from "../../src/tree/edits.ts";
import { EntryList } from "../../src/tree/entry-list.ts";
import { keyBytes } from "../../src/tree/key-bytes.ts";
import type { Node } from "../../src/tree/node.ts";
import { buildNode } from "../../src/tree/node-builder.ts";
import { deltaOf } from "../../src/tree/node-delta.ts";
import { NodeReader, NodeStore } from "../../src/tree/node-store.ts";
import { inlineSlot } from "../../src/tree/slot.ts";
import { unstoredNodes } from "../../src/tree/unstored.ts";
import { toUpdates } from "../../src/versioned/updates.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { newCommit } from "../../src/versioned/write.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { childSlot } from "../support/tree.ts";

type Contents = ReadonlyMap<string, Uint8Array>;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The same bytes on every platform, and unlike each other for every seed. */
export function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x3c6ef372;
    state ^= state >>> 12;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

function many(count: number, key: (index: number) => string, value: (index: number) => Uint8Array): Contents {
  return new Map(Array.from({ length: count }, (_, i) => [key(i), value(i)]));
}

const CONTENTS: Readonly<Record<string, Contents>> = {
  nothing: new Map(),
  "one key": new Map([["k", utf8("v")]]),
  "an empty value": new Map([["k", new Uint8Array(0)]]),
  "100 ASCII keys": many(100, (i) => `key${i}`, (i) => utf8(`value ${i}`)),
  "10,000 keys": many(10_000, (i) => `user/${String(i).padStart(6, "0")}/name`, (i) => noise(100, i)),
  "keys of several scripts": new Map(
    ["a", "é", "e\u0301", "я", "中", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}", "__proto__", "\u0000", "a/b", "%"].map(
      (key, i) => [key, noise(i, i)],
    ),
  ),
  "keys of 4,096 bytes": many(40, (i) => `${"long".repeat(1023)}${String(i).padStart(4, "0")}`, (i) => noise(8, i)),
  "values around the limit of a leaf": many(8, (i) => `v${i}`, (i) => noise(509 + i, i)),
  "values of many pieces": new Map([
    ["128 KiB", noise(128 * 1024, 1)],
    ["128 KiB and 1", noise(128 * 1024 + 1, 2)],
    ["3 MB", noise(3_000_000, 3)],
    ["3 MB of zeros", new Uint8Array(3_000_000)],
  ]),
};

async function tree(contents: Contents): Promise<{ root: Node; height: number; nodes: number; size: number; bytes: number }> {
  const nodes = new NodeStore(new ChunkStore(new Memory()));
  const root = await edit(new NodeReader(nodes), EMPTY_ROOT, toUpdates(contents).changes);
  return { root, height: root.level + 1, nodes: unstoredNodes(root).length, ...root.totals() };
}

function entries(pairs: readonly (readonly [string, Uint8Array])[]): EntryList {
  const list = new EntryList();
  for (const [key, slot] of pairs) list.push(keyBytes(key), slot);
  return list;
}

function nodesByHand(): Record<string, string> {
  const three = entries([
    ["user/anna", inlineSlot(utf8("1"))],
    ["user/ben", inlineSlot(utf8("22"))],
    ["user/é", inlineSlot(new Uint8Array(0))],
  ]);
  const leaf = buildNode(three, 0, 3, 0, false, false);
  const one = buildNode(three, 0, 1, 0, false, false);
  const two = buildNode(three, 1, 3, 0, false, false);
  const children = entries([
    ["user/anna", childSlot(one)],
    ["user/é", childSlot(two)],
  ]);
  const wide = entries([...many(130, (i) => `w${String(i).padStart(3, "0")}`, () => inlineSlot(noise(512, 9)))].slice(0, 65));
  return {
    empty: hex(EMPTY_ROOT.payload),
    leaf: hex(leaf.payload),
    "leaf of one entry": hex(one.payload),
    "leaf between forced boundaries": hex(buildNode(three, 0, 3, 0, true, true).payload),
    inner: hex(buildNode(children, 0, 2, 1, false, false).payload),
    "leaf of 65 values of 512 bytes, its hash": buildNode(wide, 0, 65, 0, false, false).hash,
  };
}

/** Changes of a tree, and a node as a difference from another. */
function changesByHand(): Record<string, string> {
  const edits = new EntryList();
  edits.push(keyBytes("user/anna"), inlineSlot(utf8("1")));
  edits.push(keyBytes("user/ben"), undefined);
  edits.push(keyBytes("user/é"), inlineSlot(new Uint8Array(0)));
  const leaf = (changed: string, more: Contents): Node => {
    const sorted = [...many(20, (i) => `k${i + 10}`, (i) => noise(30, i)), [changed, utf8("changed")] as const, ...more];
    const contents = [...new Map(sorted)].sort(([a], [b]) => (a < b ? -1 : 1));
    return buildNode(entries(contents.map(([key, value]) => [key, inlineSlot(value)])), 0, contents.length, 0, false, false);
  };
  const base = leaf("k13", new Map());
  const { delta } = deltaOf(leaf("k17", new Map([["k205", utf8("new")]])), base) ?? {};
  assert(delta !== undefined);
  return { edits: hex(encodeEdits(edits)), "no edits": hex(encodeEdits(new EntryList())), delta: hex(delta) };
}

/** Notes of commits that are stored as changes, one after the other. */
async function notes(): Promise<string[]> {
  const store = new PlainMemory(2048);
  const v = await Versioned.open(store);
  const made = [
    await v.snapshot({ a: utf8("1"), b: utf8("2"), large: noise(600, 1) }),
    await v.snapshot({ a: utf8("1"), c: utf8("3") }, { removals: ["b"] }),
    await v.snapshot({}, { info: { message: "nothing" } }),
  ];
  return made.map((id) => {
    const chunk = decodeChunk(store.get(chunkKey("commit", id as Hash)) ?? new Uint8Array(0));
    assert(chunk.base === undefined && chunk.note !== undefined);
    return hex(chunk.note);
  });
}

/** Commits: a line long enough for skip lists, a merge, and infos. */
async function history(): Promise<Record<string, unknown>> {
  const repository = Repository.of(new Memory());
  const commit = async (parents: readonly CommitRecord[], contents: Contents, info?: Info): Promise<CommitRecord> => {
    const { root } = await tree(contents);
    const made = await newCommit(repository, { root, edits: undefined }, [], parents, info);
    await repository.chunks.put(made.chunks, 0);
    return repository.commits.add(made.commit);
  };
  const root = await commit([], new Map());
  const line = [root];
  for (let i = 1; i <= 70; i++) line.push(await commit(line.slice(-1), new Map([["i", utf8(String(i))]])));
  const [, a, b] = line;
  assert(a !== undefined && b !== undefined);
  const side = await commit([a], new Map([["side", utf8("x")]]), {});
  const merge = await commit([b, side], CONTENTS["100 ASCII keys"] ?? new Map(), {
    b: [1, 2.5, -1e21, null, true, "é\n"],
    a: { z: 1, "😀": 2, "\ue000": 3 },
  });
  return {
    "the root commit": { id: root.hash, payload: hex(root.payload) },
    "a commit on it": { id: a.hash, payload: hex(a.payload) },
    "a merge with info": { id: merge.hash, payload: hex(merge.payload) },
    "a line of 70": line.map(({ hash }) => hash),
  };
}

/** Ids as callers get them. */
async function publicIds(): Promise<Record<string, string>> {
  const v = await Versioned.open(new Memory());
  const first = v.currentCommit;
  const one = await v.snapshot({ greeting: utf8("hello"), "large value": noise(200_000, 5) }, { info: { message: "one" } });
  await v.merge();
  const other = await v.createBranch("other");
  await v.snapshot({ a: utf8("1") });
  await v.merge();
  await other.snapshot({ b: utf8("2") }, { removals: ["greeting"] });
  const { commit = "" } = await other.mergeFrom("main");
  return { first, one, merged: commit };
}

/** All of it. Nonces are the bytes 1, 2, 3 and so on. */
export async function goldenFormat(): Promise<unknown> {
  const random = vi.spyOn(crypto, "getRandomValues").mockImplementation((array) => {
    assert(array instanceof Uint8Array);
    array.forEach((_, i) => {
      array[i] = i + 1;
    });
    return array;
  });
  try {
    const hash = hashOf(utf8("vkv"));
    const store = new Memory();
    await beginEpoch(store);
    const epochs = [hex(store.get(EPOCH_KEY) ?? new Uint8Array(0))];
    for (let i = 0; i < 200; i++) await beginEpoch(store);
    epochs.push(hex(store.get(EPOCH_KEY) ?? new Uint8Array(0)));
    const roots: Record<string, unknown> = {};
    for (const [name, contents] of Object.entries(CONTENTS)) {
      const { root, ...about } = await tree(contents);
      roots[name] = { root: root.hash, ...about };
    }
    const blobs = Object.fromEntries(
      [513, 128 * 1024, 128 * 1024 + 1, 1_000_000, 60_000_000].map((size) => {
        const { ref, chunks } = storeBlob(noise(size, size));
        return [size, { ...ref, chunks: chunks.length, first: chunks[0]?.hash, firstBytes: chunks[0]?.payload.length }];
      }),
    );
    return {
      hash,
      "boundary hashes by level": Object.fromEntries(
        ["", "a", "b", "user/1", "é", "😀", "x".repeat(4096)].map((key) => {
          const bytes = keyBytes(key);
          return [key.slice(0, 10), [0, 1, 2, 59].map((level) => boundaryHash(bytes, 0, bytes.length, level))];
        }),
      ),
      "nodes, in hexadecimal": nodesByHand(),
      "tree roots": roots,
      "large values": blobs,
      commits: await history(),
      ids: await publicIds(),
      info: Buffer.from(encodeInfo({ b: 1, a: [{}, [], "\u0007", 1e300], "\uffff": 1, "😀": 2 })).toString(),
      "stored chunks": [
        hex(encodeChunk({ epoch: 0, createdAt: 1_700_000_000_000, payload: utf8("vkv") })),
        hex(encodeChunk({ epoch: 300, createdAt: 0, payload: new Uint8Array(0) })),
        hex(encodeChunk({ epoch: 300, createdAt: 1_700_000_000_000, payload: utf8("vkv"), note: utf8("note") })),
        hex(encodeChunk({ epoch: 300, createdAt: 1_700_000_000_000, base: hash, delta: utf8("delta") })),
      ],

      refs: {
        branch: hex(encodeRef(hash, 0)),
        tag: hex(encodeRef(hash, 300, { by: "someone" })),
        reservation: hex(encodeReservation()),
      },
      epochs,
      "store keys": {
        commit: chunkKey("commit", hash),
        node: chunkKey("node", hash),
        branch: refKey("branch", "main"),
        tag: refKey("tag", "é/1"),
        epoch: EPOCH_KEY,
        format: [FORMAT_KEY, FORMAT, markOf(new PlainMemory()), ...[1, 2048, 999_999].map((limit) => markOf(new PlainMemory(limit)))],
      },
      changes: changesByHand(),
      notes: await notes(),
    };
  } finally {
    random.mockRestore();
  }
}
