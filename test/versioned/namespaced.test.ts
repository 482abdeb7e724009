import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidKeyError, InvalidNamespaceError, Memory, MergeConflict, Namespaced, Versioned } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { bytes, change, contents, diverged, failureOf, publishedContents, text } from "./helpers.ts";
import { ScriptedStore } from "./scripted-store.ts";

describe("Namespaced", () => {
  it("is a view of the keys under its name: written here they are in the store, and the other way round", async () => {
    const v = await Versioned.open();
    const agent = new Namespaced(v, "agent");
    await agent.snapshot({ state: bytes("on"), "sub/key": bytes("deep") });
    expect(await contents(v)).toEqual({ "agent/state": "on", "agent/sub/key": "deep" });
    await change(v, { "agent/q": "1", agents: "other", agent: "other", "other/state": "off" });
    expect(text(await agent.get("q"))).toBe("1");
    expect(await agent.has("state")).toBe(true);
    expect(await agent.has("agents")).toBe(false);
    expect(await agent.get("agent/state")).toBeUndefined();
    expect(await agent.keys().toArray()).toEqual(["q", "state"]);
    expect(text(await agent.child("sub").get("key"))).toBe("deep");
  });

  it("nests", async () => {
    const v = await Versioned.open();
    const worker = new Namespaced(new Namespaced(v, "agent"), "worker");
    expect(worker.namespace).toBe("agent/worker");
    expect(worker.baseStore).toBe(v);
    await worker.snapshot({ task: bytes("1") });
    expect(text(await v.get("agent/worker/task"))).toBe("1");
    expect(v.namespace("agent").child("worker").namespace).toBe("agent/worker");
    expect(text(await v.namespace("agent").get("worker/task"))).toBe("1");
  });

  it("refuses names that are empty, hold a / or are not well-formed, and anything that is no store", async () => {
    const v = await Versioned.open();
    for (const name of ["", "a/b", "/", "a/", "\ud800"]) {
      const error = await failureOf(InvalidNamespaceError, () => new Namespaced(v, name));
      expect(error.namespace).toBe(name);
      await failureOf(InvalidNamespaceError, () => v.namespace(name));
      await failureOf(InvalidNamespaceError, () => v.namespace("a").child(name));
    }
    for (const name of [undefined, 5, ["a"]]) await failureOf(TypeError, () => v.namespace(name as never));
    for (const store of [undefined, {}, new Memory(), "v"])
      await failureOf(TypeError, () => new Namespaced(store as never, "a"));
  });

  it("reads many at once by short names", async () => {
    const v = await Versioned.open();
    const ns = v.namespace("n");
    await ns.snapshot({ a: bytes("1"), b: bytes("2") });
    expect(await ns.getMany(["b", "missing", "a"])).toEqual(
      new Map([
        ["b", bytes("2")],
        ["a", bytes("1")],
      ]),
    );
    await failureOf(TypeError, ns.getMany("ab" as never));
  });

  it("refuses keys that cannot be held", async () => {
    const ns = (await Versioned.open()).namespace("n");
    await failureOf(InvalidKeyError, ns.get(""));
    await failureOf(InvalidKeyError, ns.has(""));
    await failureOf(InvalidKeyError, ns.snapshot([["", bytes("1")]]));
    await failureOf(InvalidKeyError, ns.snapshot(null, { removals: [""] }));
    await failureOf(InvalidKeyError, ns.snapshot([["k".repeat(4095), bytes("1")]]));
    await failureOf(TypeError, ns.get(5 as never));
    await ns.snapshot([["k".repeat(4094), bytes("1")]]);
  });

  it("lists direct children, and all descendants, in code-point order with their values", async () => {
    const v = await Versioned.open();
    await change(v, {
      a: "0",
      "n/b": "1",
      "n/a/x": "2",
      "n/a/y/z": "3",
      "n/a": "4",
      "n/a0": "5",
      "n/\u{1f600}": "6",
      "n/\uffff": "7",
      n0: "8",
    });
    const ns = v.namespace("n");
    expect(await ns.keys().toArray()).toEqual(["a", "a0", "b", "\uffff", "\u{1f600}"]);
    expect((await ns.entries().toArray()).map(([key, value]) => [key, text(value)])).toEqual([
      ["a", "4"],
      ["a0", "5"],
      ["b", "1"],
      ["\uffff", "7"],
      ["\u{1f600}", "6"],
    ]);
    expect(await ns.descendantKeys().toArray()).toEqual(["a", "a/x", "a/y/z", "a0", "b", "\uffff", "\u{1f600}"]);
    expect((await ns.descendantEntries().toArray()).map(([key]) => key)).toEqual(await ns.descendantKeys().toArray());
    expect(await ns.child("a").keys().toArray()).toEqual(["x"]);
    expect(await v.namespace("none").keys().toArray()).toEqual([]);
  });

  it("gives no key that it could not read: that of the bare prefix is the store's only", async () => {
    const v = await Versioned.open();
    await change(v, { "n/": "bare", "n//x": "1", "n/a": "2" });
    const ns = v.namespace("n");
    expect(await ns.keys().toArray()).toEqual(["a"]);
    expect(await ns.descendantKeys().toArray()).toEqual(["/x", "a"]);
    for (const key of await ns.descendantKeys().toArray()) expect(await ns.has(key)).toBe(true);
  });

  it("lists as a model does, whatever lies in the store", async () => {
    const part = fc.constantFrom("a", "b", "a0", "-", "\u{1f600}", "\uffff", "n");
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const deep = fc
      .tuple(path, fc.nat({ max: 150 }))
      .map(([prefix, n]) => Array.from({ length: n }, (_, i) => `${prefix}/${i}/x`));
    await fc.assert(
      fc.asyncProperty(fc.array(path, { maxLength: 30 }), fc.array(deep, { maxLength: 3 }), async (paths, subtrees) => {
        const keys = new Set([...paths, ...subtrees.flat()]);
        const v = await Versioned.open();
        await v.snapshot([...keys].map((key): [string, Uint8Array] => [key, bytes(key)]));
        for (const ns of [v.namespace("n"), v.namespace("a").child("n")]) {
          const below = [...keys]
            .filter((key) => key.startsWith(`${ns.namespace}/`))
            .map((key) => key.slice(ns.namespace.length + 1))
            .sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
          expect(await ns.descendantKeys().toArray()).toEqual(below);
          const children = below.filter((key) => !key.includes("/"));
          expect(await ns.keys().toArray()).toEqual(children);
          expect(await ns.entries().toArray()).toEqual(children.map((key) => [key, bytes(`${ns.namespace}/${key}`)]));
        }
      }),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("passes over a large nested namespace, and over the rest of the store, with few reads", async () => {
    const memory = new Memory();
    const v = await Versioned.open(memory);
    const many = (prefix: string): [string, Uint8Array][] =>
      Array.from({ length: 20_000 }, (_, i) => [`${prefix}${i}`, new Uint8Array(50)]);
    await v.snapshot([...many("a/"), ...many("n/big/"), ...many("z/")]);
    await change(v, { "n/a": "1", "n/z": "1" });
    await v.merge();
    const store = new ScriptedStore(memory);
    const reader = await Versioned.open(store);
    const before = store.calls.length;
    expect(await reader.namespace("n").keys().toArray()).toEqual(["a", "z"]);
    const reads = store.calls.length - before;
    await reader.namespace("n").descendantKeys().toArray();
    const all = store.calls.length - before;
    expect(reads).toBeLessThan(40);
    expect(all).toBeGreaterThan(10 * reads);
  });

  it("writes and removes under its prefix, with info", async () => {
    const v = await Versioned.open();
    await change(v, { k: "base", "n/k": "old", "n/l": "old" });
    const ns = v.namespace("n");
    const id = await ns.snapshot(new Map([["m", bytes("new")]]), {
      removals: new Set(["k", "missing"]),
      info: { by: "me" },
    });
    expect(ns.currentCommit).toBe(id);
    expect(await contents(v)).toEqual({ k: "base", "n/l": "old", "n/m": "new" });
    expect(await v.commitInfo()).toEqual({ by: "me" });
    expect(await ns.snapshot()).toBe(id);
    expect(await ns.snapshot(null)).toBe(id);
    await ns.snapshot(null, { removals: ["l"] });
    expect(await ns.keys().toArray()).toEqual(["m"]);
    await failureOf(TypeError, ns.snapshot({ k: "text" as never }));
    await failureOf(TypeError, ns.snapshot(null, { removals: "m" as never }));
  });

  it("merges the branch: its rules are for its keys, the result names full keys", async () => {
    const { ours, store } = await diverged(
      { k: "0", "n/k": "0" },
      { k: "1", "n/k": "1", a: "1" },
      { k: "1", "n/k": "2", b: "1" },
    );
    const ns = ours.namespace("n");
    const conflict = await failureOf(MergeConflict, ns.merge({ mergeFns: { "n/k": "ours", other: "theirs" } }));
    expect([...conflict.conflictingKeys]).toEqual(["n/k"]);
    const result = await ns.merge({ mergeFns: { k: () => bytes("merged") }, info: { by: "ns" } });
    expect(result).toMatchObject({
      strategy: "three_way",
      autoMergedKeys: ["a", "k", "n/k"],
      resolvedKeys: ["n/k"],
      carriedKeys: ["b"],
    });
    expect(ns.lastMergeResult).toBe(result);
    expect(ours.lastMergeResult).toBe(result);
    expect([ns.currentCommit, ns.baseCommit]).toEqual([ours.currentCommit, ours.baseCommit]);
    expect(await publishedContents(store)).toEqual({ k: "1", "n/k": "merged", a: "1", b: "1" });
    await failureOf(TypeError, ns.merge({ mergeFns: { k: "both" as never } }));
    await failureOf(TypeError, ns.merge({ mergeFns: "ours" as never }));
  });

  it("sets rules and types for its keys, and the default for the whole store", async () => {
    const { ours } = await diverged(
      { x: "0", "n/a": "0", "n/b": "0" },
      { x: "1", "n/a": "1", "n/b": "1" },
      { x: "2", "n/a": "2", "n/b": "2" },
    );
    const ns = ours.namespace("n");
    const type = { encode: bytes, decode: (value: Uint8Array) => text(value) ?? "", merge: () => "typed" };
    ns.setMergeFn("a", "theirs");
    ns.setContentType("b", type);
    ns.setDefaultMerge("ours");
    expect(ns.getContentType("b")).toBe(type);
    expect(ours.getContentType("n/b")).toBe(type);
    expect(ours.getContentType("b")).toBeUndefined();
    await ns.merge();
    expect(await contents(ours)).toEqual({ x: "1", "n/a": "2", "n/b": "typed" });
    expect(() => ns.setMergeFn("", "ours")).toThrow(InvalidKeyError);
  });

  it("runs transactions on a namespace like it", async () => {
    const v = await Versioned.open();
    const ns = v.namespace("a").child("b");
    const value = await ns.transact(
      async (tx) => {
        expect(tx.namespace).toBe("a/b");
        expect(tx.baseStore).not.toBe(v);
        await tx.snapshot({ n: bytes("1") });
        return 7;
      },
      { info: { by: "tx" } },
    );
    expect(value).toBe(7);
    expect(await publishedContents(v.store as Memory)).toEqual({ "a/b/n": "1" });
    expect(await v.commitInfo()).toEqual({ by: "tx" });
  });

  it("lists the branches of the store", async () => {
    const v = await Versioned.open();
    await v.createBranch("dev");
    expect(await v.namespace("n").listBranches()).toEqual(["dev", "main"]);
  });
});
