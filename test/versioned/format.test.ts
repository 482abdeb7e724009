import { describe, expect, it } from "vitest";
import { CorruptionError, FormatVersionError, Memory, Versioned } from "vkv";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { bytes, change, failureOf, text } from "./helpers.ts";
import { ScriptedStore } from "./scripted-store.ts";

const writes = (store: ScriptedStore): number => store.calls.filter(({ op }) => op !== "get" && op !== "keys").length;

describe("a store in another format", () => {
  it("is refused before anything is written, for reading as well", async () => {
    for (const found of [
      "vkv 3",
      "vkv 5",
      "vkv 4,",
      "vkv 4, tails of 0, 00",
      "vkv 4, tails of 2048",
      "vkv 4, tails of 2049, 4a",
      "vkv 0",
      "vkv",
      "something else",
      "",
      "\u0000",
    ]) {
      const memory = new Memory();
      memory.set("vkv/format", bytes(found));
      const store = new ScriptedStore(memory);
      const calls = [
        () => Versioned.open(store),
        () => Versioned.open(store, { create: false }),
        () => Versioned.open(store, { branch: "new", commit: "f".repeat(64) }),
        () => Versioned.branches(store),
      ];
      for (const call of calls) {
        const error = await failureOf(FormatVersionError, call);
        expect([error.code, error.found, error.supported]).toEqual(["VKV_FORMAT_VERSION", found, "vkv 4"]);
      }
      expect(writes(store)).toBe(0);
    }
  });

  it("is refused when its mark is no text", async () => {
    const memory = new Memory();
    memory.set("vkv/format", new Uint8Array([0xff, 0xfe]));
    await failureOf(FormatVersionError, Versioned.open(memory));
  });

  it.each([
    ["nodes", 0, 5],
    ["changes", 2048, 4],
  ])("is refused where refs or chunks are of a later format, where %s are stored", async (_, limit, count) => {
    const memory = new PlainMemory(limit);
    const v = await Versioned.open(memory);
    await change(v, { a: "1" });
    await v.merge();
    const keys = [...memory.keys()].filter((key) => key !== "vkv/format");
    expect(keys).toHaveLength(count);
    for (const key of keys) {
      const copy = new Memory();
      for await (const [name, value] of memory.entries()) copy.set(name, value);
      const stored = copy.get(key) ?? bytes("");
      stored[0] = 99;
      copy.set(key, stored);
      const store = new ScriptedStore(copy);
      const readAll = async (): Promise<void> => {
        const reader = await Versioned.open(store, { create: false });
        await reader.entries().toArray();
        for (const id of await reader.history().toArray()) await (await reader.checkout(id))?.keys().toArray();
      };
      const error = await failureOf(FormatVersionError, readAll);
      expect(error.found).toContain("99");
      expect(writes(store)).toBe(0);
    }
  });

  it("is marked when the first branch is created, and only then", async () => {
    for (const [memory, mark] of [
      [new PlainMemory(), "vkv 4"],
      [new Memory(), "vkv 4, tails of 2048, d8"],
    ] as const) {
      await Versioned.branches(memory);
      expect([...memory.keys()]).toEqual([]);
      await Versioned.open(memory);
      expect(text(memory.get("vkv/format"))).toEqual(mark);
    }
  });
});

describe("damaged bytes", () => {
  it("of a ref are a CorruptionError that names it", async () => {
    for (const damage of [
      new Uint8Array(0),
      new Uint8Array([1]),
      new Uint8Array([1, 1, 2, 3]),
      new Uint8Array(20).fill(1),
    ]) {
      const memory = new Memory();
      const v = await Versioned.open(memory);
      memory.set("b/main", damage);
      const error = await failureOf(CorruptionError, Versioned.open(memory));
      expect([error.code, error.at]).toEqual(["VKV_CORRUPTION", "b/main"]);
      await failureOf(CorruptionError, v.latestHead());
      await failureOf(CorruptionError, v.listBranches());
    }
  });

  it("of any chunk are noticed, whichever byte of it changes or is cut off", async () => {
    const memory = new Memory();
    const v = await Versioned.open(memory);
    await change(v, { a: "1", big: "x".repeat(2000) }, { by: "me" });
    await v.merge();
    const keys = [...memory.keys()].filter((key) => key.startsWith("n/") || key.startsWith("c/"));
    const readAll = async (store: Memory): Promise<void> => {
      const reader = await Versioned.open(store, { create: false });
      for (const id of await reader.history().toArray()) {
        await reader.commitInfo(id);
        await (await reader.checkout(id))?.entries().toArray();
      }
    };
    for (const key of keys) {
      const whole = memory.get(key) ?? bytes("");
      const damaged = [whole.subarray(0, whole.length - 1), whole.subarray(0, 2), new Uint8Array(0)];
      for (let at = 1; at < whole.length; at += 1 + Math.floor(whole.length / 25)) {
        const changed = whole.slice();
        changed[at] = (changed[at] ?? 0) ^ 0x41;
        damaged.push(changed);
      }
      for (const stored of damaged) {
        const copy = new Memory();
        for await (const [name, value] of memory.entries()) copy.set(name, value);
        copy.set(key, stored);
        const error = await failureOf(CorruptionError, readAll(copy));
        expect(error.at).toMatch(/^[0-9a-f]{64}$/);
      }
    }
  });

  it("are not taken for a missing key when a chunk is gone: the read fails", async () => {
    const memory = new Memory();
    const v = await Versioned.open(memory);
    await v.snapshot({
      big: new Uint8Array(5000),
      ...Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, bytes("v")])),
    });
    await v.merge();
    const { root } = await v.commit(await v.initialCommit());
    const emptyRoot = chunkKey("node", root as Hash);
    for (const key of [...memory.keys()].filter((name) => name.startsWith("n/") && name !== emptyRoot)) {
      const copy = new Memory();
      for await (const [name, value] of memory.entries()) if (name !== key) copy.set(name, value);
      const reader = await Versioned.open(copy);
      await failureOf(CorruptionError, reader.entries().toArray());
    }
    const copy = new Memory();
    for await (const [name, value] of memory.entries()) if (!name.startsWith("n/")) copy.set(name, value);
    const reader = await Versioned.open(copy);
    await failureOf(CorruptionError, reader.get("k1"));
    await failureOf(CorruptionError, reader.has("k1"));
    await failureOf(CorruptionError, reader.getMany(["big"]));
    await failureOf(CorruptionError, reader.keys().toArray());
    await failureOf(CorruptionError, reader.snapshot({ k1: bytes("2") }));
    expect(reader.currentCommit).toBe(v.currentCommit);
  });

  it("are not taken for a new branch when HEAD's commit is gone", async () => {
    const memory = new Memory();
    const v = await Versioned.open(memory);
    const id = await change(v, { a: "1" });
    await v.merge();
    const copy = new Memory();
    for await (const [name, value] of memory.entries()) if (!name.startsWith("c/")) copy.set(name, value);
    const error = await failureOf(CorruptionError, Versioned.open(copy));
    expect(error.at).toBe(id);
    expect(copy.get("b/main")).toEqual(memory.get("b/main"));
  });
});
