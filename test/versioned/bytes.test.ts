import { describe, expect, it } from "vitest";
import { Memory, MergeConflict, Versioned } from "vkv";
import { bytes, change, diverged, failureOf, text } from "./helpers.ts";
import { ScriptedStore } from "./scripted-store.ts";

/** Whether a value is `size` ones. (`toEqual` takes seconds for large ones.) */
function isOnes(value: Uint8Array | undefined, size: number): boolean {
  return value !== undefined && Buffer.compare(value, new Uint8Array(size).fill(1)) === 0;
}

const sizes = [1, 100, 512, 513, 5000, 200_000];

describe("bytes are never shared", () => {
  it.each(sizes)("on the way in, also while the call is pending: %d bytes", async (size) => {
    const v = await Versioned.open(new ScriptedStore(new Memory()));
    const value = new Uint8Array(size).fill(1);
    const pending = v.snapshot({ k: value });
    value.fill(2);
    await pending;
    value.fill(3);
    await v.merge();
    expect(isOnes(await v.get("k"), size)).toBe(true);
    const again = await Versioned.open(new ScriptedStore((v.store as ScriptedStore).inner));
    expect(isOnes(await again.get("k"), size)).toBe(true);
  });

  it.each(sizes)("on the way in through a namespace and a transaction: %d bytes", async (size) => {
    const v = await Versioned.open();
    const value = new Uint8Array(size).fill(1);
    const pending = v.namespace("n").snapshot({ k: value });
    value.fill(2);
    await pending;
    expect(isOnes(await v.get("n/k"), size)).toBe(true);
  });

  it.each(sizes)("on the way out: %d bytes", async (size) => {
    const v = await Versioned.open();
    await v.snapshot({ k: new Uint8Array(size).fill(1) });
    const at = v.currentCommit;
    const spoil = (value: Uint8Array | undefined): void => void value?.fill(9);
    spoil(await v.get("k"));
    spoil((await v.getMany(["k"])).get("k"));
    for (const [, value] of await v.entries().toArray()) spoil(value);
    for await (const [, value] of v.entries()) spoil(value);
    const root = await v.initialCommit();
    for (const { new: value } of await v.changes(root, at).toArray()) spoil(value);
    for (const { old: value } of await v.changes(at, root).toArray()) spoil(value);
    for (const [, value] of await v.namespace("n").descendantEntries().toArray()) spoil(value);
    expect(isOnes(await v.get("k"), size)).toBe(true);
    await change(v, { other: "1" });
    await v.merge();
    expect(isOnes(await (await Versioned.open(v.store)).get("k"), size)).toBe(true);
  });

  it.each(sizes)("with merge rules and conflicts: %d bytes", async (size) => {
    const [a, b, c] = [1, 2, 3].map((i) => String(i).repeat(size));
    const { ours } = await diverged({ k: a ?? null }, { k: b ?? null }, { k: c ?? null });
    const result = await ours.merge({ onConflict: "abandon" });
    for (const { old, ours: mine, theirs } of result.conflicts) for (const value of [old, mine, theirs]) value?.fill(9);
    let kept: Uint8Array | undefined;
    await ours.merge({
      mergeFns: {
        k: (old, mine, theirs) => {
          expect([old, mine, theirs].map((value) => text(value)?.slice(0, 1))).toEqual(["1", "2", "3"]);
          for (const value of [old, theirs]) value?.fill(9);
          kept = mine;
          return mine;
        },
      },
    });
    kept?.fill(9);
    expect(text(await ours.get("k"))).toBe(b);
    expect(text(await (await ours.checkout((await ours.parents())[0] ?? ""))?.get("k"))).toBe(c);
  });

  it("with a rule that changes what it is given, and then throws", async () => {
    const { ours } = await diverged({ k: "0" }, { k: "1" }, { k: "2" });
    const error = await failureOf(
      MergeConflict,
      ours.merge({
        mergeFns: {
          k: (...values) => {
            for (const value of values) value?.fill(9);
            throw new Error("no");
          },
        },
      }),
    );
    expect(error.conflicts).toMatchObject([{ old: bytes("0"), ours: bytes("1"), theirs: bytes("2") }]);
    expect(text(await ours.get("k"))).toBe("1");
  });

  it("takes Node's Buffers, and views into larger buffers", async () => {
    const v = await Versioned.open();
    const pool = Buffer.from("0123456789");
    const pending = v.snapshot({ a: pool.subarray(2, 5), b: Buffer.from("x".repeat(2000)) });
    pool.fill(0);
    await pending;
    expect(text(await v.get("a"))).toBe("234");
    expect(await v.get("b")).toEqual(bytes("x".repeat(2000)));
    expect((await v.get("a"))?.constructor).toBe(Uint8Array);
  });

  it("copies keys, removals and info", async () => {
    const v = await Versioned.open(new ScriptedStore(new Memory()));
    await change(v, { a: "1", b: "1" });
    const updates = new Map([["c", bytes("1")]]);
    const removals = ["a"];
    const info = { list: [1] };
    const pending = v.snapshot(updates, { removals, info });
    updates.set("d", bytes("1"));
    removals.push("b");
    info.list.push(2);
    await pending;
    expect(await v.keys().toArray()).toEqual(["b", "c"]);
    expect(await v.commitInfo()).toEqual({ list: [1] });
  });
});
