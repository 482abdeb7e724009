import { describe, expect, it } from "vitest";
import { type ContentType, MergeConflict, type MergeFn, type Rule, Versioned } from "vkv";
import { bytes, change, contents, diverged, failureOf, text } from "./helpers.ts";

/** A rule that gives a fixed text. */
function fixed(value: string): MergeFn {
  return () => bytes(value);
}

describe("merge rules", () => {
  it("get (old, ours, theirs), with undefined for what is absent or removed", async () => {
    const { ours } = await diverged(
      { changed: "0", oursGone: "0", theirsGone: "0" },
      { changed: "1", oursGone: null, theirsGone: "1", added: "1" },
      { changed: "2", oursGone: "2", theirsGone: null, added: "2" },
    );
    const seen = new Map<string, unknown>();
    const note =
      (key: string): MergeFn =>
      (...values) => {
        seen.set(key, values.map(text));
        return bytes("x");
      };
    const keys = ["changed", "oursGone", "theirsGone", "added"];
    await ours.merge({ mergeFns: new Map(keys.map((key) => [key, note(key)])) });
    expect(Object.fromEntries(seen)).toEqual({
      changed: ["0", "1", "2"],
      oursGone: ["0", undefined, "2"],
      theirsGone: ["0", "1", undefined],
      added: [undefined, "1", "2"],
    });
    expect(await contents(ours)).toEqual({ changed: "x", oursGone: "x", theirsGone: "x", added: "x" });
  });

  it("decide as functions also keys for which both wrote the same bytes", async () => {
    const { ours } = await diverged({ n: "1" }, { n: "2", mine: "" }, { n: "2", yours: "" });
    const add: MergeFn = (old, mine, others) =>
      bytes(String(Number(text(mine)) + Number(text(others)) - Number(text(old))));
    const result = await ours.merge({ mergeFns: { n: add } });
    expect(text(await ours.get("n"))).toBe("3");
    expect(result.resolvedKeys).toEqual(["n"]);
  });

  it("are not asked about keys that one side changed, nor about those that both removed", async () => {
    const { ours } = await diverged({ a: "0", b: "0", gone: "0" }, { a: "1", gone: null }, { b: "2", gone: null });
    const never: MergeFn = () => {
      throw new Error("asked");
    };
    const result = await ours.merge({ defaultMerge: never, mergeFns: { a: never, b: never, gone: never } });
    expect(await contents(ours)).toEqual({ a: "1", b: "2" });
    expect(result.resolvedKeys).toEqual([]);
    for (const rule of ["ours", "theirs"] as const) {
      const world = await diverged({ a: "0", b: "0" }, { a: "1" }, { b: "2" });
      await world.ours.merge({ mergeFns: { a: rule, b: rule }, defaultMerge: rule });
      expect(await contents(world.ours)).toEqual({ a: "1", b: "2" });
    }
  });

  it('take a whole side as "ours" and "theirs", removals too', async () => {
    const world = () => diverged({ a: "0", b: "0", c: "0" }, { a: "1", b: null, c: "1" }, { a: "2", b: "2", c: null });
    const mine = (await world()).ours;
    expect((await mine.merge({ defaultMerge: "ours" })).resolvedKeys).toEqual(["a", "b", "c"]);
    expect(await contents(mine)).toEqual({ a: "1", c: "1" });
    const others = (await world()).ours;
    expect((await others.merge({ defaultMerge: "theirs" })).resolvedKeys).toEqual(["a", "b", "c"]);
    expect(await contents(others)).toEqual({ a: "2", b: "2" });
  });

  it("remove the key by giving undefined", async () => {
    const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    const result = await ours.merge({ mergeFns: { k: () => undefined } });
    expect(await ours.has("k")).toBe(false);
    expect(result.resolvedKeys).toEqual(["k"]);
    expect((await ours.commit()).size).toBe(0);
  });

  it("may answer later, and give values of any size", async () => {
    const { ours, store } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    const large = "x".repeat(400_000);
    await ours.merge({
      mergeFns: {
        k: async () => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          return bytes(large);
        },
      },
    });
    expect(text(await (await Versioned.open(store)).get("k"))).toBe(large);
  });

  it("make the key a conflict with what they threw, and others are still reported", async () => {
    const { ours } = await diverged(
      { a: "0", b: "0", c: "0", d: "0" },
      { a: "1", b: "1", c: "1", d: "1" },
      { a: "2", b: "2", c: "2", d: "2" },
    );
    const problem = new Error("no way");
    const error = await failureOf(
      MergeConflict,
      ours.merge({
        mergeFns: {
          a: () => {
            throw problem;
          },
          b: async () => Promise.reject("a text"),
          d: fixed("fine"),
        },
      }),
    );
    expect([...error.conflictingKeys]).toEqual(["a", "b", "c"]);
    expect(error.mergeErrors).toEqual(
      new Map<string, unknown>([
        ["a", problem],
        ["b", "a text"],
      ]),
    );
    expect(error.conflicts[0]).toEqual({
      key: "a",
      old: bytes("0"),
      ours: bytes("1"),
      theirs: bytes("2"),
      error: problem,
    });
    expect("error" in (error.conflicts[2] ?? {})).toBe(false);
  });

  it("make the key a conflict with a TypeError when they give no bytes", async () => {
    for (const wrong of ["text", null, 5, [1], new ArrayBuffer(1)]) {
      const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
      const error = await failureOf(MergeConflict, ours.merge({ mergeFns: { k: () => wrong as never } }));
      expect(error.mergeErrors.get("k")).toBeInstanceOf(TypeError);
    }
  });

  it("come in this order: the call's for the key, the handle's for the key, the call's default, the handle's default", async () => {
    const merged = async (set: {
      callKey?: Rule;
      handleKey?: Rule;
      callDefault?: Rule;
      handleDefault?: Rule;
    }): Promise<string | undefined> => {
      const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
      if (set.handleKey !== undefined) ours.setMergeFn("k", set.handleKey);
      if (set.handleDefault !== undefined) ours.setDefaultMerge(set.handleDefault);
      await ours.merge({
        ...(set.callKey === undefined ? {} : { mergeFns: { k: set.callKey } }),
        ...(set.callDefault === undefined ? {} : { defaultMerge: set.callDefault }),
      });
      return text(await ours.get("k"));
    };
    const handleDefault = fixed("handle's default");
    const callDefault = fixed("call's default");
    const handleKey = fixed("handle's for the key");
    const callKey = fixed("call's for the key");
    expect(await merged({ handleDefault })).toBe("handle's default");
    expect(await merged({ handleDefault, callDefault })).toBe("call's default");
    expect(await merged({ handleDefault, callDefault, handleKey })).toBe("handle's for the key");
    expect(await merged({ handleDefault, callDefault, handleKey, callKey })).toBe("call's for the key");
    expect(await merged({ handleDefault, callKey: "ours" })).toBe("1");
    expect(await merged({ callDefault, handleKey: "theirs" })).toBe("2");
  });

  it("of the handle are replaced by later ones, and checked when they are set", async () => {
    const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    ours.setMergeFn("k", fixed("first"));
    ours.setMergeFn("k", fixed("second"));
    expect(() => ours.setMergeFn("k", "mine" as never)).toThrow(TypeError);
    expect(() => ours.setMergeFn("", "ours")).toThrow(/empty/);
    expect(() => ours.setMergeFn(5 as never, "ours")).toThrow(TypeError);
    expect(() => ours.setDefaultMerge(null as never)).toThrow(TypeError);
    await ours.merge();
    expect(text(await ours.get("k"))).toBe("second");
  });

  it("belong to the handle: createBranch, checkout and open do not inherit them, transact does", async () => {
    const { ours, store } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    const type: ContentType<Uint8Array> = { encode: (v) => v, decode: (v) => v, merge: (_o, mine) => mine };
    ours.setContentType("k", type);
    ours.setDefaultMerge("ours");
    const at = ours.currentCommit;
    const created = await ours.createBranch("created");
    const checkedOut = await ours.checkout(at);
    const opened = await Versioned.open(store, { commit: at });
    for (const v of [created, checkedOut, opened]) {
      expect(v?.getContentType("k")).toBeUndefined();
      await failureOf(MergeConflict, v?.mergeFrom("main") ?? Promise.resolve());
    }
    await ours.transact(async (tx) => {
      expect(tx.getContentType("k")).toBe(type);
      expect((await tx.mergeFrom({ commit: at })).resolvedKeys).toEqual(["k"]);
    });
  });

  it("of a transaction do not come back to the handle", async () => {
    const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    await ours.transact(async (tx) => {
      tx.setMergeFn("k", "ours");
      tx.setDefaultMerge("ours");
    });
    await failureOf(MergeConflict, ours.merge());
  });
});

describe("a merge rule", () => {
  it.each<[string, (v: Versioned, commit: string) => Promise<unknown>]>([
    ["snapshot", (v) => v.snapshot({ x: bytes("1") })],
    ["merge", (v) => v.merge()],
    ["mergeFrom", (v) => v.mergeFrom("main")],
    ["cherryPick", (v, commit) => v.cherryPick(commit)],
    ["revert", (v, commit) => v.revert(commit)],
    ["reset", (v) => v.reset()],
    ["resetTo", (v, commit) => v.resetTo(commit)],
    ["transact", (v) => v.transact(async () => undefined)],
    ["createBranch", (v) => v.createBranch("x")],
    ["createTag", (v) => v.createTag("x")],
  ])("that calls %s of its own handle gets a TypeError, which makes the key a conflict", async (_, call) => {
    const { ours, theirs } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    const source = theirs.currentCommit;
    const rule: MergeFn = async () => {
      await call(ours, source);
      return bytes("never");
    };
    for (const merge of ["merge", "cherryPick"] as const) {
      const merging =
        merge === "merge" ? ours.merge({ defaultMerge: rule }) : ours.cherryPick(source, { defaultMerge: rule });
      expect((await failureOf(MergeConflict, merging)).mergeErrors.get("k")).toBeInstanceOf(TypeError);
    }
    // The handle goes on.
    expect((await ours.merge({ defaultMerge: "ours" })).merged).toBe(true);
  });
});

describe("content types of a handle", () => {
  const joined: ContentType<string> = {
    encode: (value) => bytes(value),
    decode: (value) => text(value) ?? "",
    merge: (old, mine, others) => `${old}|${mine}|${others}`,
  };

  it("merge their key, and are given back", async () => {
    const { ours } = await diverged({ k: "0", other: "0" }, { k: "1" }, { k: "2" });
    ours.setContentType("k", joined);
    expect(ours.getContentType("k")).toBe(joined);
    expect(ours.getContentType("other")).toBeUndefined();
    await ours.merge();
    expect(text(await ours.get("k"))).toBe("0|1|2");
  });

  it("see undefined for what is absent, and remove the key by giving undefined", async () => {
    const { ours } = await diverged({ k: "0" }, { k: null, n: "1" }, { k: "2", n: "2" });
    ours.setContentType("k", { ...joined, merge: (...sides) => (sides[1] === undefined ? undefined : "wrong") });
    ours.setContentType("n", { ...joined, merge: (old) => String(old) });
    await ours.merge();
    expect(await contents(ours)).toEqual({ n: "undefined" });
  });

  it("are refused when they are none", async () => {
    const v = await Versioned.open();
    expect(() => v.setContentType("k", null as never)).toThrow(TypeError);
    expect(() => v.setContentType("k", { encode: joined.encode } as never)).toThrow(TypeError);
    expect(v.getContentType("k")).toBeUndefined();
  });
});

describe("merge rules given as an object", () => {
  it("take keys like __proto__ from a Map, and from an object's own fields", async () => {
    const { ours } = await diverged({}, {}, {});
    await change(ours, { x: "1" });
    const names = ["__proto__", "constructor", "toString"];
    const mine = await ours.createBranch("mine");
    await mine.snapshot(names.map((name): [string, Uint8Array] => [name, bytes("1")]));
    const others = await ours.createBranch("others");
    await others.snapshot(names.map((name): [string, Uint8Array] => [name, bytes("2")]));
    const source = { commit: others.currentCommit };
    const error = await failureOf(MergeConflict, mine.mergeFrom(source, { mergeFns: {} }));
    expect([...error.conflictingKeys]).toEqual(names);
    const own = JSON.parse('{"__proto__":"theirs"}') as Record<string, Rule>;
    const rest = await failureOf(MergeConflict, mine.mergeFrom(source, { mergeFns: own }));
    expect([...rest.conflictingKeys]).toEqual(["constructor", "toString"]);
    await mine.mergeFrom(source, { mergeFns: new Map(names.map((name) => [name, "theirs"])) });
    expect(text(await mine.get("__proto__"))).toBe("2");
  });
});
