import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { decodeChunk, encodeChunk, encodeChunks } from "../../src/chunk/codec.ts";
import { DeltaWriter } from "../../src/chunk/delta.ts";
import { hashOf } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { ChunkStore } from "../../src/chunk/store.ts";
import { CorruptionError, FormatVersionError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import { noise } from "../support/tree.ts";

const SAMPLES = [0, 1, 127, 128, 300, 2 ** 31].flatMap((epoch) =>
  [0, 1_700_000_000_000, 1_799_999_999_999].map((createdAt) => {
    const payload = noise(20, epoch + (createdAt % 1000));
    return { epoch, createdAt, payload, stored: encodeChunk({ epoch, createdAt, payload }) };
  }),
);

const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)));

function isRefused(stored: Uint8Array): boolean {
  try {
    decodeChunk(stored);
    return false;
  } catch (error) {
    if (error instanceof CorruptionError || error instanceof FormatVersionError) return true;
    throw error;
  }
}

describe("a stored chunk", () => {
  it("is read as it was written, also with a header of version 1", () => {
    for (const { stored, ...chunk } of SAMPLES) {
      expect(decodeChunk(stored)).toEqual(chunk);
      const checkAt = stored.length - chunk.payload.length - 1;
      const first = new Uint8Array([1, ...stored.subarray(1, checkAt), ...chunk.payload]);
      expect(decodeChunk(first)).toEqual(chunk);
    }
  });

  it("is the same among others, each in its place, however many and large they are", () => {
    const header = { epoch: 300, createdAt: 1_700_000_000_000 };
    const lengths = [0, 1, 70_000, 3, 65_000, 530, 65_530, 0, ...Array.from({ length: 200 }, (_, i) => 5 * i)];
    const bodies = lengths.map((length, i) => {
      const payload = noise(length, i);
      if (i % 3 === 1) return { payload, note: noise(9, i) };
      return i % 3 === 2 ? { base: hashOf(payload), delta: payload } : { payload };
    });
    const stored = encodeChunks(header, bodies);
    expect(stored).toEqual(bodies.map((body) => encodeChunk({ ...header, ...body })));
    expect(encodeChunks(header, [])).toEqual([]);
  });

  it("has the CRC-8 of its header in front of its payload", () => {
    // The remainder of x²⁵, which is 02 00 00 and a byte to come, divided by x⁸ + x² + x + 1.
    expect([...encodeChunk({ epoch: 0, createdAt: 0, payload: utf8("p") })]).toEqual([2, 0, 0, 0xd6, 0x70]);
  });

  it("is refused with any one bit changed, of its header or its payload", async () => {
    for (const { stored, payload } of SAMPLES) {
      const hash = hashOf(payload);
      for (let bit = 0; bit < 8 * stored.length; bit++) {
        const store = new Memory();
        store.set(chunkKey("node", hash), flip(stored, bit));
        const refused = new ChunkStore(store).read("node", [hash]);
        await expect(refused).rejects.toThrow(bit < 8 ? FormatVersionError : CorruptionError);
      }
    }
  });

  it("is read with its note, or as a difference, and refused with any one bit of that changed", async () => {
    const base = noise(60, 1);
    const payload = base.with(30, 7);
    const writer = new DeltaWriter(base, payload);
    writer.add(0, 60, 0, 60);
    const delta = { base: hashOf(base), delta: writer.finish() };
    const hash = hashOf(payload);
    for (const body of [{ payload, note: noise(40, 3) }, { payload, note: new Uint8Array(0) }, delta]) {
      const chunk = { epoch: 300, createdAt: 1_700_000_000_000, ...body };
      const stored = encodeChunk(chunk);
      expect(decodeChunk(stored)).toEqual(chunk);
      const store = new Memory();
      const chunks = new ChunkStore(store);
      await chunks.put([{ kind: "node", hash: hashOf(base), payload: base }], 0);
      store.set(chunkKey("node", hash), stored);
      expect(await chunks.read("node", [hash])).toEqual(new Map([[hash, payload]]));
      for (let bit = 0; bit < 8 * stored.length; bit++) {
        store.set(chunkKey("node", hash), flip(stored, bit));
        const refused = chunks.read("node", [hash]);
        await expect(refused).rejects.toThrow(bit < 8 ? FormatVersionError : CorruptionError);
      }
      // Nothing follows what is there.
      if (!("payload" in body)) continue;
      store.set(chunkKey("node", hash), new Uint8Array([...stored, 0]));
      await expect(chunks.read("node", [hash])).rejects.toThrow(CorruptionError);
    }
  });

  it("is refused for its header alone, if as many bytes as before are one", () => {
    for (const { stored, payload } of SAMPLES) {
      const header = stored.length - payload.length;
      for (let at = 1; at < header; at++) {
        for (let byte = 0; byte < 256; byte++) {
          const old = stored[at] ?? 0;
          // A byte of a number says with its top bit whether another one follows.
          if (byte === old || (at < header - 1 && byte >> 7 !== old >> 7)) continue;
          expect([at, byte, isRefused(stored.with(at, byte))]).toEqual([at, byte, true]);
        }
      }
    }
  });

  it("is refused for nearly all damage of two bytes of its header", () => {
    let [tried, refused] = [0, 0];
    for (const { stored, payload } of SAMPLES) {
      const header = stored.length - payload.length;
      for (let i = 0; i < 2000; i++) {
        const [at, other, x, y] = noise(4, i);
        const first = (at ?? 0) % header;
        const second = (other ?? 0) % header;
        if (first === second || x === stored[first] || y === stored[second]) continue;
        tried++;
        if (isRefused(stored.with(first, x ?? 0).with(second, y ?? 0))) refused++;
      }
    }
    expect(refused / tried).toBeGreaterThan(0.98);
  });
});
