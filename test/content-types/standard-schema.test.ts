import * as valibot from "valibot";
import { describe, expect, it } from "vitest";
import { type ContentType, FieldConflictError, json, list, MergeConflict, object, set } from "vkv";
import { z } from "zod";
import { bytes, contents, diverged, failureOf, text } from "../versioned/helpers.ts";

interface Page {
  title: string;
  views: number;
  tags: string[];
}

/** The same schema in two libraries: `views` is 0 unless given, other fields are dropped. */
const schemas = {
  zod: z.object({ title: z.string().min(1), views: z.number().int().max(100).default(0), tags: z.array(z.string()) }),
  valibot: valibot.object({
    title: valibot.pipe(valibot.string(), valibot.minLength(1)),
    views: valibot.optional(valibot.pipe(valibot.number(), valibot.integer(), valibot.maxValue(100)), 0),
    tags: valibot.array(valibot.string()),
  }),
};
const lists = {
  zod: z.array(z.object({ id: z.string(), n: z.number() })),
  valibot: valibot.array(valibot.object({ id: valibot.string(), n: valibot.number() })),
};

describe.each(["zod", "valibot"] as const)("a schema of %s", (library) => {
  // Of each library on its own, so that the types are those that its schema gives.
  const pages: ContentType<Page> =
    library === "zod" ? json({ schema: schemas.zod }) : json({ schema: schemas.valibot });

  it("gives json() its values, when written and when read", () => {
    expect(text(pages.encode({ title: "t", tags: ["a"], more: 1 } as never))).toBe(
      '{"tags":["a"],"title":"t","views":0}',
    );
    const page: Page = pages.decode(bytes('{"title":"t","tags":[],"junk":1}'));
    expect(page).toEqual({ title: "t", views: 0, tags: [] });
  });

  it("refuses what does not fit, and says where", () => {
    expect(() => pages.encode({ title: "t", views: 1, tags: ["a", 5 as never] })).toThrow(/schema: tags\.1: /);
    expect(() => pages.encode({ title: "", views: 1, tags: [] })).toThrow(/schema: title: /);
    expect(() => pages.decode(bytes('{"title":"t","views":0.5,"tags":[]}'))).toThrow(/schema: views: /);
    expect(() => pages.decode(bytes("[]"))).toThrow(TypeError);
  });

  it("checks what object() writes, reads and merges", async () => {
    const schema = library === "zod" ? schemas.zod : schemas.valibot;
    const type: ContentType<Page> = object<Page>({ schema, fields: { views: "sum", tags: set<string>() } });
    const page = (views: number, ...tags: string[]): string => JSON.stringify({ tags, title: "t", views });
    const { ours } = await diverged(
      { k: page(1, "a"), l: page(1), m: page(1) },
      { k: page(2, "a", "b"), l: page(1.5), m: page(60) },
      { k: page(3, "c"), l: page(2), m: page(60) },
    );
    for (const key of ["k", "l", "m"]) ours.setContentType(key, type);
    const { mergeErrors } = await failureOf(MergeConflict, ours.merge());
    expect([...mergeErrors.keys()]).toEqual(["l", "m"]);
    for (const error of mergeErrors.values()) expect(String(error)).toMatch(/schema: views: /);
    await ours.merge({ mergeFns: { l: "theirs", m: "theirs" } });
    expect((await contents(ours))["k"]).toBe('{"tags":["b","c"],"title":"t","views":4}');
  });

  it("checks what list() writes, reads and merges", async () => {
    const type = library === "zod" ? list({ id: "id", schema: lists.zod }) : list({ id: "id", schema: lists.valibot });
    expect(type.decode(type.encode([{ id: "a", n: 1 }]))).toEqual([{ id: "a", n: 1 }]);
    expect(() => type.decode(bytes('[{"id":"a"}]'))).toThrow(/schema: 0\.n: /);
    const conflict = type.merge([{ id: "a", n: 1 }], [{ id: "a", n: 2 }], [{ id: "a", n: 3 }]);
    await failureOf(FieldConflictError, Promise.resolve(conflict));
  });
});

it("A schema that is asynchronous is refused, zod's and valibot's", () => {
  const slow = [
    z.string().refine(async () => true),
    valibot.pipeAsync(
      valibot.string(),
      valibot.checkAsync(async () => true),
    ),
  ];
  for (const schema of slow) expect(() => json({ schema }).encode("a")).toThrow(/asynchronous|async/i);
});
