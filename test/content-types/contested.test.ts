import { describe, expect, it } from "vitest";
import {
  type ContentType,
  counter,
  FieldConflictError,
  list,
  MergeConflict,
  object,
  set,
  TextConflictError,
  text,
  Versioned,
} from "vkv";
import { bytes, failureOf } from "../versioned/helpers.ts";

/** A merge after criss-cross merges in which each side decided the key in its own way, so that it has no base value. */
async function crissCross<T>(
  type: ContentType<T>,
  values: Readonly<Record<"old" | "a" | "b" | "x" | "y", T>>,
): Promise<T> {
  const v = await Versioned.open();
  const at = async (commit: string): Promise<Versioned> => (await v.checkout(commit)) ?? expect.fail();
  const base = await v.snapshot({ k: type.encode(values.old) });
  const a = await (await at(base)).snapshot({ k: type.encode(values.a) });
  const b = await (await at(base)).snapshot({ k: type.encode(values.b) });
  const x = await at(a);
  await x.mergeFrom({ commit: b }, { mergeFns: { k: () => type.encode(values.x) } });
  const y = await at(b);
  await y.mergeFrom({ commit: a }, { mergeFns: { k: () => type.encode(values.y) } });
  x.setContentType("k", type);
  await x.mergeFrom({ commit: y.currentCommit });
  return type.decode((await x.get("k")) ?? bytes(""));
}

describe("A key without a base value is merged as if both sides had created it:", () => {
  it("a counter counts twice what the sides share", async () => {
    expect(await crissCross(counter(), { old: 10n, a: 11n, b: 13n, x: 14n, y: 15n })).toBe(29n);
  });

  it("the elements of both sets are there, also some that one side had removed", async () => {
    const values = { old: ["p", "q"], a: ["q"], b: ["p", "q", "r"], x: ["q", "r"], y: ["p", "q"] };
    expect(await crissCross(set(), values)).toEqual(["p", "q", "r"]);
  });

  it("a text conflicts where it differs", async () => {
    const values = { old: "1\n", a: "2\n", b: "3\n", x: "same\n2\n", y: "same\n3\n" };
    const { mergeErrors } = await failureOf(MergeConflict, crissCross(text(), values));
    expect(mergeErrors.get("k")).toBeInstanceOf(TextConflictError);
    expect((mergeErrors.get("k") as TextConflictError).conflicts).toHaveLength(1);
  });

  it("an object and a list have the fields and elements of both, or conflict", async () => {
    const fields = { old: {}, a: { n: 1 }, b: { n: 2 }, x: { n: 3, x: 1 }, y: { n: 3, y: 1 } };
    expect(await crissCross(object<Record<string, number>>(), fields)).toEqual({ n: 3, x: 1, y: 1 });
    const other = crissCross(object<Record<string, number>>(), { ...fields, y: { n: 4, y: 1 } });
    expect((await failureOf(MergeConflict, other)).mergeErrors.get("k")).toBeInstanceOf(FieldConflictError);
    const lists = { old: [], a: [{ id: 1 }], b: [{ id: 2 }], x: [{ id: 1 }], y: [{ id: 2 }] };
    expect(await crissCross(list<{ id: number }>({ id: "id" }), lists)).toEqual([{ id: 1 }, { id: 2 }]);
  });
});
