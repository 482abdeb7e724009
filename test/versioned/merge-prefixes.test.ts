import { beforeEach, describe, expect, it } from "vitest";
import {
  counter,
  InvalidKeyError,
  Memory,
  MergeConflict,
  type MergeOptions,
  Namespaced,
  type Rule,
  Versioned,
} from "vkv";
import { bytes, type Changes, change, contents, text } from "./helpers.ts";

/** A rule that says which one it is. */
const says =
  (name: string): Rule =>
  () =>
    bytes(name);

let v: Versioned;

/** Merges what two sides made of a base; the handle's side is ours. */
async function merged(base: Changes, ours: Changes, theirs: Changes, options: MergeOptions = {}): Promise<unknown> {
  await change(v, base);
  await v.merge();
  const other = await Versioned.open(v.store);
  await change(other, { ...theirs, other: "1" });
  await other.merge();
  await change(v, { ...ours, own: "1" });
  const result = await v.merge(options);
  const { own, other: others, ...all } = await contents(v);
  expect([own, others]).toEqual(["1", "1"]);
  const { autoMergedKeys, resolvedKeys, carriedKeys } = result;
  const without = (keys: readonly string[]): string[] => keys.filter((key) => key !== "own" && key !== "other");
  return { all, auto: without(autoMergedKeys), resolved: without(resolvedKeys), carried: without(carriedKeys) };
}

beforeEach(async () => {
  v = await Versioned.open(new Memory());
});

describe("a rule for a prefix", () => {
  it("lets one side own all keys under it: also what the other side added, changed or removed alone", async () => {
    const base = { "run/a": "0", "run/b": "0", "run/c": "0", "run/d": "0", x: "0" };
    const ours = { "run/a": "ours", "run/c": null, "run/new": "ours" };
    const theirs = { "run/a": "theirs", "run/b": "theirs", "run/d": null, "run/other": "theirs", x: "theirs" };
    expect(await merged(base, ours, theirs, { mergePrefixes: { "run/": "ours" } })).toEqual({
      all: { "run/a": "ours", "run/b": "0", "run/d": "0", "run/new": "ours", x: "theirs" },
      auto: ["run/a", "run/b", "run/c", "run/d", "run/new", "run/other"],
      resolved: ["run/a", "run/b", "run/c", "run/d", "run/new", "run/other"],
      carried: ["x"],
    });
  });

  it("the same for the other side", async () => {
    v.setMergePrefix("run/", "theirs");
    const base = { "run/a": "0", "run/b": "0" };
    const ours = { "run/a": "ours", "run/b": "ours", "run/new": "ours" };
    expect(await merged(base, ours, { "run/a": "theirs", "run/x": "theirs" })).toEqual({
      all: { "run/a": "theirs", "run/b": "0", "run/x": "theirs" },
      auto: ["run/a", "run/b", "run/new", "run/x"],
      resolved: ["run/a", "run/b", "run/new", "run/x"],
      carried: [],
    });
  });

  it("that is a function decides what both sides changed, and nothing else", async () => {
    const { encode, decode } = counter();
    v.setMergePrefix("hits/", (old, ours, theirs) => {
      const count = (value: Uint8Array | undefined): bigint => (value === undefined ? 0n : decode(value));
      return encode(count(ours) + count(theirs) - count(old));
    });
    await v.snapshot({ "hits/a": encode(1n), "hits/b": encode(1n) });
    await v.merge();
    const other = await Versioned.open(v.store);
    await other.snapshot({ "hits/a": encode(5n), "hits/b": encode(7n), "hits/new": encode(2n) });
    await other.merge();
    await v.snapshot({ "hits/a": encode(3n), "hits/new": encode(4n) });
    const result = await v.merge();
    expect(result).toMatchObject({ resolvedKeys: ["hits/a", "hits/new"], carriedKeys: ["hits/b"] });
    expect(decode((await v.get("hits/a")) ?? bytes(""))).toBe(7n);
    expect(decode((await v.get("hits/new")) ?? bytes(""))).toBe(6n);
    expect(decode((await v.get("hits/b")) ?? bytes(""))).toBe(7n);
  });

  it("comes after rules for the key, and before defaults; the longest one counts, the call's before the handle's", async () => {
    const both = { a: "1", "p/a": "1", "p/b": "1", "p/q/a": "1", "p/q/b": "1", "p/q/r/a": "1", "z/a": "1" };
    const theirs = Object.fromEntries(Object.keys(both).map((key) => [key, "2"]));
    v.setMergeFn("p/q/r/a", says("handle's key"));
    v.setMergePrefix("p/", says("handle's p/"));
    v.setMergePrefix("p/q/r/", says("never"));
    v.setMergePrefix("p/q/b", says("handle's p/q/b, longer than the call's"));
    v.setMergePrefix("z/", says("never"));
    v.setDefaultMerge(says("never"));
    const result = await merged({}, both, theirs, {
      mergeFns: { "p/b": says("call's key") },
      mergePrefixes: new Map([
        ["p/q/", says("call's p/q/")],
        ["z/", says("call's z/")],
      ]),
      defaultMerge: says("call's default"),
    });
    expect(result).toMatchObject({
      all: {
        a: "call's default",
        "p/a": "handle's p/",
        "p/b": "call's key",
        "p/q/a": "call's p/q/",
        "p/q/b": "call's p/q/",
        "p/q/r/a": "handle's key",
        "z/a": "call's z/",
      },
    });
  });

  it("does not decide a key that one side changed where a rule for the key comes first", async () => {
    v.setMergePrefix("p/", "ours");
    v.setMergeFn("p/a", "ours");
    v.setMergeFn("p/b", says("never"));
    expect(await merged({}, {}, { "p/a": "theirs", "p/b": "theirs", "p/c": "theirs" })).toMatchObject({
      all: { "p/a": "theirs", "p/b": "theirs" },
      resolved: ["p/c"],
      carried: ["p/a", "p/b"],
    });
  });

  it("may be empty, for all keys", async () => {
    await change(v, { x: "0" });
    await v.merge();
    const other = await Versioned.open(v.store);
    await change(other, { x: "theirs", y: "theirs" });
    await other.merge();
    await change(v, { z: "ours" });
    await v.merge({ mergePrefixes: { "": "ours" } });
    expect(await contents(v)).toEqual({ x: "0", z: "ours" });
  });

  it("is taken over by transactions, not by other handles, and removed keys stay removed", async () => {
    v.setMergePrefix("p/", "theirs");
    await change(v, { "p/a": "0" });
    await v.merge();
    const other = await v.createBranch("other");
    await change(other, { "p/a": null });
    await other.merge();
    await v.transact(async (tx) => {
      await change(tx, { "p/a": "ours" });
      await tx.mergeFrom("other");
    });
    expect(await contents(v)).toEqual({});
    await change(v, { "p/a": "1" });
    await change(other, { "p/a": "2" });
    await v.merge();
    await expect(other.mergeFrom("main")).rejects.toThrow(MergeConflict);
  });

  it("of a namespace is under its own prefix", async () => {
    const ns = new Namespaced(v, "agent");
    ns.setMergePrefix("log/", "ours");
    await ns.snapshot({ "log/a": bytes("0"), x: bytes("0") });
    await ns.merge();
    const other = await Versioned.open(v.store);
    await change(other, { "agent/log/b": "theirs", "agent/y/b": "theirs", "log/b": "theirs" });
    await other.merge();
    await ns.snapshot({ z: bytes("1") });
    await ns.merge({ mergePrefixes: { "y/": "ours" } });
    expect(await contents(v)).toEqual({ "agent/log/a": "0", "agent/x": "0", "agent/z": "1", "log/b": "theirs" });
    expect(() => ns.setMergePrefix(1 as never, "ours")).toThrow(TypeError);
  });

  it("must be a rule for what a key can begin with", async () => {
    expect(() => v.setMergePrefix("\ud800", "ours")).toThrow(InvalidKeyError);
    expect(() => v.setMergePrefix("p/", "mine" as never)).toThrow(TypeError);
    await expect(v.merge({ mergePrefixes: { "p/": 1 as never } })).rejects.toThrow(TypeError);
    await expect(v.merge({ mergePrefixes: "p/" as never })).rejects.toThrow(TypeError);
  });

  it("previews and resolves conflicts in a second call", async () => {
    await change(v, { "p/a": "0", b: "0" });
    await v.merge();
    const other = await Versioned.open(v.store);
    await change(other, { "p/a": "theirs", b: "theirs" });
    await other.merge();
    await change(v, { "p/a": "ours", b: "ours" });
    const preview = await v.merge({ dryRun: true, onConflict: "abandon", mergePrefixes: { "p/": "ours" } });
    expect(preview.conflicts.map(({ key, theirs }) => [key, text(theirs)])).toEqual([["b", "theirs"]]);
    await v.merge({ mergePrefixes: { "p/": "ours" }, mergeFns: { b: "theirs" } });
    expect(await contents(v)).toEqual({ "p/a": "ours", b: "theirs" });
  });
});
