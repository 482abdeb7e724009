import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { CorruptionError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import { decodeList, LIST_KIND, PIECE_KIND, readSlots, storeBlob } from "../../src/tree/blob.ts";
import { blobOf, blobSlot, INLINE_BYTES } from "../../src/tree/slot.ts";
import { valueSlot } from "../../src/versioned/updates.ts";
import { CountingStore } from "../support/counting-store.ts";
import { propertyOptions } from "../support/seed.ts";
import { noise, Trees } from "../support/tree.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Stores a value as a tree does; its slot. */
async function put(trees: Trees, value: Uint8Array): Promise<Uint8Array> {
  const chunks: Parameters<Trees["chunks"]["put"]>[0][number][] = [];
  const slot = valueSlot(value, chunks);
  await trees.chunks.put(chunks, 0);
  return slot;
}

async function readBack(trees: Trees, ...slots: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
  return readSlots(trees.cold().chunks, slots);
}

describe("a value", () => {
  it.each([0, 1, INLINE_BYTES - 1, INLINE_BYTES])("of %i bytes lies in its leaf", async (size) => {
    const trees = new Trees();
    const value = noise(size, size);
    const slot = await put(trees, value);
    expect(blobOf(slot)).toBeUndefined();
    expect(await readBack(trees, slot)).toEqual([value]);
    expect([...(trees.store.keys() as Iterable<string>)]).toEqual([]);
  });

  it.each([INLINE_BYTES + 1, 8 * KIB, 128 * KIB - 1, 128 * KIB])("of %i bytes is one chunk", async (size) => {
    const trees = new Trees();
    const value = noise(size, size);
    const slot = await put(trees, value);
    expect(blobOf(slot)).toMatchObject({ depth: 0, size });
    const [back] = await readBack(trees, slot);
    expect(back && hashOf(back)).toBe(hashOf(value));
    expect([...(trees.store.keys() as Iterable<string>)]).toHaveLength(1);
  });

  it.each([
    [128 * KIB + 1, 1],
    [200_000, 1],
    [5 * MIB + 7, 1],
    [48 * MIB, 2],
  ])("of %i bytes is cut into pieces, listed %i deep", async (size, depth) => {
    const trees = new Trees();
    const value = noise(size, size);
    const slot = await put(trees, value);
    expect(blobOf(slot)).toMatchObject({ depth, size });
    const [back] = await readBack(trees, slot);
    expect(back && hashOf(back)).toBe(hashOf(value));
  });

  it("of equal bytes is cut into largest pieces, of which one is stored", async () => {
    const value = new Uint8Array(4 * MIB);
    const { ref, chunks } = storeBlob(value);
    expect(ref.depth).toBe(1);
    expect(new Set(chunks.map(({ hash }) => hash)).size).toBe(2);
    const trees = new Trees();
    const slot = await put(trees, value);
    expect((await readBack(trees, slot))[0]?.length).toBe(4 * MIB);
  });

  it("has pieces of 8 to 128 KiB, of 40 KiB on average", () => {
    const { chunks } = storeBlob(noise(20 * MIB, 1));
    const pieces = chunks.filter(({ payload }) => payload[0] === PIECE_KIND);
    const sizes = pieces.map(({ payload }) => payload.length - 1);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(8 * KIB);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(128 * KIB);
    const mean = (20 * MIB) / sizes.length;
    expect(mean).toBeGreaterThan(34 * KIB);
    expect(mean).toBeLessThan(46 * KIB);
  });

  it("of 10 MB stores little anew for a small edit, wherever it is, and whether it moves the rest", () => {
    const before = noise(10_000_000, 3);
    const cutOut = (at: number): Uint8Array => {
      const after = new Uint8Array(before.length - 2);
      after.set(before.subarray(0, at));
      after.set(before.subarray(at + 2), at);
      return after;
    };
    const known = new Set(storeBlob(before).chunks.map(({ hash }) => hash));
    for (const at of [0, 123_456, 5_000_000, 9_999_990]) {
      const inserted = new Uint8Array(before.length + 3);
      inserted.set(before.subarray(0, at));
      inserted.set([1, 2, 3], at);
      inserted.set(before.subarray(at), at + 3);
      const changed = before.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      for (const after of [inserted, cutOut(at), changed]) {
        const fresh = storeBlob(after).chunks.filter(({ hash }) => !known.has(hash));
        const bytes = fresh.reduce((sum, { payload }) => sum + payload.length, 0);
        expect(bytes).toBeLessThan(300 * KIB);
      }
    }
  });

  it("is read back, whatever its size, in one batch with others", async () => {
    const size = fc.oneof(
      fc.nat({ max: 1100 }),
      fc.integer({ min: 8 * KIB - 2, max: 8 * KIB + 2 }),
      fc.integer({ min: 128 * KIB - 2, max: 300 * KIB }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(size, fc.nat({ max: 3 })), { maxLength: 5 }), async (made) => {
        const trees = new Trees();
        const values = made.map(([size, seed]) => noise(size, seed));
        const slots = await Promise.all(values.map((value) => put(trees, value)));
        const counting = new CountingStore(trees.store);
        const cold = trees.cold(0, counting);
        const back = await readSlots(cold.chunks, [...slots, undefined]);
        expect(back.map((value) => value && hashOf(value))).toEqual([...values.map(hashOf), undefined]);
        expect(counting.roundTrips).toBeLessThanOrEqual(2);
      }),
      propertyOptions({ numRuns: 40 }),
    );
  });
});

describe("a damaged store", () => {
  async function stored(): Promise<{ trees: Trees; memory: Memory; slot: Uint8Array; value: Uint8Array }> {
    const memory = new Memory();
    const trees = new Trees(1e9, memory);
    const value = noise(500_000, 8);
    return { trees, memory, slot: await put(trees, value), value };
  }

  it("whose chunk is missing, cut off or changed gives a CorruptionError, never other bytes", async () => {
    const { trees, memory, slot } = await stored();
    for (const [key, bytes] of [...memory.memory]) {
      const flipped = bytes.slice();
      flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
      for (const damaged of [
        undefined,
        flipped,
        bytes.subarray(0, -1),
        new Uint8Array(0),
        new Uint8Array([...bytes, 0]),
      ]) {
        if (damaged === undefined) memory.remove(key);
        else memory.set(key, damaged);
        await expect(readBack(trees, slot)).rejects.toThrow(CorruptionError);
      }
      memory.set(key, bytes);
    }
    expect(await readBack(trees, slot)).toHaveLength(1);
  });

  it("whose slot says another size, depth or piece gives a CorruptionError", async () => {
    const { trees, slot, value } = await stored();
    const ref = blobOf(slot) ?? expect.fail("no blob");
    const small = blobOf(await put(trees, noise(600, 1))) ?? expect.fail("no blob");
    const wrong = [
      { ...ref, size: ref.size + 1 },
      { ...ref, size: ref.size - 1 },
      { ...ref, size: 600 },
      { ...ref, depth: 0 },
      { ...ref, depth: 2 },
      { ...small, depth: 1 },
      { ...small, size: 601 },
      { ...ref, hash: small.hash },
    ];
    for (const each of wrong) await expect(readBack(trees, blobSlot(each))).rejects.toThrow(CorruptionError);
    expect(value.length).toBe(ref.size);
  });

  it("whose slot says more bytes than memory has gives a CorruptionError before any are taken", async () => {
    const { trees, slot } = await stored();
    const ref = blobOf(slot) ?? expect.fail("no blob");
    for (const size of [2 ** 53 - 1, 2 ** 40, 2 ** 33]) {
      for (const depth of [0, 1])
        await expect(readBack(trees, blobSlot({ ...ref, depth, size }))).rejects.toThrow(CorruptionError);
    }
  });

  it("whose lists name parts without bytes many times over gives a CorruptionError at once", async () => {
    const trees = new Trees();
    const addList = async (parts: readonly (readonly [hash: string, size: number])[]): Promise<Hash> => {
      const entries = parts.map(([hash, size]) => [...Buffer.from(hash, "hex"), size]);
      const payload = new Uint8Array([LIST_KIND, ...entries.flat()]);
      await trees.chunks.put([{ kind: "node", hash: hashOf(payload), payload }], 0);
      return hashOf(payload);
    };
    // Without the check, reading would follow 1,000^5 parts.
    let nothing: string = hashOf(new Uint8Array([PIECE_KIND]));
    for (let depth = 1; depth < 6; depth++)
      nothing = await addList(Array.from({ length: 1000 }, () => [nothing, 0] as const));
    const hash = await addList([
      [nothing, 0],
      [nothing, 100],
    ]);
    await expect(readBack(trees, blobSlot({ hash, depth: 6, size: 100 }))).rejects.toThrow(CorruptionError);
    expect(() => decodeList(hash, new Uint8Array([LIST_KIND, ...new Uint8Array(33)]))).toThrow(CorruptionError);
  });
});
