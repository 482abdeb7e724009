import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalBytes, utf8 } from "../../src/bytes.ts";
import { decodeChunk, encodeChunk } from "../../src/chunk/codec.ts";
import { hashOf } from "../../src/chunk/hash.ts";
import { decodeCommit } from "../../src/commit/commit.ts";
import { decodeEpoch } from "../../src/commit/epoch.ts";
import { checkFormat, FORMAT } from "../../src/commit/format.ts";
import { decodeInfo, encodeInfo } from "../../src/commit/info.ts";
import { decodeRef, encodeRef, encodeReservation } from "../../src/commit/ref.ts";
import { Repository } from "../../src/commit/repository.ts";
import { CorruptionError, FormatVersionError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import { decodeList, storeBlob } from "../../src/tree/blob.ts";
import { EMPTY_ROOT } from "../../src/tree/edit.ts";
import { EntryList } from "../../src/tree/entry-list.ts";
import { decodeNode, type Node } from "../../src/tree/node.ts";
import { buildNode } from "../../src/tree/node-builder.ts";
import { blobOf } from "../../src/tree/slot.ts";
import { newCommit } from "../../src/versioned/write.ts";
import { propertyOptions } from "../support/seed.ts";
import { noise, Trees } from "../support/tree.ts";

const HASH = hashOf(utf8("some chunk"));

interface Decoder {
  /** Whether the beginning of a sample can be whole by itself. */
  readonly isOpen?: boolean;
  readonly samples: readonly Uint8Array[];
  /** Reads bytes, and whatever can be asked of the result. */
  readonly decode: (bytes: Uint8Array) => unknown;
}

/** Asks a node everything: it must be as sound as one that was built. */
function readWholly(node: Node): Uint8Array {
  const list = new EntryList();
  for (let i = 0; i < node.count; i++) {
    const key = node.key(i);
    expect(node.lowerBound(key)).toBe(i);
    expect(node.isKey(i, key)).toBe(true);
    if (node.level === 0) blobOf(node.slot(i));
    else node.childHash(i);
    list.push(key, node.slot(i));
  }
  node.totals();
  if (node.count > 0) node.lastKey();
  return buildNode(list, 0, node.count, node.level, node.startsForced, node.endsForced).payload;
}

async function nodes(): Promise<Uint8Array[]> {
  const trees = new Trees();
  const contents = new Map<string, Uint8Array>();
  for (let i = 0; i < 300; i++) contents.set(`user/${i}/é`, noise(i % 40 === 0 ? 600 : i % 30, i));
  const root = await trees.build(contents);
  const wide = new EntryList();
  for (let i = 0; i < 9; i++) wide.push(noise(4000, 0).fill(100 + i, 0, 1), new Uint8Array([0, i]));
  for (let i = 9; i < 60; i++) wide.push(noise(4000, 0).fill(100 + i, 0, 1), new Uint8Array([0, i]));
  const all = (await trees.all(root)).map(({ payload }) => payload);
  return [EMPTY_ROOT.payload, ...all.slice(0, 12), buildNode(wide, 0, 60, 0, true, false).payload];
}

async function commits(): Promise<Uint8Array[]> {
  const repository = Repository.of(new Memory());
  const make = async (
    ...args: Parameters<typeof newCommit> extends [unknown, unknown, unknown, ...infer R] ? R : never
  ) => {
    const { commit } = await newCommit(repository, { root: EMPTY_ROOT, fresh: [] }, [], ...args);
    return repository.commits.add(commit);
  };
  let last = await make([], undefined);
  const payloads = [last.payload];
  for (let i = 0; i < 20; i++) {
    last = await make([last], i % 2 === 0 ? { i, nested: [{ a: null }] } : undefined);
    payloads.push(last.payload);
  }
  payloads.push((await make([last, await make([], { other: true })], {})).payload);
  return payloads;
}

const list = storeBlob(noise(300_000, 1)).chunks.find(({ payload }) => payload[0] === 3)?.payload ?? new Uint8Array(0);

const DECODERS: Readonly<Record<string, Decoder>> = {
  decodeNode: {
    samples: await nodes(),
    decode: (bytes) => {
      const node = decodeNode(HASH, bytes);
      expect(equalBytes(readWholly(node), bytes)).toBe(true);
    },
  },
  decodeList: { isOpen: true, samples: [list], decode: (bytes) => decodeList(HASH, bytes) },
  decodeChunk: {
    isOpen: true,
    samples: [0, 1, 300].map((epoch) => encodeChunk({ epoch, createdAt: 1.7e12 + epoch, payload: noise(20, epoch) })),
    decode: (bytes) => {
      const chunk = decodeChunk(bytes);
      // A header of version 1 has no check.
      const isFirst = bytes[0] === 1;
      const again = encodeChunk(chunk);
      const checkAt = again.length - chunk.payload.length - 1;
      const expected = isFirst ? [1, ...again.subarray(1, checkAt), ...chunk.payload] : again;
      expect(equalBytes(new Uint8Array(expected), bytes)).toBe(true);
    },
  },
  decodeCommit: { samples: await commits(), decode: (bytes) => decodeCommit(HASH, bytes) },
  decodeRef: {
    isOpen: true,
    samples: [encodeRef(HASH, 0), encodeRef(HASH, 1000, { a: [1, "é"] }), encodeReservation()],
    decode: (bytes) => decodeRef("b/main", bytes),
  },
  decodeInfo: {
    samples: [{}, { a: 1, b: { c: [null, true, "é\n"] } }, { __proto__x: 1 }].map(encodeInfo),
    decode: decodeInfo,
  },
  decodeEpoch: {
    isOpen: true,
    samples: [new Uint8Array([5, ...noise(12, 1)]), new Uint8Array([0xac, 2, ...noise(12, 1)])],
    decode: decodeEpoch,
  },
  checkFormat: { samples: [utf8(FORMAT), utf8("vkv 1")], decode: (bytes) => checkFormat(new Memory(), bytes) },
};

/** Flips, cuts, repeats and inserts. */
function mutated(
  sample: Uint8Array,
  edits: readonly (readonly [kind: number, at: number, byte: number])[],
): Uint8Array {
  let bytes = sample.slice();
  for (const [kind, place, byte] of edits) {
    const at = place % (bytes.length + 1);
    if (kind === 0) bytes[at] = byte;
    else if (kind === 1) bytes = bytes.slice(0, at);
    else if (kind === 2) bytes = new Uint8Array([...bytes.subarray(0, at), byte, ...bytes.subarray(at)]);
    else if (kind === 3) bytes = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + (byte % 4))]);
    else bytes[at] = (bytes[at] ?? 0) + (byte % 2 === 0 ? 1 : -1);
  }
  return bytes;
}

describe.each(Object.entries(DECODERS))("%s", (_, { isOpen = false, samples, decode }) => {
  const refuses = (bytes: Uint8Array): boolean => {
    const before = bytes.slice();
    try {
      decode(bytes);
      return false;
    } catch (error) {
      if (error instanceof CorruptionError || error instanceof FormatVersionError) return true;
      throw error;
    } finally {
      expect(equalBytes(bytes, before)).toBe(true);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect("polluted" in {}).toBe(false);
    }
  };

  it("reads what was written", () => {
    for (const sample of samples) expect(refuses(sample)).toBe(false);
  });

  it("reads mutated bytes or refuses them", () => {
    // Offsets and counts are near the beginning.
    const place = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 300_000 }));
    const edit = fc.tuple(fc.nat({ max: 4 }), place, fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 4 }), (sample, edits) => {
        refuses(mutated(sample, edits));
      }),
      propertyOptions({ numRuns: 2000 }),
    );
  });

  it("reads random bytes or refuses them, also behind a good beginning", () => {
    const length = fc.nat({ max: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...samples), length, fc.uint8Array({ maxLength: 100 }), (sample, kept, random) => {
        refuses(new Uint8Array([...sample.subarray(0, kept), ...random]));
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });

  it("refuses samples that are cut off", () => {
    for (const sample of samples) {
      const step = Math.max(1, Math.floor(sample.length / 200));
      for (let length = 0; length < sample.length; length += step) {
        const isRefused = refuses(sample.subarray(0, length));
        if (!isOpen) expect([length, isRefused]).toEqual([length, true]);
      }
    }
  });
});

describe("hostile info", () => {
  it.each([
    ["no object", "[]"],
    ["a string", '"a"'],
    ["cut off", '{"a":1'],
    ["nested a million levels", `{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`],
    ["nothing", ""],
  ])("%s is refused", (_, text) => {
    expect(() => decodeInfo(Buffer.from(text))).toThrow(CorruptionError);
  });

  it("that is no UTF-8 is refused", () => {
    expect(() => decodeInfo(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow(CorruptionError);
  });

  it("pollutes no prototype", () => {
    const info = decodeInfo(utf8('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'));
    expect("polluted" in {}).toBe(false);
    expect(Object.getPrototypeOf(info)).toBe(Object.prototype);
    expect(Object.hasOwn(info, "__proto__")).toBe(true);
  });
});

describe("a newer format", () => {
  it("of a chunk, a ref or a store is refused as such", () => {
    const chunk = encodeChunk({ epoch: 0, createdAt: 0, payload: new Uint8Array(1) });
    const ref = encodeRef(HASH, 0);
    for (const version of [0, 3, 255]) {
      expect(() => decodeChunk(chunk.with(0, version))).toThrow(FormatVersionError);
      expect(() => decodeRef("b/main", ref.with(0, version))).toThrow(FormatVersionError);
    }
    expect(() => checkFormat(new Memory(), utf8("vkv 3"))).toThrow(FormatVersionError);
  });
});
