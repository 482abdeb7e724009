import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asMergeFn, counter, type Info, MergeConflict, Versioned } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { diverged, failureOf } from "../versioned/helpers.ts";

describe("counter: bytes", () => {
  it("writes two's complement of eight bytes, the most significant first", () => {
    const type = counter();
    expect([...type.encode(1n)]).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect([...type.encode(-2n)]).toEqual([255, 255, 255, 255, 255, 255, 255, 254]);
    expect([...type.encode(0x0102030405060708n)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("writes the least significant byte first on request", () => {
    const type = counter({ byteOrder: "little", byteLength: 4 });
    expect([...type.encode(258n)]).toEqual([2, 1, 0, 0]);
    expect(type.decode(new Uint8Array([2, 1, 0, 0]))).toBe(258n);
  });

  it("agrees with DataView", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.boolean(), (value, little) => {
        const view = new DataView(new ArrayBuffer(8));
        view.setBigInt64(0, value, little);
        const type = counter({ byteOrder: little ? "little" : "big" });
        expect([...type.encode(value)]).toEqual([...new Uint8Array(view.buffer)]);
        expect(type.decode(new Uint8Array(view.buffer))).toBe(value);
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("reads what it wrote, whatever the length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.bigInt(), fc.boolean(), (byteLength, any, little) => {
        const type = counter({ byteLength, byteOrder: little ? "little" : "big" });
        const value = BigInt.asIntN(8 * byteLength, any);
        expect(type.encode(value)).toHaveLength(byteLength);
        expect(type.decode(type.encode(value))).toBe(value);
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("takes the smallest and the largest value, and refuses those beyond", () => {
    const type = counter({ byteLength: 1 });
    expect([...type.encode(127n), ...type.encode(-128n)]).toEqual([127, 128]);
    expect(() => type.encode(128n)).toThrow(RangeError);
    expect(() => type.encode(-129n)).toThrow(RangeError);
  });

  it("refuses what is no bigint, bytes of another length, and what are no bytes", () => {
    const type = counter();
    expect(() => type.encode(1 as never)).toThrow(TypeError);
    expect(() => type.encode(undefined as never)).toThrow(TypeError);
    expect(() => type.decode(new Uint8Array(7))).toThrow(RangeError);
    expect(() => type.decode(new Uint8Array(0))).toThrow(RangeError);
    expect(() => type.decode("12345678" as never)).toThrow(TypeError);
  });

  it("refuses options that are none", () => {
    expect(() => counter({ byteOrder: "middle" as never })).toThrow(TypeError);
    for (const byteLength of [0, -1, 1.5, 65, Number.NaN, "8" as never]) {
      expect(() => counter({ byteLength })).toThrow(RangeError);
    }
  });
});

describe("counter: merge", () => {
  const { merge } = counter();

  it.each([
    ["both added", 10n, 13n, 15n, 18n],
    ["both took away", 10n, 8n, 7n, 5n],
    ["both added the same", 10n, 11n, 11n, 12n],
    ["created by both: from 0", undefined, 2n, 3n, 5n],
    ["ours removed it: theirs", 10n, undefined, 15n, 15n],
    ["theirs removed it: ours", 10n, 13n, undefined, 13n],
    ["contested, ours has none: theirs", undefined, undefined, 3n, 3n],
    ["contested, theirs has none: ours", undefined, 2n, undefined, 2n],
    ["removed by both: removed", 10n, undefined, undefined, undefined],
    ["never there", undefined, undefined, undefined, undefined],
  ])("%s", (_, old, ours, theirs, merged) => {
    expect(merge(old, ours, theirs)).toBe(merged);
  });

  it("throws a RangeError when the sum does not fit", () => {
    const small = counter({ byteLength: 1 });
    expect(() => small.merge(0n, 100n, 28n)).toThrow(RangeError);
    expect(() => small.merge(0n, -100n, -29n)).toThrow(RangeError);
    expect(small.merge(100n, 120n, 107n)).toBe(127n);
  });

  const count = fc.option(fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }), { nil: undefined });

  it("does not depend on which side is ours", () => {
    fc.assert(
      fc.property(count, count, count, (old, a, b) => {
        expect(merge(old, a, b)).toBe(merge(old, b, a));
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("comes to the same however three counts over one base are grouped, removed ones included", async () => {
    await fc.assert(
      fc.asyncProperty(count, count, count, count, async (old, a, b, c) => {
        expect(await merge(old, await merge(old, a, b), c)).toBe(await merge(old, a, await merge(old, b, c)));
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("agrees with adding up what each side added", () => {
    const added = fc.array(fc.bigInt({ min: -1000n, max: 1000n }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.bigInt({ min: -1000n, max: 1000n }), added, added, (old, mine, others) => {
        const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
        expect(merge(old, old + sum(mine), old + sum(others))).toBe(old + sum([...mine, ...others]));
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });
});

describe("counter: in a store", () => {
  const type = counter();

  async function counts(old: bigint | null, ours: bigint | null, theirs: bigint | null) {
    const first = await Versioned.open();
    // The info tells apart what the sides do: without it two equal commits would be one.
    const write = async (v: Versioned, value: bigint | null, by: string): Promise<void> => {
      const info = { by };
      await (value === null
        ? v.snapshot(null, { removals: ["hits"], info })
        : v.snapshot({ hits: type.encode(value) }, { info }));
    };
    await write(first, old, "base");
    await first.merge();
    const [mine, others] = await Promise.all([Versioned.open(first.store), Versioned.open(first.store)]);
    mine.setContentType("hits", type);
    await write(mine, ours, "ours");
    await write(others, theirs, "theirs");
    await others.merge();
    return mine;
  }
  const read = async (v: Versioned): Promise<bigint | undefined> => {
    const stored = await v.get("hits");
    return stored && type.decode(stored);
  };

  it("adds up what both sides counted, also when they wrote the same bytes", async () => {
    const v = await counts(10n, 11n, 11n);
    const { resolvedKeys } = await v.merge();
    expect(resolvedKeys).toEqual(["hits"]);
    expect(await read(v)).toBe(12n);
  });

  it("counts equal work on one commit once, as that is one commit, unless it is told apart or done in transactions", async () => {
    const first = await Versioned.open();
    await first.snapshot({ hits: type.encode(0n) });
    await first.merge();
    const two = (): Promise<Versioned[]> => Promise.all([Versioned.open(first.store), Versioned.open(first.store)]);
    const published = async (): Promise<bigint | undefined> => read(await Versioned.open(first.store));
    const add = async (v: Versioned, info?: Info): Promise<unknown> =>
      v.snapshot({ hits: type.encode(((await read(v)) ?? 0n) + 1n) }, info === undefined ? {} : { info });
    for (const [infos, sum] of [
      [[undefined, undefined], 1n],
      [[{ by: "a" }, { by: "b" }], 3n],
    ] as const) {
      const handles = await two();
      for (const [i, v] of handles.entries()) await add(v, infos[i]);
      for (const v of handles) {
        v.setContentType("hits", type);
        await v.merge();
      }
      expect(await published()).toBe(sum);
    }
    for (const v of await two()) await v.transact((tx) => add(tx));
    expect(await published()).toBe(5n);
  });

  it("keeps the count of the side that did not remove it", async () => {
    const oursRemoved = await counts(10n, null, 15n);
    await oursRemoved.merge();
    expect(await read(oursRemoved)).toBe(15n);
    const theirsRemoved = await counts(10n, 13n, null);
    await theirsRemoved.merge();
    expect(await read(theirsRemoved)).toBe(13n);
  });

  it("leaves a count that both removed removed", async () => {
    const v = await counts(10n, null, null);
    await v.merge();
    expect(await v.has("hits")).toBe(false);
  });

  it("makes a sum that does not fit, and bytes that are no count, a conflict with the error", async () => {
    const full = await counts(0n, 2n ** 62n, 2n ** 62n);
    const overflow = await failureOf(MergeConflict, full.merge());
    expect(overflow.mergeErrors.get("hits")).toBeInstanceOf(RangeError);

    const { ours } = await diverged({ hits: "12345678" }, { hits: "short" }, { hits: "87654321" });
    const garbled = await failureOf(MergeConflict, ours.merge({ mergeFns: { hits: asMergeFn(type) } }));
    expect(garbled.mergeErrors.get("hits")).toBeInstanceOf(RangeError);
  });
});
