import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FieldConflictError, list, object } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { bytes, contents, diverged, failureOf, text } from "../versioned/helpers.ts";

interface Item {
  readonly id: string | number;
  readonly v?: number;
}
const type = list<Item>({ id: "id" });

/** Elements by their ids; `a2` is the element `a` with the value 2. */
const items = (short: string): Item[] =>
  short
    .split(" ")
    .filter((part) => part !== "")
    .map((part) => ({ id: part.charAt(0), v: Number(part.slice(1)) }));

async function merged(old: string | undefined, ours: string | undefined, theirs: string | undefined) {
  const [base, left, right] = [old, ours, theirs].map((side) => (side === undefined ? undefined : items(side)));
  return (await type.merge(base, left, right))?.map(({ id, v }) => `${id}${v === 0 ? "" : v}`).join(" ");
}

describe("list: bytes", () => {
  it("writes what json() does, in the order given, and reads it", () => {
    const value = [{ id: "b", v: 1 }, { id: 1 }, { v: 2, id: "a" }];
    expect(text(type.encode(value))).toBe('[{"id":"b","v":1},{"id":1},{"id":"a","v":2}]');
    expect(type.decode(type.encode(value))).toEqual(value);
    expect(type.decode(bytes("[]"))).toEqual([]);
  });

  it("refuses elements without an id, or with another's, and what is no list", () => {
    const wrong = [
      undefined,
      null,
      {},
      "a",
      [1],
      [null],
      [[]],
      [{}],
      [{ id: null }],
      [{ id: ["a"] }],
      [{ id: "a" }, { id: "a" }],
    ];
    for (const value of wrong) {
      expect(() => type.encode(value as never)).toThrow(TypeError);
      if (value !== undefined) expect(() => type.decode(bytes(JSON.stringify(value)))).toThrow(TypeError);
    }
    expect(() => list<object>({ id: "toString" as never }).encode([{}])).toThrow(TypeError);
    expect(type.encode([{ id: 1 }, { id: "1" }])).toEqual(bytes('[{"id":1},{"id":"1"}]'));
  });

  it("refuses options that are none", () => {
    for (const options of [undefined, null, {}, { id: 5 }, { id: "id", element: "mine" }, { id: "id", schema: {} }]) {
      expect(() => list(options as never)).toThrow(TypeError);
    }
  });
});

describe("list: merge", () => {
  it.each([
    ["added by both", "a b", "a b c", "x a b", "x a b c"],
    ["added in different places", "a b", "a x b", "a b y", "a x b y"],
    ["added at the same place: in the order of ids", "a", "a z", "a c", "a c z"],
    ["several added at the same place stay together", "a", "a m b", "a f z", "a f z m b"],
    ["added at the beginning", "m", "b m", "a m", "a b m"],
    ["added by both alike", "a", "a x", "a x", "a x"],
    ["removed by one", "a b c", "a c", "a b c", "a c"],
    ["removed by each", "a b c", "b c", "a b", "b"],
    ["removed, and another added behind it", "a b c", "a c", "a b x c", "a x c"],
    ["changed by each", "a b", "a1 b", "a b1", "a1 b1"],
    ["moved by one", "a b c", "c a b", "a b c", "c a b"],
    ["moved by one, changed by the other", "a b c", "c a b", "a1 b c", "c a1 b"],
    ["moved by one, added to by the other", "a b c", "c a b", "a b x c", "c a b x"],
    ["moved by both alike", "a b c", "c b a", "c b a", "c b a"],
    ["moved by one, removed by the other", "a b c", "c a b", "a b", "a b"],
    ["moved and removed", "a b c d", "d a b c", "a b d", "d a b"],
    ["created by both", undefined, "a", "b", "a b"],
    ["emptied and added to", "a", "", "a b", "b"],
    ["emptied stays, empty", "a", "", "a", ""],
    ["removed by one side, left by the other", "a", undefined, "a", undefined],
    ["removed by both", "a", undefined, undefined, undefined],
  ])("%s", async (_, old, ours, theirs, result) => {
    expect(await merged(old, ours, theirs)).toBe(result);
    expect(await merged(old, theirs, ours)).toBe(result);
  });

  it.each<[string, string | undefined, string | undefined, string | undefined, (string | number)[]]>([
    ["an element changed by both", "a b", "a1 b", "a2 b", ["a", "v"]],
    ["an element removed and changed", "a b", "b", "a1 b", ["a"]],
    ["an element added by both differently", "a", "a b1", "a b2", ["b"]],
    ["elements moved by both", "a b c", "c a b", "b a c", []],
    ["elements added by both in another order", "a", "a x y", "a y x", []],
    ["the list removed and changed", "a", undefined, "a b", []],
    ["the list contested", undefined, undefined, "a", []],
  ])("a conflict: %s", async (_, old, ours, theirs, path) => {
    for (const sides of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const { conflicts } = await failureOf(FieldConflictError, merged(old, ...sides));
      expect(conflicts).toMatchObject([{ path }]);
    }
  });

  it("orders numbers as numbers, and before text", async () => {
    const numbered = (...ids: (string | number)[]): Item[] => ids.map((id) => ({ id }));
    expect(await type.merge(numbered(1), numbered(1, 10), numbered(1, 9))).toEqual(numbered(1, 9, 10));
    expect(await type.merge([], numbered("1"), numbered(2))).toEqual(numbered(2, "1"));
  });

  it("decides elements by their rule", async () => {
    const counted = list<Item>({ id: "id", element: object<Item>({ fields: { v: "sum" } }) });
    const [old, ours, theirs] = [items("a1 b1"), items("a2 b1 c1"), items("a3 b2 c2")];
    expect(await counted.merge(old, ours, theirs)).toEqual(items("a4 b2 c3"));
    expect(await list<Item>({ id: "id", element: "theirs" }).merge(items("a1 b"), items("a2"), items("a3 b1"))).toEqual(
      items("a3 b1"),
    );
    const gone = list<Item>({ id: "id", element: { merge: () => undefined } });
    expect(await gone.merge(items("a b"), items("a1 b"), items("a2 b"))).toEqual(items("b"));
  });

  it("refuses sides that are no lists of elements", async () => {
    await expect(type.merge([], [{ id: "a" }, { id: "a" }], [])).rejects.toThrow(/Two elements/);
    await expect(type.merge([], {} as never, [])).rejects.toThrow(TypeError);
  });

  const side = fc.uniqueArray(fc.record({ id: fc.constantFrom("a", "b", "c", "d", "e", 1), v: fc.nat(1) }), {
    selector: ({ id }) => id,
  });
  const outcome = async (merge: ReturnType<typeof type.merge>): Promise<unknown> => {
    try {
      return await merge;
    } catch (error) {
      if (!(error instanceof FieldConflictError)) throw error;
      return new Set(error.conflicts.map(({ path }) => path.join(".")));
    }
  };

  it("does not depend on which side is ours", async () => {
    await fc.assert(
      fc.asyncProperty(side, side, side, async (old, a, b) => {
        expect(await outcome(type.merge(old, a, b))).toEqual(await outcome(type.merge(old, b, a)));
      }),
      propertyOptions({ numRuns: 2000 }),
    );
  });

  it("takes a side that alone changed something", async () => {
    await fc.assert(
      fc.asyncProperty(side, side, async (old, one) => {
        expect(await type.merge(old, one, old)).toEqual(one);
        expect(await type.merge(old, one, one)).toEqual(one);
      }),
      propertyOptions({ numRuns: 500 }),
    );
  });

  it("keeps each element that it should, once, and those of a side that moved none in its order", async () => {
    await fc.assert(
      fc.asyncProperty(side, side, side, async (old, a, b) => {
        const result = await outcome(type.merge(old, a, b));
        if (!Array.isArray(result)) return;
        const ids = (elements: readonly Item[]): (string | number)[] => elements.map(({ id }) => id);
        const [inOld, inA, inB] = [old, a, b].map((elements) => new Set(ids(elements)));
        const stays = (id: string | number): boolean =>
          inOld?.has(id) === true ? inA?.has(id) === true && inB?.has(id) === true : true;
        const merged = ids(result as Item[]);
        expect([...merged].sort()).toEqual([...new Set([...ids(old), ...ids(a), ...ids(b)])].filter(stays).sort());
        const shared = (of: readonly Item[]) =>
          ids(of).filter((id) => inA?.has(id) === true && inB?.has(id) === true && stays(id));
        expect([shared(a), shared(b)]).toContainEqual(
          merged.filter((id) => inA?.has(id) === true && inB?.has(id) === true),
        );
      }),
      propertyOptions({ numRuns: 2000 }),
    );
  });

  it("merges in a store", async () => {
    const written = (short: string): string => text(type.encode(items(short))) ?? "";
    const { ours } = await diverged({ k: written("a b") }, { k: written("a1 b") }, { k: written("a b c") });
    ours.setContentType("k", type);
    await ours.merge();
    expect(await contents(ours)).toEqual({ k: written("a1 b c") });
  });
});
