import { describe, expect, it } from "vitest";
import { type Entries, InvalidKeyError, Memory, Versioned } from "vkv";
import { bytes, change, contents, failureOf, text } from "./helpers.ts";

describe("snapshot", () => {
  it("makes a commit on the current one, which only the handle sees until merge", async () => {
    const v = await Versioned.open();
    const root = v.currentCommit;
    const id = await v.snapshot({ a: bytes("1") });
    expect(v.currentCommit).toBe(id);
    expect(v.baseCommit).toBe(root);
    expect(await v.parents()).toEqual([root]);
    expect(await v.latestHead()).toBe(root);
    expect(await contents(await Versioned.open(v.store))).toEqual({});
    await v.merge();
    expect(await v.latestHead()).toBe(id);
    expect(await contents(await Versioned.open(v.store))).toEqual({ a: "1" });
  });

  it("moves no branch but its own, not even with merge", async () => {
    const v = await Versioned.open();
    const other = await v.createBranch("other");
    await change(v, { a: "1" });
    await v.merge();
    expect(await other.latestHead()).toBe(other.currentCommit);
    expect(await contents(await Versioned.open(v.store, { branch: "other" }))).toEqual({});
  });

  it("returns the current commit when nothing is given", async () => {
    const v = await Versioned.open();
    await change(v, { a: "1" });
    const id = v.currentCommit;
    expect(await v.snapshot()).toBe(id);
    expect(await v.snapshot(null)).toBe(id);
    expect(await v.snapshot({}, { removals: [] })).toBe(id);
    expect(v.currentCommit).toBe(id);
  });

  it("returns the current commit when nothing changes: equal values, removals of missing keys", async () => {
    const v = await Versioned.open();
    const id = await change(v, { a: "1", b: "2" });
    expect(await v.snapshot({ a: bytes("1") })).toBe(id);
    expect(await v.snapshot(null, { removals: ["missing"] })).toBe(id);
    expect(await v.snapshot({ b: bytes("2") }, { removals: new Set(["b"]) })).toBe(id);
  });

  it("makes a commit for info alone, also an empty one, and for info beside equal values", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    const second = await v.snapshot(null, { info: {} });
    expect(second).not.toBe(first);
    expect(await v.commitInfo()).toEqual({});
    const third = await v.snapshot({ a: bytes("1") }, { info: { by: "me" } });
    expect(await v.parents(third)).toEqual([second]);
    expect(await v.commitInfo(first)).toBeUndefined();
    expect(await contents(v)).toEqual({ a: "1" });
  });

  it("lets an update win over a removal of the same key", async () => {
    const v = await Versioned.open();
    await change(v, { a: "1", b: "1" });
    await v.snapshot({ a: bytes("2") }, { removals: ["a", "b"] });
    expect(await contents(v)).toEqual({ a: "2" });
  });

  it("takes entries and removals of every kind", async () => {
    const v = await Versioned.open();
    const pairs = function* (): Generator<[string, Uint8Array]> {
      yield ["c", bytes("3")];
      yield ["c", bytes("last one wins")];
    };
    const kinds: Entries[] = [{ a: bytes("1") }, new Map([["b", bytes("2")]]), pairs(), [["d", bytes("4")]]];
    for (const entries of kinds) await v.snapshot(entries);
    expect(await contents(v)).toEqual({ a: "1", b: "2", c: "last one wins", d: "4" });
    await v.snapshot(null, { removals: ["a"] });
    await v.snapshot(null, { removals: new Set(["b"]) });
    await v.snapshot(null, { removals: new Map([["c", 1]]).keys() });
    expect(await contents(v)).toEqual({ d: "4" });
  });

  it("counts keys and bytes in the commit", async () => {
    const v = await Versioned.open();
    await v.snapshot({ a: new Uint8Array(3), b: new Uint8Array(0), big: new Uint8Array(300_000) });
    expect(await v.size()).toBe(3);
    expect(await v.commit()).toMatchObject({ hash: v.currentCommit, size: 3, bytes: 300_003, generation: 1 });
    await v.snapshot({ big: new Uint8Array(1) }, { removals: ["a"] });
    expect(await v.commit()).toMatchObject({ size: 2, bytes: 1, generation: 2 });
  });

  it("keeps values of every size, empty and very large ones included", async () => {
    const v = await Versioned.open();
    const sizes = [0, 1, 511, 512, 513, 4096, 131_072, 131_073, 2_000_000];
    const value = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255);
    await v.snapshot(sizes.map((size): [string, Uint8Array] => [`v${size}`, value(size)]));
    await v.merge();
    const cold = new Memory();
    for await (const [key, stored] of v.store.entries()) cold.set(key, stored);
    const reader = await Versioned.open(cold);
    for (const size of sizes) {
      const read = await reader.get(`v${size}`);
      expect(read !== undefined && Buffer.compare(read, value(size))).toBe(0);
    }
  });

  it.each<[string, unknown, unknown]>([
    ["a text as a value", { a: bytes("2"), b: "text" }, undefined],
    ["undefined as a value", { a: undefined }, undefined],
    ["an array as a value", { a: [1, 2] }, undefined],
    ["an ArrayBuffer as a value", { a: new ArrayBuffer(2) }, undefined],
    ["a bare string as entries", "abc", undefined],
    ["bytes as entries", new Uint8Array(2), undefined],
    ["a list that holds no pairs", [["a"]], undefined],
    ["a number as a key", [[1, bytes("1")]], undefined],
    ["a bare string as removals", { a: bytes("2") }, "a"],
    ["a number among the removals", { a: bytes("2") }, [1]],
    ["a removal of an object", { a: bytes("2") }, {}],
  ])("refuses %s with a TypeError, and leaves the handle as it was", async (_, updates, removals) => {
    const v = await Versioned.open();
    const id = await change(v, { a: "1" });
    const options = removals === undefined ? {} : { removals: removals as never };
    await failureOf(TypeError, v.snapshot(updates as never, options));
    expect(v.currentCommit).toBe(id);
    expect(await contents(v)).toEqual({ a: "1" });
    await change(v, { b: "2" });
    expect(await contents(v)).toEqual({ a: "1", b: "2" });
  });

  it("refuses keys that cannot be held: empty, not well-formed, longer than 4,096 bytes", async () => {
    const v = await Versioned.open();
    for (const key of ["", "\ud800", "a\udc00b", "k".repeat(4097), "é".repeat(2049)]) {
      expect((await failureOf(InvalidKeyError, v.snapshot([[key, bytes("1")]]))).key).toBe(key);
      await failureOf(InvalidKeyError, v.snapshot(null, { removals: [key] }));
      await failureOf(InvalidKeyError, v.get(key));
      await failureOf(InvalidKeyError, v.has(key));
      await failureOf(InvalidKeyError, v.getMany(["fine", key]));
    }
    expect(await v.size()).toBe(0);
  });

  it.each<[string, unknown]>([
    ["a text", "by me"],
    ["null", null],
    ["an array", [1]],
    ["a date", new Date()],
    ["undefined in it", { a: undefined }],
    ["NaN in it", { a: Number.NaN }],
    ["a bigint in it", { a: [1n] }],
    ["bytes in it", { a: new Uint8Array(1) }],
    ["a Map", new Map()],
  ])("refuses info that is no JSON object: %s", async (_, info) => {
    const v = await Versioned.open();
    await failureOf(TypeError, v.snapshot({ a: bytes("1") }, { info: info as never }));
    expect(await v.size()).toBe(0);
  });

  it("refuses info that is too large or too deep", async () => {
    const v = await Versioned.open();
    await failureOf(RangeError, v.snapshot(null, { info: { a: "x".repeat(1024 * 1024) } }));
    let deep: object = {};
    for (let i = 0; i < 200; i++) deep = { deep };
    await failureOf(RangeError, v.snapshot(null, { info: deep as never }));
  });

  it("gives info back as it was, and not for changing", async () => {
    const v = await Versioned.open();
    const info = { by: "me", n: [1, { x: null }], ["__proto__x"]: true };
    await v.snapshot(null, { info });
    info.by = "another";
    const read = await v.commitInfo();
    expect(read).toEqual({ by: "me", n: [1, { x: null }], ["__proto__x"]: true });
    expect(Object.isFrozen(read)).toBe(true);
    expect(Object.isFrozen((read as { n: object }).n)).toBe(true);
  });
});

describe("reads", () => {
  it("gives undefined for a missing key, and leaves missing keys out of getMany", async () => {
    const v = await Versioned.open();
    await change(v, { a: "1", b: "2" });
    expect(await v.get("missing")).toBeUndefined();
    expect(await v.has("missing")).toBe(false);
    expect(await v.has("a")).toBe(true);
    const found = await v.getMany(["b", "missing", "a", "b"]);
    expect([...found].map(([key, value]) => [key, text(value)])).toEqual([
      ["b", "2"],
      ["a", "1"],
    ]);
    expect(await v.getMany([])).toEqual(new Map());
  });

  it("refuses a bare string as keys, with a TypeError", async () => {
    const v = await Versioned.open();
    await change(v, { a: "1" });
    await failureOf(TypeError, v.getMany("a" as never));
    await failureOf(TypeError, v.getMany(undefined as never));
    await failureOf(TypeError, v.get(1 as never));
    await failureOf(TypeError, v.has(undefined as never));
  });

  it("sees the commit that was current when the call was made", async () => {
    const v = await Versioned.open();
    await change(v, { a: "1", b: "1" });
    const keys = v.keys();
    const entries = v.entries();
    const size = v.size();
    await change(v, { a: null, c: "1" });
    expect(await keys.toArray()).toEqual(["a", "b"]);
    expect((await entries.toArray()).map(([key]) => key)).toEqual(["a", "b"]);
    expect(await size).toBe(2);
  });
});

describe("changes that are made at once", () => {
  it("loses nothing of Promise.all of snapshots, and chains them in the order of the calls", async () => {
    const v = await Versioned.open();
    const ids = await Promise.all(
      Array.from({ length: 50 }, (_, i) => change(v, { [`k${i}`]: String(i), last: String(i) })),
    );
    expect(new Set(ids).size).toBe(50);
    expect(await v.size()).toBe(51);
    expect(text(await v.get("last"))).toBe("49");
    expect(await v.history({ limit: 50 }).toArray()).toEqual(ids.toReversed());
  });

  it("does the same for snapshots, merges and those of namespaces", async () => {
    const v = await Versioned.open();
    const space = v.namespace("space");
    const [, , , merged] = await Promise.all([
      change(v, { a: "1" }),
      space.snapshot({ b: bytes("2") }),
      change(v, { c: "3" }),
      v.merge(),
      space.snapshot({ d: bytes("4") }),
    ]);
    expect(merged.strategy).toBe("fast_forward");
    expect(await contents(v)).toEqual({ a: "1", "space/b": "2", c: "3", "space/d": "4" });
    expect(await contents(await Versioned.open(v.store))).toEqual({ a: "1", "space/b": "2", c: "3" });
  });

  it("goes on after one that failed", async () => {
    const v = await Versioned.open();
    const results = await Promise.allSettled([
      change(v, { a: "1" }),
      v.snapshot({ b: "no bytes" as never }),
      v.mergeFrom("no such branch"),
      change(v, { c: "3" }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(await contents(v)).toEqual({ a: "1", c: "3" });
  });
});
