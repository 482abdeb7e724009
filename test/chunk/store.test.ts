import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { decodeChunk, encodeChunk } from "../../src/chunk/codec.ts";
import { type Hash, hashOf, isHash, readHash, writeHash } from "../../src/chunk/hash.ts";
import { HashSet } from "../../src/chunk/hash-set.ts";
import { chunkKey, chunkKeyPrefix, hashOfChunkKey } from "../../src/chunk/key.ts";
import { type Chunk, ChunkStore } from "../../src/chunk/store.ts";
import { ByteReader, varintLength, writeVarint } from "../../src/chunk/varint.ts";
import { CorruptionError, FormatVersionError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import { Tiered } from "../../src/kv/tiered.ts";
import { CountingStore } from "../support/counting-store.ts";
import { propertyOptions } from "../support/seed.ts";

function chunk(text: string, kind: Chunk["kind"] = "node"): Chunk {
  const payload = utf8(text);
  return { kind, hash: hashOf(payload), payload };
}

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => readHash(bytes, 0));

describe("hashes", () => {
  it("are written and read as 32 bytes", () => {
    fc.assert(
      fc.property(hash, fc.nat({ max: 5 }), (value, offset) => {
        const bytes = new Uint8Array(40);
        writeHash(value, bytes, offset);
        expect(readHash(bytes, offset)).toBe(value);
        expect(Buffer.from(bytes.subarray(offset, offset + 32)).toString("hex")).toBe(value);
        expect(isHash(value)).toBe(true);
      }),
      propertyOptions({ numRuns: 200 }),
    );
  });

  it.each(["", "ab", "AB".repeat(32), "g".repeat(64), "ab".repeat(33), `${"ab".repeat(32)}\n`])(
    "are not %j",
    (text) => {
      expect(isHash(text)).toBe(false);
    },
  );

  it("are found again in a HashSet", () => {
    fc.assert(
      fc.property(fc.array(hash, { maxLength: 300 }), fc.array(hash, { maxLength: 20 }), (added, others) => {
        const set = new HashSet();
        const model = new Set<Hash>();
        for (const each of [...added, ...added.slice(0, 10)]) {
          expect(set.add(each)).toBe(!model.has(each));
          model.add(each);
        }
        expect(set.size).toBe(model.size);
        for (const each of [...added, ...others]) expect(set.has(each)).toBe(model.has(each));
      }),
      propertyOptions({ numRuns: 50 }),
    );
  });
});

describe("store keys of chunks", () => {
  it("are a letter and the hash in base64url, and lead back to it", () => {
    fc.assert(
      fc.property(
        hash,
        fc.constantFrom("commit" as const, "node" as const),
        fc.nat({ max: 64 }),
        (value, kind, length) => {
          const key = chunkKey(kind, value);
          expect(key).toBe(`${kind === "commit" ? "c" : "n"}/${Buffer.from(value, "hex").toString("base64url")}`);
          expect(hashOfChunkKey(kind, key)).toBe(value);
          expect(hashOfChunkKey(kind === "commit" ? "node" : "commit", key)).toBeUndefined();
          expect(key.startsWith(chunkKeyPrefix(kind, value.slice(0, length)))).toBe(true);
        },
      ),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it.each([
    "",
    "n/",
    "n/abc",
    `n/${"A".repeat(42)}`,
    `n/${"A".repeat(42)}B`,
    `n/${"!".repeat(43)}`,
    `n/${"A".repeat(44)}`,
  ])("are not %j", (key) => {
    expect(hashOfChunkKey("node", key)).toBeUndefined();
  });
});

describe("varints", () => {
  const number = fc.oneof(
    fc.maxSafeNat(),
    fc.nat({ max: 300 }),
    fc.integer({ min: 0, max: 52 }).map((n) => 2 ** n),
    fc.integer({ min: 1, max: 53 }).map((n) => 2 ** n - 1),
  );

  it("have one encoding, of as many bytes as it needs", () => {
    fc.assert(
      fc.property(number, (value) => {
        const bytes = new Uint8Array(10);
        const end = writeVarint(value, bytes, 1);
        expect(end - 1).toBe(varintLength(value));
        const reader = new ByteReader(bytes, 1, end);
        expect(reader.varint()).toBe(value);
        expect(reader.done).toBe(true);
      }),
      propertyOptions({ numRuns: 500 }),
    );
  });

  it.each([
    ["more digits than it needs", [0x80, 0]],
    ["more than 53 bits", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10]],
    ["no end", [0x80, 0x80]],
    ["nine digits", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]],
  ])("with %s are refused", (_, bytes) => {
    expect(() => new ByteReader(new Uint8Array(bytes)).varint()).toThrow(CorruptionError);
  });
});

describe("ChunkStore", () => {
  it("stores chunks once, and reads those that are there", async () => {
    const memory = new Memory();
    const chunks = new ChunkStore(memory, () => 1000);
    const [a, b, commit] = [chunk("a"), chunk("b"), chunk("a", "commit")];
    await chunks.put([a, b, commit], 0);
    expect([...memory.keys()].sort()).toEqual([a, b, commit].map(({ kind, hash }) => chunkKey(kind, hash)).sort());
    const missing = chunk("missing").hash;
    expect(await chunks.read("node", [a.hash, missing, b.hash])).toEqual(
      new Map([
        [a.hash, a.payload],
        [b.hash, b.payload],
      ]),
    );
  });

  it("keeps a chunk's first time and its highest epoch", async () => {
    const memory = new Memory();
    let now = 1000;
    const chunks = new ChunkStore(memory, () => now);
    const a = chunk("a");
    const stored = (): unknown => decodeChunk(memory.get(chunkKey("node", a.hash)) ?? new Uint8Array(0));
    await chunks.put([a], 3);
    now = 2000;
    for (const [epoch, expected] of [
      [2, 3],
      [3, 3],
      [5, 5],
      [4, 5],
    ] as const) {
      await chunks.put([a], epoch);
      expect(stored()).toEqual({ epoch: expected, createdAt: 1000, payload: a.payload });
    }
    expect(await chunks.raise([a, chunk("missing")], 9)).toEqual([chunk("missing")]);
    expect(stored()).toEqual({ epoch: 9, createdAt: 1000, payload: a.payload });
  });

  it("needs one round trip for new chunks, two for known ones of the epoch, three for those of an older one", async () => {
    const counting = new CountingStore(new Memory());
    const chunks = new ChunkStore(counting);
    const list = Array.from({ length: 50 }, (_, i) => chunk(`${i}`));
    for (const [epoch, trips] of [
      [1, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      counting.reset();
      await chunks.put(list, epoch);
      expect(counting.roundTrips).toBe(trips);
    }
  });

  it("creates again what is removed in between, and raises what another writer creates in between", async () => {
    const a = chunk("a");
    const key = chunkKey("node", a.hash);
    class Interrupting extends Memory {
      interruptions: (() => void)[] = [];
      override getMany(...args: Parameters<Memory["getMany"]>): ReturnType<Memory["getMany"]> {
        this.interruptions.shift()?.();
        return super.getMany(...args);
      }
      override cas(...args: Parameters<Memory["cas"]>): boolean {
        if (args[2] !== undefined) this.interruptions.shift()?.();
        return super.cas(...args);
      }
    }
    const store = new Interrupting();
    const chunks = new ChunkStore(store, () => 7);
    const nothing = (): void => undefined;
    const collected = (): void => store.remove(key);
    const byOther = (): void => store.set(key, encodeChunk({ epoch: 1, createdAt: 5, payload: a.payload }));
    for (const interruptions of [
      [collected],
      [nothing, collected],
      [nothing, byOther],
      [collected, byOther],
      [nothing, byOther, nothing, collected],
    ]) {
      store.set(key, encodeChunk({ epoch: 0, createdAt: 1, payload: a.payload }));
      store.interruptions = [...interruptions];
      await chunks.put([a], 2);
      expect(decodeChunk(store.get(key) ?? new Uint8Array(0))).toMatchObject({ epoch: 2, payload: a.payload });
    }
  });

  it("refuses a damaged chunk wherever it meets it, and overwrites none", async () => {
    const memory = new Memory();
    const chunks = new ChunkStore(memory);
    const a = chunk("a");
    const damaged = encodeChunk({ epoch: 0, createdAt: 1, payload: utf8("b") });
    memory.set(chunkKey("node", a.hash), damaged);
    await expect(chunks.read("node", [a.hash])).rejects.toThrow(CorruptionError);
    await expect(chunks.put([a], 1)).rejects.toThrow(CorruptionError);
    await expect(chunks.raise([a], 1)).rejects.toThrow(CorruptionError);
    expect(memory.get(chunkKey("node", a.hash))).toEqual(damaged);
  });

  describe("over a cache that holds damaged chunks", () => {
    const a = chunk("a");
    const b = chunk("b");
    const key = chunkKey("node", a.hash);
    const good = encodeChunk({ epoch: 1, createdAt: 5, payload: a.payload });
    const damages: [string, Uint8Array][] = [
      ["bytes of another name", encodeChunk({ epoch: 1, createdAt: 5, payload: utf8("x") })],
      ["nothing", new Uint8Array(0)],
      ["a part of it", good.subarray(0, 1)],
      ["another version", Uint8Array.of(99, ...good.subarray(1))],
    ];
    function over(damaged: Uint8Array): { cache: Memory; authority: Memory; chunks: ChunkStore } {
      const [cache, authority] = [new Memory(), new Memory()];
      authority.set(key, good);
      authority.set(chunkKey("node", b.hash), encodeChunk({ epoch: 1, createdAt: 5, payload: b.payload }));
      cache.set(key, damaged);
      return { cache, authority, chunks: new ChunkStore(new Tiered([cache, authority])) };
    }

    it.each(damages)("reads the authority's, and mends the cache: %s", async (_, damaged) => {
      const { cache, chunks } = over(damaged);
      expect([...(await chunks.read("node", [a.hash, b.hash]))]).toEqual([
        [a.hash, a.payload],
        [b.hash, b.payload],
      ]);
      expect(cache.get(key)).toEqual(good);
    });

    it.each(damages)("raises the authority's: %s", async (_, damaged) => {
      for (const raise of [(chunks: ChunkStore) => chunks.raise([a], 3), (chunks: ChunkStore) => chunks.put([a], 3)]) {
        const { authority, chunks } = over(damaged);
        await raise(chunks);
        expect(decodeChunk(authority.get(key) ?? new Uint8Array(0))).toEqual({
          epoch: 3,
          createdAt: 5,
          payload: a.payload,
        });
        expect((await chunks.read("node", [a.hash])).get(a.hash)).toEqual(a.payload);
      }
    });

    it.each(damages)("takes what the authority lacks for missing: %s", async (_, damaged) => {
      const { cache, authority, chunks } = over(damaged);
      authority.remove(key);
      expect((await chunks.read("node", [a.hash])).size).toBe(0);
      expect(cache.has(key)).toBe(false);
      cache.set(key, damaged);
      expect(await chunks.raise([a], 3)).toEqual([a]);
    });

    it.each(damages)("refuses a chunk that is damaged in the authority too: %s", async (_, damaged) => {
      const { authority, chunks } = over(damaged);
      authority.set(key, damaged);
      const error = damaged[0] === 99 ? FormatVersionError : CorruptionError;
      await expect(chunks.read("node", [a.hash])).rejects.toThrow(error);
      await expect(chunks.raise([a], 3)).rejects.toThrow(error);
      expect(authority.get(key)).toEqual(damaged);
    });
  });

  it("reads a damaged chunk once more, and no good one", async () => {
    const memory = new Memory();
    const counting = new CountingStore(memory);
    const chunks = new ChunkStore(counting);
    const [a, b] = [chunk("a"), chunk("b")];
    await chunks.put([a, b], 0);
    counting.reset();
    await chunks.read("node", [a.hash, b.hash]);
    expect(counting.calls).toBe("getMany 1");
    memory.set(chunkKey("node", a.hash), encodeChunk({ epoch: 0, createdAt: 1, payload: utf8("x") }));
    counting.reset();
    await expect(chunks.read("node", [a.hash, b.hash])).rejects.toThrow(CorruptionError);
    expect(counting.calls).toBe("getMany 1, get 1");
  });

  it("handles more chunks than one batch", async () => {
    const memory = new Memory();
    const chunks = new ChunkStore(memory);
    const list = Array.from({ length: 9000 }, (_, i) => chunk(`${i}`));
    await chunks.put(list, 0);
    expect(
      (
        await chunks.read(
          "node",
          list.map((each) => each.hash),
        )
      ).size,
    ).toBe(9000);
    await chunks.put(list.slice(10), 1);
    expect(await chunks.raise([...list, chunk("x")], 2)).toEqual([chunk("x")]);
    for (const { hash } of list)
      expect(decodeChunk(memory.get(chunkKey("node", hash)) ?? new Uint8Array(0)).epoch).toBe(2);
  });
});
