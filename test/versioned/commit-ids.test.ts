import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Info, Memory, Versioned } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { bytes, change, diverged } from "./helpers.ts";
import { ScriptedStore } from "./scripted-store.ts";

describe("commit ids", () => {
  it("are 64 lower-case hexadecimal digits", async () => {
    expect((await Versioned.open()).currentCommit).toMatch(/^[0-9a-f]{64}$/);
  });

  it("are the same in every store for the same work", async () => {
    const work = async (v: Versioned): Promise<string[]> => [
      v.currentCommit,
      await change(v, { a: "1", b: "2" }),
      await change(v, { a: null, c: "x".repeat(2000) }, { by: "me" }),
    ];
    const first = await work(await Versioned.open(new Memory()));
    expect(await work(await Versioned.open(new ScriptedStore(new Memory()), { branch: "other" }))).toEqual(first);
    expect(new Set(first).size).toBe(3);
  });

  it("are the same for the same merge", async () => {
    const merge = async (): Promise<string | undefined> => {
      const { ours } = await diverged({ a: "0" }, { b: "1" }, { c: "2" });
      return (await ours.merge({ info: { x: 1, y: 2 } })).commit;
    };
    expect(await merge()).toBe(await merge());
  });

  it("do not depend on the order of insertion, nor on that of info's fields", async () => {
    const key = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }).filter((text) => text.isWellFormed());
    const entries = fc.uniqueArray(fc.tuple(key, fc.uint8Array({ maxLength: 20 })), {
      selector: ([k]) => k,
      maxLength: 60,
    });
    const info = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(entries, info, async (pairs, about) => {
        const one = await (await Versioned.open()).snapshot(pairs, { info: about as Info });
        const backwards = Object.fromEntries(Object.entries(about).reverse());
        const another = await (await Versioned.open()).snapshot(pairs.toReversed(), { info: backwards as Info });
        expect(another).toBe(one);
      }),
      propertyOptions({ numRuns: 40 }),
    );
  });

  it("have no clock in them", async () => {
    const now = Date.now;
    try {
      Date.now = () => 0;
      const early = await change(await Versioned.open(), { a: "1" });
      Date.now = () => 4e12;
      expect(await change(await Versioned.open(), { a: "1" })).toBe(early);
    } finally {
      Date.now = now;
    }
  });

  it("tell apart contents, parents and info", async () => {
    const ids = new Set<string>();
    const v = await Versioned.open();
    for (const info of [undefined, {}, { a: 1 }, { a: "1" }, { a: [1] }, { b: 1 }]) {
      const at = await Versioned.open();
      ids.add(await change(at, { a: "1" }, info));
    }
    ids.add(await change(v, { a: "1b" }));
    ids.add(await change(v, { a: "1" }));
    expect(ids.size).toBe(8);
  });

  it("begin with the same empty root everywhere, so that branches opened apart share an ancestor", async () => {
    const store = new Memory();
    const [one, two] = await Promise.all([
      Versioned.open(store, { branch: "one" }),
      Versioned.open(store, { branch: "two" }),
    ]);
    const root = (await Versioned.open()).currentCommit;
    expect(await one.initialCommit()).toBe(root);
    expect(await two.initialCommit()).toBe(root);
    await change(one, { a: "1" });
    await change(two, { b: "2" });
    await two.merge();
    expect(await one.mergeBase(one.currentCommit, two.currentCommit)).toBe(root);
    expect((await one.mergeFrom("two")).merged).toBe(true);
    expect(await one.size()).toBe(2);
  });

  it("are one for two handles that did the same, whose merge is then idempotent", async () => {
    const store = new Memory();
    const [one, two] = await Promise.all([Versioned.open(store), Versioned.open(store)]);
    expect(await change(one, { count: "1" })).toBe(await change(two, { count: "1" }));
    await one.merge();
    const result = await two.merge({ mergeFns: { count: () => bytes("never asked") } });
    expect(result).toMatchObject({ merged: true, strategy: "fast_forward", commit: one.currentCommit });
    expect(await two.history().toArray()).toHaveLength(2);
  });
});
