/** Every function that reads stored bytes, with samples, and how to write again what it read. */
import { equalBytes, fromUtf8, utf8 } from "../../src/bytes.ts";
import { decodeChunk, encodeChunk } from "../../src/chunk/codec.ts";
import { applyDelta, DeltaWriter } from "../../src/chunk/delta.ts";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { ByteReader, varintLength, writeVarint } from "../../src/chunk/varint.ts";
import { writeCheck } from "../../src/commit/check-bytes.ts";
import { type CommitRecord, decodeCommit, makeCommit, skipDepths } from "../../src/commit/commit.ts";
import { decodeEpoch } from "../../src/commit/epoch.ts";
import { checkFormat, FORMAT, markOf } from "../../src/commit/format.ts";
import { decodeInfo, encodeInfo } from "../../src/commit/info.ts";
import { decodeRef, encodeRef, encodeReservation, NONCE_BYTES } from "../../src/commit/ref.ts";
import { Repository } from "../../src/commit/repository.ts";
import { tailOf } from "../../src/commit/tail.ts";
import { Memory } from "../../src/kv/memory.ts";
import { decodeList, storeBlob } from "../../src/tree/blob.ts";
import { EMPTY_ROOT } from "../../src/tree/edit.ts";
import { decodeEdits, encodeEdits } from "../../src/tree/edits.ts";
import { EntryList } from "../../src/tree/entry-list.ts";
import { decodeNode } from "../../src/tree/node.ts";
import { buildNode } from "../../src/tree/node-builder.ts";
import { blobOf, blobSlot, checkSlot, inlineSlot, slotSize } from "../../src/tree/slot.ts";
import { newCommit } from "../../src/versioned/write.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { noise, Trees } from "../support/tree.ts";
import { payloadOf } from "./craft.ts";

/** A function that reads stored bytes. */
export interface Decoder {
  /** Whether the beginning of a sample can be whole by itself. */
  readonly isOpen?: boolean;
  readonly samples: readonly Uint8Array[];
  /** Reads bytes, and whatever can be asked of the result; gives what the result is written as, if there is one way only. */
  readonly again: (bytes: Uint8Array) => Uint8Array | undefined;
}

const HASH = hashOf(utf8("some chunk"));
const OTHER = hashOf(utf8("another chunk"));

/** Asks a node everything: it must be as sound as one that was built. */
function againNode(bytes: Uint8Array): Uint8Array {
  const node = decodeNode(HASH, bytes);
  const list = new EntryList();
  for (let i = 0; i < node.count; i++) {
    const key = node.key(i);
    if (node.lowerBound(key) !== i || node.find(key) !== i) throw new Error("It does not find its own keys.");
    if (node.level === 0) blobOf(node.slot(i));
    else node.childHash(i);
    node.entryTotals(i);
    list.push(key, node.slot(i));
  }
  node.totals();
  if (node.count > 0) node.lastKey();
  return buildNode(list, 0, node.count, node.level, node.startsForced, node.endsForced).payload;
}

async function nodeSamples(): Promise<Uint8Array[]> {
  const trees = new Trees();
  const contents = new Map<string, Uint8Array>();
  for (let i = 0; i < 300; i++) contents.set(`user/${i}/é`, noise(i % 40 === 0 ? 600 : i % 30, i));
  const root = await trees.build(contents);
  const wide = new EntryList();
  for (let i = 0; i < 17; i++) wide.push(noise(4000, 0).fill(100 + i, 0, 1), new Uint8Array([0, i]));
  const all = (await trees.all(root)).map(({ payload }) => payload);
  return [EMPTY_ROOT.payload, ...all.slice(0, 6), buildNode(wide, 0, 17, 0, true, false).payload];
}

function againSlot(bytes: Uint8Array): Uint8Array {
  if (checkSlot(bytes, 0, bytes.length) !== slotSize(bytes, 0, bytes.length))
    throw new Error("Two sizes of one value.");
  const ref = blobOf(bytes);
  return ref === undefined ? inlineSlot(bytes.subarray(1)) : blobSlot(ref);
}

/** A list's sample, and how it is written. */
const list = storeBlob(noise(300_000, 1)).chunks.find(({ payload }) => payload[0] === 3)?.payload ?? new Uint8Array(0);

/** What a commit says of itself follows from its parents: these are some that it could have. */
function againCommit(bytes: Uint8Array): Uint8Array {
  const commit = decodeCommit(HASH, { payload: bytes, note: undefined });
  const { parents, generation, depth, merges, skips } = commit;
  const above = parents.map(
    (hash) =>
      ({
        hash,
        generation: generation - 1,
        depth: depth - 1,
        merges: merges - (parents.length > 1 ? 1 : 0),
      }) as unknown as CommitRecord,
  );
  const depths = skipDepths(depth);
  return makeCommit({ ...commit, parents: above }, (at) => skips[depths.indexOf(at)] ?? HASH).payload;
}

async function commitSamples(): Promise<Uint8Array[]> {
  const repository = Repository.of(new PlainMemory());
  const make = async (parents: CommitRecord[], info?: Parameters<typeof encodeInfo>[0]): Promise<CommitRecord> => {
    return repository.commits.add(
      (await newCommit(repository, { root: EMPTY_ROOT, edits: undefined }, [], parents, info)).commit,
    );
  };
  let last = await make([]);
  const payloads = [last.payload];
  for (let i = 0; i < 8; i++) {
    last = await make([last], i % 2 === 0 ? { i, nested: [{ a: null }] } : undefined);
    payloads.push(last.payload);
  }
  payloads.push((await make([last, await make([], { other: true })], {})).payload);
  return payloads;
}

/** A ref with the nonce that it had; those of older versions were written otherwise. */
function againRef(bytes: Uint8Array): Uint8Array | undefined {
  const ref = decodeRef("b/main", bytes);
  const again = ref.head === undefined ? encodeReservation() : encodeRef(ref.head, ref.epoch, ref.info, ref.cuts);
  if (again[0] !== bytes[0]) return undefined;
  again.set(bytes.subarray(2, 2 + NONCE_BYTES), 2);
  writeCheck(again);
  return again;
}

function againChunk(bytes: Uint8Array): Uint8Array | undefined {
  const again = encodeChunk(decodeChunk(bytes));
  return again[0] === bytes[0] ? again : undefined;
}

function editSamples(): Uint8Array[] {
  const edits = new EntryList();
  for (let i = 0; i < 20; i++) {
    const slots = [undefined, inlineSlot(noise(i, i)), blobSlot({ hash: HASH, depth: 1, size: 200_000 + i })];
    edits.push(utf8(`user/${100 + i}/é`), slots[i % 3]);
  }
  return [encodeEdits(edits), encodeEdits(new EntryList())];
}

function deltaSamples(): Uint8Array[] {
  const base = noise(300, 1);
  const writer = new DeltaWriter(base, noise(300, 1).with(7, 1).with(200, 2));
  for (let at = 0; at < 300; at += 50) writer.add(at, at + 50, at, at + 50);
  return [writer.finish(), new DeltaWriter(base, base).finish()];
}

function againVarint(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  const value = reader.varint();
  reader.finish();
  const again = new Uint8Array(varintLength(value));
  writeVarint(value, again, 0);
  return again;
}

const cuts = [HASH, OTHER].sort();
/** A chunk of the version before. */
const firstChunk = payloadOf(1, 300, 1.7e12, noise(20, 1));
/** A ref of the version before. */
const firstRef = Uint8Array.from([1, 1, ...noise(NONCE_BYTES, 1), ...payloadOf(5, HASH)]);

/** A store's mark; those with tails have any number. */
function againMark(bytes: Uint8Array): Uint8Array {
  checkFormat(new Memory(), bytes);
  const limit = Number(/tails of (\d+)/.exec(fromUtf8(bytes))?.[1] ?? 0);
  const marks = [FORMAT, "vkv 1", "vkv 2", markOf(new PlainMemory(limit))].map(utf8);
  return marks.find((mark) => equalBytes(mark, bytes)) ?? new Uint8Array(0);
}

/** All of them by name. */
export const DECODERS: Readonly<Record<string, Decoder>> = {
  decodeNode: { samples: await nodeSamples(), again: againNode },
  checkSlot: {
    isOpen: true,
    samples: [
      inlineSlot(new Uint8Array(0)),
      inlineSlot(noise(100, 1)),
      blobSlot({ hash: HASH, depth: 0, size: 1000 }),
      blobSlot({ hash: HASH, depth: 3, size: 2 ** 32 }),
    ],
    again: againSlot,
  },
  decodeList: {
    isOpen: true,
    samples: [list],
    again: (bytes) =>
      payloadOf(3, ...decodeList(HASH, bytes).flatMap(({ hash, size }): (Hash | number)[] => [hash, size])),
  },
  decodeChunk: {
    isOpen: true,
    samples: [
      ...[0, 1, 300].map((epoch) => encodeChunk({ epoch, createdAt: 1.7e12 + epoch, payload: noise(20, epoch) })),
      firstChunk,
      encodeChunk({ epoch: 300, createdAt: 1.7e12, payload: noise(20, 1), note: noise(30, 2) }),
      encodeChunk({ epoch: 300, createdAt: 1.7e12, base: HASH, delta: noise(30, 2) }),
    ],
    again: againChunk,
  },
  decodeEdits: { samples: editSamples(), again: (bytes) => encodeEdits(decodeEdits(new ByteReader(bytes))) },
  tailOf: {
    samples: editSamples().map((edits) => payloadOf(3, 500, edits)),
    again: (note) => {
      const { length = 0, weight = 0, edits = new EntryList() } = tailOf({ hash: HASH, note }) ?? {};
      return payloadOf(0, length, weight, encodeEdits(edits)).subarray(1);
    },
  },
  applyDelta: {
    isOpen: true,
    samples: deltaSamples(),
    again: (bytes) => {
      applyDelta(noise(300, 1), bytes);
      return undefined;
    },
  },
  decodeCommit: { samples: await commitSamples(), again: againCommit },
  decodeRef: {
    isOpen: true,
    samples: [
      encodeRef(HASH, 0),
      encodeRef(HASH, 1000, { a: [1, "é"] }),
      encodeRef(HASH, 1000, { a: 1 }, cuts),
      encodeReservation(),
      firstRef,
    ],
    again: againRef,
  },
  decodeInfo: {
    samples: [{}, { a: 1, b: { c: [null, true, "é\n"] } }, { __proto__x: 1, "10": [-1.5e-9, 1e300] }].map(encodeInfo),
    again: (bytes) => encodeInfo(decodeInfo(bytes)),
  },
  decodeEpoch: {
    isOpen: true,
    samples: [new Uint8Array([5, ...noise(12, 1)]), new Uint8Array([0xac, 2, ...noise(12, 1)])],
    again: (bytes) => payloadOf(0, decodeEpoch(bytes), bytes.subarray(-NONCE_BYTES)).subarray(1),
  },
  varint: {
    isOpen: true,
    samples: [0, 127, 128, 16_384, Number.MAX_SAFE_INTEGER].map((value) => payloadOf(0, value).subarray(1)),
    again: againVarint,
  },
  checkFormat: { samples: [FORMAT, "vkv 1", "vkv 2"].map(utf8), again: againMark },
  // Without what it says of tails, it is a mark as well: of a store without them.
  "checkFormat, with tails": {
    isOpen: true,
    samples: [1, 2048, 999_999].map((limit) => utf8(markOf(new PlainMemory(limit)))),
    again: againMark,
  },
};
