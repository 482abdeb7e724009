import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { equalBytes, fromUtf8, utf8 } from "../../src/bytes.ts";
import { decodeChunk, encodeChunk } from "../../src/chunk/codec.ts";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { chunkKey, hashOfChunkKey } from "../../src/chunk/key.ts";
import { decodeCommit } from "../../src/commit/commit.ts";
import { decodeEpoch } from "../../src/commit/epoch.ts";
import { checkFormat } from "../../src/commit/format.ts";
import { decodeInfo } from "../../src/commit/info.ts";
import { decodeRef, encodeRef } from "../../src/commit/ref.ts";
import { counter } from "../../src/content-types/counter.ts";
import { json } from "../../src/content-types/json.ts";
import { CorruptionError, FormatVersionError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import { decodeList } from "../../src/tree/blob.ts";
import { decodeNode } from "../../src/tree/node.ts";
import { propertyOptions } from "../support/seed.ts";
import { craftCommit, payloadOf } from "./craft.ts";
import { DECODERS } from "./decoders.ts";

const HASH = hashOf(utf8("some chunk"));
/** The largest number that is written, and one that is too large. */
const HUGE = [
  payloadOf(0, Number.MAX_SAFE_INTEGER).subarray(1),
  new Uint8Array([255, 255, 255, 255, 255, 255, 255, 127]),
];

function joined(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

type Edit = readonly [kind: number, at: number, value: number];

/** Flips, cuts, repeats, inserts, swaps; `other` is what pieces are taken of. */
function mutated(sample: Uint8Array, other: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let bytes: Uint8Array = sample.slice();
  for (const [kind, place, value] of edits) {
    const at = place % (bytes.length + 1);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    if (kind === 0) bytes[at] = value;
    else if (kind === 1) bytes = bytes.slice(0, at);
    else if (kind === 2) bytes = joined(before, [value], behind);
    else if (kind === 3) bytes = joined(before, behind.subarray(1 + (value % 4)));
    else if (kind === 4) bytes[at] = (bytes[at] ?? 0) + (value % 2 === 0 ? 1 : -1);
    else if (kind === 5) bytes[at] = (bytes[at] ?? 0) ^ (1 << (value % 8));
    else if (kind === 6) bytes = joined(before, other.subarray(value % (other.length + 1)));
    else if (kind === 7) bytes = joined(before, HUGE[value % 2] ?? [], behind.subarray(value % 9));
    else if (kind === 8) bytes = joined(bytes, other.subarray(0, value));
    else bytes = joined(before, behind.subarray(1, 2), behind.subarray(0, 1), behind.subarray(2));
  }
  return bytes;
}

/** How many bytes or items an array may have that is made while so many bytes are read. */
const roomFor = (length: number): number => 4096 + 16 * length;

/** Fails when an array is made that is much longer than what is being read. */
class Allocations {
  limit = Number.POSITIVE_INFINITY;

  /** Watches until all stubs are removed. */
  watch(): void {
    const check = (length: unknown): void => {
      if (typeof length === "number" && length > this.limit) throw new Error(`an array of ${length} was made`);
    };
    vi.stubGlobal(
      "Uint8Array",
      new Proxy(Uint8Array, {
        construct(target, args, newTarget) {
          check(args[0]);
          return Reflect.construct(target, args, newTarget) as object;
        },
      }),
    );
    const { from } = Array;
    vi.spyOn(Array, "from").mockImplementation(((items: ArrayLike<unknown>, ...rest: []) => {
      check(items.length);
      return from(items, ...rest);
    }) as typeof Array.from);
  }
}

const allocations = new Allocations();
beforeEach(() => allocations.watch());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function checkPrototypes(): void {
  expect(Reflect.ownKeys(Object.prototype).length).toBe(OWN_KEYS);
  expect("polluted" in {}).toBe(false);
}
const OWN_KEYS = Reflect.ownKeys(Object.prototype).length;

describe.each(Object.entries(DECODERS))("%s", (_, { isOpen = false, samples, again }) => {
  /** Whether bytes are refused; those that are read must be the one way to write what was read. */
  const refuses = (bytes: Uint8Array): boolean => {
    const before = bytes.slice();
    allocations.limit = roomFor(bytes.length);
    try {
      const written = again(bytes);
      if (written !== undefined) expect(equalBytes(written, bytes)).toBe(true);
      return false;
    } catch (error) {
      if (error instanceof CorruptionError || error instanceof FormatVersionError) return true;
      throw error;
    } finally {
      allocations.limit = Number.POSITIVE_INFINITY;
      expect(equalBytes(bytes, before)).toBe(true);
      checkPrototypes();
    }
  };

  it("reads what was written", () => {
    for (const sample of samples) expect(refuses(sample)).toBe(false);
  });

  it("reads mutated bytes or refuses them", () => {
    // Offsets and counts are near the beginning.
    const place = fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 300_000 }));
    const edit = fc.tuple(fc.nat({ max: 9 }), place, fc.nat({ max: 255 }));
    const sample = fc.constantFrom(...samples);
    fc.assert(
      fc.property(sample, sample, fc.array(edit, { minLength: 1, maxLength: 4 }), (one, other, edits) => {
        refuses(mutated(one, other, edits));
      }),
      propertyOptions({ numRuns: 700 }),
    );
  });

  it("reads random bytes or refuses them, also behind a good beginning", () => {
    const length = fc.nat({ max: 50 });
    fc.assert(
      fc.property(fc.constantFrom(...samples), length, fc.uint8Array({ maxLength: 100 }), (sample, kept, random) => {
        refuses(joined(sample.subarray(0, kept), random));
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("reads samples with a huge number anywhere, or refuses them", () => {
    for (const sample of samples) {
      for (let at = 0; at < Math.min(sample.length, 64); at++) {
        for (const huge of HUGE) {
          for (const instead of [0, 1, 8]) {
            refuses(joined(sample.subarray(0, at), huge, sample.subarray(at + instead)));
          }
        }
      }
    }
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

  it("refuses 256 KiB of anything, at once", () => {
    const start = performance.now();
    for (const sample of samples.slice(0, 2)) {
      for (const fill of [0, 1, 0x5b, 0xff]) {
        const bytes = new Uint8Array(2 ** 18).fill(fill);
        for (const kept of [0, 1, 7, 47]) {
          bytes.set(sample.subarray(0, kept));
          refuses(bytes);
        }
      }
    }
    // Some milliseconds each: what grows with the square of the length takes hours.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe("hashOfChunkKey", () => {
  it("reads the keys that chunks have, and no others", () => {
    const hash = fc.uint8Array({ minLength: 1, maxLength: 8 }).map(hashOf);
    const edit = fc.tuple(
      fc.nat({ max: 45 }),
      fc.constantFrom("A", "_", "-", "+", "=", "/", "é", "\ud800", "", "AA", "0"),
    );
    fc.assert(
      fc.property(hash, fc.constantFrom("commit", "node"), fc.option(edit), (hash, kind, change) => {
        const key = chunkKey(kind, hash);
        expect(hashOfChunkKey(kind, key)).toBe(hash);
        const other = change === null ? key : key.slice(0, change[0]) + change[1] + key.slice(change[0] + 1);
        const read = hashOfChunkKey(kind, other);
        if (read !== undefined) expect(chunkKey(kind, read)).toBe(other);
      }),
      propertyOptions({ numRuns: 500 }),
    );
  });
});

describe("hostile info", () => {
  const deep = (levels: number): string => `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  it.each([
    ["no object", "[]"],
    ["a string", '"a"'],
    ["cut off", '{"a":1'],
    ["nothing", ""],
    ["a million brackets", `{"a":${"[".repeat(1e6)}`],
    ["a million levels", deep(500_000)],
    ["5,000 levels", deep(5000)],
    ["101 levels", deep(100)],
    ["a field twice", '{"a":1,"a":2}'],
    ["a field twice, written alike", '{"a":1,"a":1}'],
    ["__proto__ twice", '{"__proto__":{},"__proto__":{"polluted":1}}'],
    ["fields out of order", '{"b":1,"a":1}'],
    ["a space", '{"a": 1}'],
    ["a line end behind it", '{"a":1}\n'],
    ["a byte order mark", '\ufeff{"a":1}'],
    ["a number that is none", '{"a":NaN}'],
    ["a number out of range", '{"a":1e999}'],
    ["a number written otherwise", '{"a":1.0}'],
    ["minus zero", '{"a":-0}'],
    ["more digits than a number has", '{"a":0.1000000000000000055511151231257827}'],
    ["a needless escape", '{"a":"\\u0061"}'],
    ["a lone surrogate", '{"a":"\\ud800"}'],
    ["more than a megabyte", `{"a":"${"x".repeat(2 ** 20)}"}`],
  ])("%s is refused", (_, text) => {
    expect(() => decodeInfo(utf8(text))).toThrow(CorruptionError);
  });

  it("of 100 levels is read", () => {
    expect(decodeInfo(utf8(deep(99)))).toHaveProperty("a");
  });

  it("that is no UTF-8 is refused", () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80]]) {
      expect(() => decodeInfo(Uint8Array.from([0x7b, 0x22, ...bytes, 0x22, 0x3a, 0x31, 0x7d]))).toThrow(
        CorruptionError,
      );
    }
  });

  it("pollutes no prototype, and what comes of it is a plain object", () => {
    const info = decodeInfo(
      utf8(
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"hasOwnProperty":1,"toString":2,"valueOf":3}',
      ),
    );
    checkPrototypes();
    expect(Object.getPrototypeOf(info)).toBe(Object.prototype);
    expect(Object.keys(info)).toEqual(["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf"]);
    expect(Object.values(info).slice(0, 2).every(Object.isFrozen)).toBe(true);
  });
});

describe("regressions", () => {
  const commit = { root: HASH, size: 1, bytes: 1, generation: 1, depth: 1, merges: 0, parents: [HASH], skips: [] };
  it.each<[string, Partial<Parameters<typeof craftCommit>[0]>]>([
    ["without parents and with a generation", { depth: 0, parents: [] }],
    ["with parents and no generation", { generation: 0 }],
    ["with two parents that is no merge", { parents: [HASH, hashOf(utf8("b"))] }],
    ["with more bytes than its keys can have", { bytes: 2 ** 40 }],
    ["with bytes and no keys", { size: 0 }],
    ["with seventeen parents", { parents: Array.from({ length: 17 }, () => HASH), merges: 1 }],
  ])("a commit %s is refused", (_, fields) => {
    expect(decodeCommit(HASH, craftCommit(commit)).depth).toBe(1);
    expect(() => decodeCommit(HASH, craftCommit({ ...commit, ...fields }))).toThrow(CorruptionError);
  });

  it("a commit at the greatest depth names few ancestors", () => {
    const deep = { ...commit, generation: Number.MAX_SAFE_INTEGER, depth: Number.MAX_SAFE_INTEGER };
    expect(() => decodeCommit(HASH, craftCommit(deep))).toThrow(CorruptionError);
    const skips = Array.from({ length: 200 }, () => HASH);
    expect(() => decodeCommit(HASH, craftCommit({ ...deep, skips }))).toThrow(CorruptionError);
  });

  it("a list of no parts, or of too many, is refused", () => {
    const parts = (count: number): (Hash | number)[] =>
      Array.from({ length: count }, (): (Hash | number)[] => [HASH, 9000]).flat();
    expect(decodeList(HASH, payloadOf(3, ...parts(1024))).length).toBe(1024);
    for (const count of [0, 1025]) {
      expect(() => decodeList(HASH, payloadOf(3, ...parts(count)))).toThrow(CorruptionError);
    }
  });

  it("cuts of a ref that are out of order, or there twice, are refused", () => {
    const [first, second] = [HASH, hashOf(utf8("b"))].sort();
    if (first === undefined || second === undefined) throw new Error("no hashes");
    expect(decodeRef("b/main", encodeRef(HASH, 0, undefined, [first, second]))).toMatchObject({
      cuts: [first, second],
    });
    for (const cuts of [
      [second, first],
      [first, first],
    ]) {
      expect(() => decodeRef("b/main", encodeRef(HASH, 0, undefined, cuts))).toThrow(CorruptionError);
    }
  });

  it("a node that is written otherwise than nodes are is refused", () => {
    const node = (...bytes: number[]): Uint8Array => Uint8Array.from([1, 0, ...bytes, 0, 0]);
    const offsets = { narrow: [2, 0, 4, 0, 1, 0, 2, 0], wide: [2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0] };
    const keys = [...utf8("acbd")];
    expect(decodeNode(HASH, node(0, 2, 0, 0, 0, ...offsets.narrow, ...keys)).count).toBe(2);
    const wide = node(4, 2, 0, 0, 0, ...offsets.wide, ...keys);
    const shared = node(0, 2, 0, 0, 0, ...offsets.narrow, ...utf8("acad"));
    const single = Uint8Array.from([1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, ...utf8("a"), 0]);
    for (const payload of [wide, shared, single]) {
      expect(() => decodeNode(HASH, payload)).toThrow(CorruptionError);
    }
  });

  it("an epoch that is the last one is not followed by one that cannot be read", () => {
    const last = payloadOf(0, Number.MAX_SAFE_INTEGER, new Uint8Array(12)).subarray(1);
    expect(decodeEpoch(last)).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => payloadOf(0, Number.MAX_SAFE_INTEGER + 1)).toThrow(CorruptionError);
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
    expect(() => checkFormat(new Memory(), utf8("vkv 5"))).toThrow(FormatVersionError);
  });
});

describe("content types", () => {
  it("read any bytes as a counter of that length, and refuse other lengths with a RangeError", () => {
    const type = counter();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        if (bytes.length === 8) expect(equalBytes(type.encode(type.decode(bytes)), bytes)).toBe(true);
        else expect(() => type.decode(bytes)).toThrow(RangeError);
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });

  it("read JSON, or refuse it with a TypeError", () => {
    const type = json();
    const text = fc.oneof(
      fc.json({ noUnicodeString: false }),
      fc.string({ unit: fc.constantFrom(...'[]{}":,0123456789.eE+-\\untrlfas \ud800é') }),
      fc.constantFrom('{"__proto__":{"polluted":1}}', "[".repeat(1e5), "1e999", "-0", '"\\ud800"'),
    );
    const bytes = fc.oneof(text.map(utf8), fc.uint8Array({ maxLength: 30 }));
    fc.assert(
      fc.property(bytes, (stored) => {
        let value: unknown;
        try {
          value = type.decode(stored);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          return;
        }
        expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(fromUtf8(stored))));
        checkPrototypes();
      }),
      propertyOptions({ numRuns: 500 }),
    );
  });
});
