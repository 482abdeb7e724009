import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FieldConflictError,
  type FieldRule,
  type Json,
  json,
  list,
  MergeConflict,
  object,
  set,
  TextConflictError,
  text,
} from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { text as asText, bytes, contents, diverged, failureOf } from "../versioned/helpers.ts";

type Fields = { readonly [name: string]: Json };

const type = object();

/** The paths of the conflicts of a merge. */
async function conflictsOf(merge: ReturnType<typeof type.merge>): Promise<(string | number)[][]> {
  const { conflicts } = await failureOf(FieldConflictError, Promise.resolve(merge));
  return conflicts.map(({ path }) => [...path]);
}

describe("object: bytes", () => {
  it("writes what json() does, and reads it", () => {
    const value = { b: [1, { y: 1, x: null }], a: "\u{1f600}" };
    expect(type.encode(value)).toEqual(json().encode(value));
    expect(type.decode(type.encode(value))).toEqual(value);
  });

  it("refuses what is no object, and bytes that are none", () => {
    for (const value of [undefined, null, [], "a", 5, new Date(), new Map(), { a: undefined }, { a: 1n }]) {
      expect(() => type.encode(value as never)).toThrow(TypeError);
    }
    for (const stored of ["", "[]", "null", "5", "{", "{}x"])
      expect(() => type.decode(bytes(stored))).toThrow(TypeError);
  });

  it("refuses options that are none", () => {
    for (const rule of [null, "mine", 5, {}, () => 1, { merge: "ours" }]) {
      expect(() => object({ fields: { a: rule as never } })).toThrow(TypeError);
      expect(() => object({ others: rule as never })).toThrow(TypeError);
    }
    expect(() => object({ fields: [] as never })).toThrow(TypeError);
    expect(() => object({ schema: {} as never })).toThrow(TypeError);
    expect(() => object(null as never)).toThrow(TypeError);
  });
});

describe("object: merge without rules", () => {
  it.each<[string, Fields | undefined, Fields | undefined, Fields | undefined, Fields | undefined]>([
    ["different fields", { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 }, { a: 2, b: 2 }],
    ["fields added", {}, { a: 1 }, { b: 1 }, { a: 1, b: 1 }],
    ["the same change", { a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }],
    ["a field removed, another changed", { a: 1, b: 1 }, { b: 1 }, { a: 1, b: 2 }, { b: 2 }],
    ["a field removed by both", { a: 1, b: 1 }, { b: 2 }, { b: 1 }, { b: 2 }],
    ["a field that is null is there", { a: 1 }, { a: null }, { a: 1, b: 1 }, { a: null, b: 1 }],
    ["further in", { a: { x: 1, y: 1 } }, { a: { x: 2, y: 1 } }, { a: { x: 1, y: 2 } }, { a: { x: 2, y: 2 } }],
    ["an array by one side", { a: [1] }, { a: [2] }, { a: [1], b: 1 }, { a: [2], b: 1 }],
    ["created by both", undefined, { a: 1 }, { b: 1 }, { a: 1, b: 1 }],
    [
      "equal, with fields in another order",
      { a: { x: 0 } },
      { a: { x: 1, y: 2 } },
      { a: { y: 2, x: 1 } },
      { a: { x: 1, y: 2 } },
    ],
    ["emptied and left", { a: 1 }, {}, { a: 1 }, {}],
    ["removed by one side, left by the other", { a: 1 }, undefined, { a: 1 }, undefined],
    ["removed by both", { a: 1 }, undefined, undefined, undefined],
  ])("%s", async (_, old, ours, theirs, merged) => {
    expect(await type.merge(old, ours, theirs)).toEqual(merged);
    expect(await type.merge(old, theirs, ours)).toEqual(merged);
  });

  it.each<[string, Fields | undefined, Fields | undefined, Fields | undefined, string[][]]>([
    ["a field", { a: 1 }, { a: 2 }, { a: 3 }, [["a"]]],
    [
      "fields further in, all of them",
      { a: { x: 1, y: { z: 1 } }, b: 1 },
      { a: { x: 2, y: { z: 2 } }, b: 2 },
      { a: { x: 3, y: { z: 3 } }, b: 2 },
      [
        ["a", "x"],
        ["a", "y", "z"],
      ],
    ],
    ["a field removed and changed", { a: 1 }, {}, { a: 2 }, [["a"]]],
    ["an object removed and changed", { a: { x: 1 } }, {}, { a: { x: 2 } }, [["a"]]],
    ["an array", { a: [1] }, { a: [1, 2] }, { a: [1, 3] }, [["a"]]],
    ["a field added by both", {}, { a: 1 }, { a: 2 }, [["a"]]],
    ["an object added by both differently", {}, { a: { r: 1 } }, { a: { w: 1 } }, [["a"]]],
    ["an object where there was none", { a: 1 }, { a: { x: 1 } }, { a: { y: 1 } }, [["a"]]],
    ["1 and '1'", { a: 0 }, { a: 1 }, { a: "1" }, [["a"]]],
    ["the whole, removed and changed", { a: 1 }, undefined, { a: 2 }, [[]]],
    ["the whole, removed and added to", { a: 1 }, undefined, { a: 1, b: 1 }, [[]]],
    ["the whole, contested", undefined, undefined, { a: 1 }, [[]]],
  ])("a conflict: %s", async (_, old, ours, theirs, paths) => {
    expect(await conflictsOf(type.merge(old, ours, theirs))).toEqual(paths);
    expect(await conflictsOf(type.merge(old, theirs, ours))).toEqual(paths);
  });

  it("says what the sides have, and names the fields", async () => {
    const merge = type.merge({ a: { b: 1 }, c: 1 }, { a: { b: 2 } }, { a: { b: 3 }, c: 3 });
    const error = await failureOf(FieldConflictError, Promise.resolve(merge));
    expect(error.message).toBe("Both sides changed a.b, c.");
    expect(error.conflicts).toEqual([
      { path: ["a", "b"], old: 1, ours: 2, theirs: 3 },
      { path: ["c"], old: 1, ours: undefined, theirs: 3 },
    ]);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, 1]));
    const changed = (to: number): Fields => Object.fromEntries(Object.keys(many).map((name) => [name, to]));
    const briefly = await failureOf(FieldConflictError, Promise.resolve(type.merge(many, changed(2), changed(3))));
    expect(briefly.message).toMatch(/f4, and 95 more\.$/);
    const whole = await failureOf(FieldConflictError, Promise.resolve(type.merge({ a: 1 }, undefined, { a: 2 })));
    expect(whole.message).toBe("Both sides changed the whole value.");
  });

  it("keeps fields named like those that every object has fields", async () => {
    const parsed = (source: string): Fields => JSON.parse(source) as Fields;
    const merged = await type.merge(
      parsed('{"__proto__":{"x":1},"toString":1}'),
      parsed('{"__proto__":{"x":2},"toString":1,"constructor":{"a":1}}'),
      parsed('{"__proto__":{"x":1,"y":{"__proto__":1}},"valueOf":1}'),
    );
    expect(asText(type.encode(merged as Fields))).toBe(
      '{"__proto__":{"x":2,"y":{"__proto__":1}},"constructor":{"a":1},"valueOf":1}',
    );
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(({} as { x?: number }).x).toBeUndefined();
    const ruled = object({ fields: { toString: "ours" } as never });
    expect(await conflictsOf(ruled.merge({}, parsed('{"constructor":1}'), parsed('{"constructor":2}')))).toEqual([
      ["constructor"],
    ]);
  });

  it("refuses sides that are no objects, and values that are nested too deeply", async () => {
    await expect(type.merge({}, [] as never, { a: 1 })).rejects.toThrow(TypeError);
    const deep = (levels: number, leaf: Json): Fields => {
      let value: Json = leaf;
      for (let i = 0; i < levels; i++) value = { a: value };
      return value as Fields;
    };
    expect(await type.merge(deep(900, { x: 1 }), deep(900, { x: 2 }), deep(900, { x: 1, y: 1 }))).toEqual(
      deep(900, { x: 2, y: 1 }),
    );
    await expect(type.merge(deep(5000, 1), deep(5000, 2), deep(5000, 3))).rejects.toThrow(
      /nested more than 1000 levels/,
    );
  });

  const leaf = fc.constantFrom<Json>(1, 2, "x", null, [1], [2]);
  const { tree } = fc.letrec<{ tree: Fields }>((tie) => ({
    tree: fc.dictionary(
      fc.constantFrom("a", "b", "c", "__proto__"),
      fc.oneof({ depthSize: "small" }, leaf, tie("tree")),
      {
        maxKeys: 3,
      },
    ) as fc.Arbitrary<Fields>,
  }));

  it("takes a side that alone changed something", async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.option(tree, { nil: undefined }), async (old, one) => {
        expect(await type.merge(old, one, old)).toEqual(one);
        expect(await type.merge(old, old, one)).toEqual(one);
        expect(await type.merge(old, one, one)).toEqual(one);
      }),
      propertyOptions({ numRuns: 500 }),
    );
  });

  it("does not depend on which side is ours, in conflicts neither", async () => {
    await fc.assert(
      fc.asyncProperty(tree, tree, tree, async (old, a, b) => {
        const [one, other] = await Promise.all([outcome(type.merge(old, a, b)), outcome(type.merge(old, b, a))]);
        expect(one).toEqual(other);
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });

  it("comes to the same however merges over one base are grouped, where none is a conflict", async () => {
    await fc.assert(
      fc.asyncProperty(tree, tree, tree, tree, async (old, a, b, c) => {
        const [ab, bc] = await Promise.all([outcome(type.merge(old, a, b)), outcome(type.merge(old, b, c))]);
        if (!("merged" in ab && "merged" in bc)) return;
        const [left, right] = await Promise.all([
          outcome(type.merge(old, ab.merged as Fields, c)),
          outcome(type.merge(old, a, bc.merged as Fields)),
        ]);
        if ("merged" in left && "merged" in right) expect(left).toEqual(right);
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });
});

/** What a merge comes to: a value, or the paths of its conflicts in no order. */
async function outcome(merge: ReturnType<typeof type.merge>): Promise<{ merged: unknown } | { conflicts: string[] }> {
  try {
    return { merged: await merge };
  } catch (error) {
    if (!(error instanceof FieldConflictError)) throw error;
    return { conflicts: error.conflicts.map(({ path }) => path.join(".")).sort() };
  }
}

describe("object: rules of fields", () => {
  interface Page {
    title: string;
    views: number;
    body: string;
    tags: string[];
    meta?: { by: string; edits: number };
    owner?: string;
  }
  const meta = object<{ by: string; edits: number }>({ fields: { by: "theirs", edits: "sum" } });
  const pages = object<Page>({
    fields: { title: "theirs", views: "sum", body: text(), tags: set<string>(), meta, owner: "ours" },
  });
  const page: Page = { title: "t", views: 10, body: "a\nb\nc\n", tags: ["x"], meta: { by: "ann", edits: 1 } };

  it("decide what both sides changed", async () => {
    const ours = {
      ...page,
      title: "ours",
      views: 12,
      body: "A\nb\nc\n",
      tags: ["x", "y"],
      meta: { by: "bob", edits: 2 },
      owner: "o",
    };
    const theirs = {
      ...page,
      title: "theirs",
      views: 15,
      body: "a\nb\nC\n",
      tags: ["z"],
      meta: { by: "cy", edits: 3 },
      owner: "p",
    };
    expect(await pages.merge(page, ours, theirs)).toEqual({
      title: "theirs",
      views: 17,
      body: "A\nb\nC\n",
      tags: ["y", "z"],
      meta: { by: "cy", edits: 4 },
      owner: "o",
    });
  });

  it("decide fields that both sides changed alike, too, but none that only one changed or that both removed", async () => {
    const seen: unknown[] = [];
    const rule: FieldRule<Json> = {
      async merge(old, ours, theirs) {
        seen.push([old, ours, theirs]);
        return "merged";
      },
    };
    const merged = await object({ others: rule }).merge(
      { alike: 1, ours: 1, theirs: 1, removed: 1, gone: 1 },
      { alike: 2, ours: 2, theirs: 1, added: 1 },
      { alike: 2, ours: 1, theirs: 2, removed: 2, added: 2 },
    );
    expect(seen).toEqual([
      [1, 2, 2],
      [1, undefined, 2],
      [undefined, 1, 2],
    ]);
    expect(merged).toEqual({ alike: "merged", ours: 2, theirs: 2, removed: "merged", added: "merged" });
  });

  it("add up numbers: also equal ones, and from nothing; a removal adds nothing", async () => {
    const counts = object({ others: "sum" });
    expect(await counts.merge({ a: 1, b: 5, c: 1 }, { a: 2, b: 4, d: 1 }, { a: 2, b: 3, c: 3, d: 2 })).toEqual({
      a: 3,
      b: 2,
      c: 3,
      d: 3,
    });
    for (const [ours, theirs, reason] of [
      [1, "2", TypeError],
      [{}, 2, TypeError],
      [1.7e308, 1.7e308, RangeError],
    ] as const) {
      const error = await failureOf(
        FieldConflictError,
        Promise.resolve(counts.merge({ n: 0 }, { n: ours }, { n: theirs })),
      );
      expect(error.conflicts).toEqual([{ path: ["n"], old: 0, ours, theirs, error: expect.any(reason) }]);
    }
  });

  it("remove a field, also by taking the side that has removed it", async () => {
    const gone = object({ fields: { a: { merge: () => undefined }, b: "theirs", c: "ours" } });
    expect(await gone.merge({ a: 1, b: 1, c: 1 }, { a: 2, b: 2 }, { a: 3, c: 3 })).toEqual({});
  });

  it("hold for their object alone, not for objects in it", async () => {
    const merge = object({ others: "theirs" }).merge(
      { a: { x: 1, y: 1 } },
      { a: { x: 2, y: 2 } },
      { a: { x: 3, y: 1 } },
    );
    expect(await merge).toEqual({ a: { x: 3, y: 1 } });
    const inner = object({ fields: { x: "theirs" } }).merge({ a: { x: 1 } }, { a: { x: 2 } }, { a: { x: 3 } });
    expect(await conflictsOf(inner)).toEqual([["a", "x"]]);
  });

  it("that throw leave conflicts with what they threw, those of objects further in with their whole path", async () => {
    const nested = object({
      fields: { a: object({ fields: { b: object(), t: text() } }), l: list<{ id: number; v: number }>({ id: "id" }) },
    });
    const error = await failureOf(
      FieldConflictError,
      Promise.resolve(
        nested.merge(
          { a: { b: { c: 1 }, t: "x\n" }, l: [{ id: 7, v: 1 }] },
          { a: { b: { c: 2 }, t: "y\n" }, l: [{ id: 7, v: 2 }] },
          { a: { b: { c: 3 }, t: "z\n" }, l: [{ id: 7, v: 3 }] },
        ),
      ),
    );
    expect(error.conflicts).toEqual([
      { path: ["a", "b", "c"], old: 1, ours: 2, theirs: 3 },
      { path: ["a", "t"], old: "x\n", ours: "y\n", theirs: "z\n", error: expect.any(TextConflictError) },
      { path: ["l", 7, "v"], old: 1, ours: 2, theirs: 3 },
    ]);
    expect(error.message).toBe("Both sides changed a.b.c, a.t, l.7.v.");
  });

  it("that do not fit what a side has there leave a conflict, too", async () => {
    for (const [rule, wrong] of [
      [text(), 5],
      [set(), "a"],
      [object(), []],
      [list<{ id: string }>({ id: "id" }), [1]],
    ] as const) {
      const error = await failureOf(
        FieldConflictError,
        Promise.resolve(object({ fields: { a: rule as never } }).merge({}, { a: wrong }, { a: {} })),
      );
      expect(error.conflicts).toMatchObject([{ path: ["a"], error: expect.any(TypeError) }]);
    }
  });
});

describe("object: in a store", () => {
  it("merges by fields", async () => {
    const base = JSON.stringify({ a: 1, b: { c: 1 } });
    const { ours } = await diverged({ k: base }, { k: '{"a":2,"b":{"c":1}}' }, { k: '{"a":1,"b":{"c":1,"d":2}}' });
    ours.setContentType("k", type);
    await ours.merge();
    expect(await contents(ours)).toEqual({ k: '{"a":2,"b":{"c":1,"d":2}}' });
  });

  it("leaves conflicts with their fields, and one where a rule gives what is no JSON", async () => {
    const { ours } = await diverged(
      { k: '{"a":1}', l: '{"a":1}' },
      { k: '{"a":2}', l: '{"a":2}' },
      { k: '{"a":3}', l: '{"a":3}' },
    );
    ours.setContentType("k", type);
    ours.setContentType("l", object({ others: { merge: () => new Date() as never } }));
    const { mergeErrors } = await failureOf(MergeConflict, ours.merge());
    expect(mergeErrors.get("k")).toMatchObject({
      code: "VKV_FIELD_CONFLICT",
      conflicts: [{ path: ["a"], ours: 2, theirs: 3 }],
    });
    expect(mergeErrors.get("l")).toBeInstanceOf(TypeError);
  });
});
