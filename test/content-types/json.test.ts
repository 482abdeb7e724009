import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asMergeFn, type Json, json, MergeConflict, type StandardSchema } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { bytes, contents, diverged, failureOf, text } from "../versioned/helpers.ts";

/** A schema of objects with a `name`; what else they have is dropped, `visits` is 0 unless given. */
interface User {
  readonly name: string;
  readonly visits: number;
}
const userSchema: StandardSchema<User> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate(value) {
      if (typeof value !== "object" || value === null) return { issues: [{ message: "no object" }] };
      const { name, visits = 0 } = value as Partial<Record<string, unknown>>;
      if (typeof name !== "string") return { issues: [{ message: "no text", path: ["name"] }] };
      if (typeof visits !== "number") return { issues: [{ message: "no number", path: [{ key: "visits" }, 0] }] };
      return { value: { name, visits } };
    },
  },
};

describe("json: bytes", () => {
  const type = json();

  it("writes fields in code-point order, without spaces", () => {
    expect(text(type.encode({ b: [1, "x", null], a: true, "\u{1f600}": 1, "\uffff": 2 }))).toBe(
      '{"a":true,"b":[1,"x",null],"\uffff":2,"\u{1f600}":1}',
    );
  });

  it("reads what it wrote, and writes equal values as equal bytes", () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: "medium" }), (value) => {
        const written = type.encode(value as Json);
        expect(type.decode(written)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(type.encode(shuffled(value))).toEqual(written);
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("takes any JSON value, null and empty ones included", () => {
    for (const value of [null, 0, "", false, [], {}, -0, 1e300, "\u0000", "\u{1f600}"] satisfies Json[]) {
      expect(type.decode(type.encode(value))).toEqual(value === 0 ? 0 : value);
    }
  });

  it("keeps a field named __proto__ a field", () => {
    const value = JSON.parse('{"__proto__":{"admin":true},"constructor":1}') as Json;
    const read = type.decode(type.encode(value));
    expect(text(type.encode(value))).toBe('{"__proto__":{"admin":true},"constructor":1}');
    expect(Object.keys(read as object)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = [cyclic];
  it.each([
    ["undefined", undefined],
    ["undefined in a field", { a: undefined }],
    ["a hole in an array", new Array(2)],
    ["NaN", Number.NaN],
    ["Infinity", [Number.POSITIVE_INFINITY]],
    ["a date", new Date()],
    ["a bigint", { n: 1n }],
    ["a symbol", Symbol("x")],
    ["a function", () => 1],
    ["a Map", new Map()],
    ["bytes", new Uint8Array(2)],
    ["an object with toJSON", { toJSON: () => 1 }],
    ["a boxed text", Object("x")],
    ["an instance", new (class Point {})()],
    ["data that contains itself", cyclic],
    ["a lone surrogate", "\ud800"],
    ["a lone surrogate in a name", { "\udc00": 1 }],
  ])("refuses %s", (_, value) => {
    expect(() => type.encode(value as Json)).toThrow(TypeError);
  });

  it("takes data that is there twice, but does not contain itself", () => {
    const shared = { x: 1 };
    expect(text(type.encode([shared, shared]))).toBe('[{"x":1},{"x":1}]');
  });

  it("takes a thousand levels, and refuses more", () => {
    const nested = (levels: number): Json => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(type.decode(type.encode(nested(1000)))).toEqual(nested(1000));
    expect(() => type.encode(nested(1001))).toThrow(RangeError);
    expect(() => type.encode(nested(5000))).toThrow(RangeError);
  });

  it.each([
    ["nothing", ""],
    ["half a value", '{"a":'],
    ["what follows a value", "1 2"],
    ["a byte order mark", "\ufeff1"],
    ["pickled data", "\u0080\u0004K\u0001."],
  ])("refuses bytes that are no JSON: %s", (_, stored) => {
    const read = (): unknown => type.decode(bytes(stored));
    expect(read).toThrow(TypeError);
    expect(read).toThrow(/no JSON/);
  });

  it("refuses bytes that are no UTF-8, and what are no bytes", () => {
    expect(() => type.decode(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(/no JSON/);
    expect(() => type.decode('"text"' as never)).toThrow(TypeError);
  });
});

describe("json: merge", () => {
  const type = json();

  it("takes equal values, whatever the order of their fields", async () => {
    expect(await type.merge(1, { a: 1, b: 2 }, { b: 2, a: 1 })).toEqual({ a: 1, b: 2 });
    expect(await type.merge(1, null, null)).toBeNull();
    expect(await type.merge(1, undefined, undefined)).toBeUndefined();
  });

  it("throws for different ones, and for a removal beside a change", () => {
    expect(() => type.merge(1, 2, 3)).toThrow(/no `merge`/);
    expect(() => type.merge(1, undefined, 3)).toThrow(/no `merge`/);
    expect(() => type.merge(1, 2, undefined)).toThrow(/no `merge`/);
    expect(() => type.merge(1, null, undefined)).toThrow(/no `merge`/);
  });

  it("merges equal values in a store that were written with their fields in another order", async () => {
    const { ours } = await diverged({ k: "0" }, { k: '{"a":1, "b":2}' }, { k: '{"b":2,"a":1}' });
    ours.setContentType("k", type);
    await ours.merge();
    expect(await contents(ours)).toEqual({ k: '{"a":1,"b":2}' });
  });

  it("leaves a conflict with an error where both changed a value", async () => {
    const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    ours.setContentType("k", type);
    const conflict = await failureOf(MergeConflict, ours.merge());
    expect([...conflict.conflictingKeys]).toEqual(["k"]);
    expect(conflict.mergeErrors.get("k")).toBeInstanceOf(Error);
  });

  it("leaves a conflict with an error where stored bytes are no JSON", async () => {
    const lists = json<string[]>({ merge: (_old, ours = [], theirs = []) => [...ours, ...theirs] });
    for (const side of ["old", "ours", "theirs"]) {
      const value = (of: string): string => (of === side ? "not JSON" : JSON.stringify([of]));
      const { ours } = await diverged({ k: value("old") }, { k: value("ours") }, { k: value("theirs") });
      ours.setContentType("k", lists);
      const { mergeErrors } = await failureOf(MergeConflict, ours.merge());
      expect(mergeErrors.get("k")).toBeInstanceOf(TypeError);
    }
  });

  it("asks a merge of its own, also about equal values and removals", async () => {
    const seen: unknown[] = [];
    const sums = json<number>({
      merge: async (old, ours, theirs) => {
        seen.push([old, ours, theirs]);
        return (ours ?? 0) + (theirs ?? 0) - (old ?? 0);
      },
    });
    const base = { a: "1", b: "1", c: "1" };
    const { ours } = await diverged(base, { a: "3", b: "5", c: null, d: "1" }, { a: "3", b: "7", c: "9", d: "1" });
    for (const key of ["a", "b", "c", "d"]) ours.setContentType(key, sums);
    await ours.merge();
    expect(seen).toEqual([
      [1, 3, 3],
      [1, 5, 7],
      [1, undefined, 9],
      [undefined, 1, 1],
    ]);
    expect(await contents(ours)).toEqual({ a: "5", b: "11", c: "8", d: "2" });
  });

  it("removes the key when its merge gives undefined, and stores null when it gives null", async () => {
    const { ours } = await diverged({ a: "1", b: "1" }, { a: "2", b: "2" }, { a: "3", b: "3" });
    ours.setContentType("a", json({ merge: () => undefined }));
    ours.setContentType("b", json({ merge: () => null }));
    await ours.merge();
    expect(await contents(ours)).toEqual({ b: "null" });
  });

  it("never turns a removal into a stored null", async () => {
    const theirs = json({ merge: (_old, _ours, other) => other });
    const { ours } = await diverged({ a: "1", b: "1" }, { a: "2", b: null }, { a: null, b: null });
    await ours.merge({ mergeFns: { a: asMergeFn(theirs), b: asMergeFn(theirs) } });
    expect(await contents(ours)).toEqual({});
  });
});

describe("json: schema", () => {
  const users = json({ schema: userSchema });

  it("writes and reads what the schema makes of a value", () => {
    const padded = { name: "Ada", visits: 2, extra: true };
    expect(text(users.encode(padded))).toBe('{"name":"Ada","visits":2}');
    const read: User = users.decode(bytes('{"name":"Ada","junk":1}'));
    expect(read).toEqual({ name: "Ada", visits: 0 });
  });

  it("refuses what does not fit, when written and when read, and says where", () => {
    expect(() => users.encode({ name: 5 } as never)).toThrow(/name: no text/);
    expect(() => users.encode({ name: "Ada", visits: "2" } as never)).toThrow(/visits\.0: no number/);
    expect(() => users.decode(bytes("7"))).toThrow(TypeError);
    expect(() => users.decode(bytes("7"))).toThrow(/schema: no object/);
  });

  it("takes a schema that is a function, as ArkType's are", () => {
    const callable = Object.assign(() => undefined, userSchema);
    expect(json({ schema: callable }).decode(bytes('{"name":"Ada"}'))).toEqual({ name: "Ada", visits: 0 });
  });

  it("says so when the schema is asynchronous, and leaves no promise behind that fails", async () => {
    for (const answer of [Promise.resolve({ value: 1 }), Promise.reject(new Error("late"))]) {
      const slow: StandardSchema<number> = { "~standard": { version: 1, vendor: "test", validate: () => answer } };
      expect(() => json({ schema: slow }).encode(1)).toThrow(/asynchronous/);
      expect(() => json({ schema: slow }).decode(bytes("1"))).toThrow(/asynchronous/);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("leaves a conflict where a side does not fit, or the merged value", async () => {
    const ada = '{"name":"Ada"}';
    const { ours } = await diverged(
      { a: ada, b: ada },
      { a: '{"name":1}', b: '{"name":"B"}' },
      { a: '{"name":"A"}', b: ada.replace("Ada", "C") },
    );
    ours.setContentType("a", json({ schema: userSchema, merge: (_old, _ours, theirs) => theirs }));
    ours.setContentType("b", json({ schema: userSchema, merge: () => ({ name: "B and C" }) as never }));
    const { conflictingKeys, mergeErrors } = await failureOf(MergeConflict, ours.merge());
    expect([...conflictingKeys]).toEqual(["a"]);
    expect(String(mergeErrors.get("a"))).toMatch(/name: no text/);
    ours.setContentType("b", json({ schema: userSchema, merge: () => 5 as never }));
    const second = await failureOf(MergeConflict, ours.merge());
    expect([...second.conflictingKeys]).toEqual(["a", "b"]);
  });

  it("refuses options that are none", () => {
    expect(() => json({ merge: "theirs" as never })).toThrow(TypeError);
    for (const schema of [null, 5, {}, { "~standard": 1 }, { "~standard": { version: 2 } }]) {
      expect(() => json({ schema: schema as never })).toThrow(TypeError);
    }
  });
});

describe("asMergeFn", () => {
  it("refuses what is no content type", () => {
    for (const type of [undefined, null, {}, { encode: () => 1, decode: () => 1 }]) {
      expect(() => asMergeFn(type as never)).toThrow(TypeError);
    }
  });
});

/** The same value with the fields of its objects in another order. */
function shuffled(value: unknown): Json {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value as Json;
  const fields = Object.entries(value).reverse();
  return Object.fromEntries(fields.map(([name, field]) => [name, shuffled(field)]));
}
