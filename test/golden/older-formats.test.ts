/** What the formats "vkv 1" and "vkv 2" fixed, and stores that were written in them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { collectGarbage, type Memory, Versioned, verify } from "vkv";
import { decodeChunk } from "../../src/chunk/codec.ts";
import { decodeRef } from "../../src/commit/ref.ts";
import { decodeEpoch } from "../../src/commit/epoch.ts";
import { FORMAT_KEY, markOf } from "../../src/commit/format.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { bytes, change, contents, text } from "../versioned/helpers.ts";
import { ScriptedStore } from "../versioned/scripted-store.ts";
import { goldenFormat } from "./format.ts";

type Fields = Readonly<Record<string, unknown>>;

interface StoredStore {
  readonly head: string;
  readonly topic: string;
  readonly history: readonly string[];
  /** By key, in base64. */
  readonly stored: Readonly<Record<string, string>>;
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const textAt = (store: Memory): string | undefined => text(store.get(FORMAT_KEY));
const isChunk = (key: string): boolean => /^[cn]\//.test(key);
const versions = (store: Memory): Set<number | undefined> =>
  new Set([...store.memory].filter(([key]) => isChunk(key)).map(([, value]) => value[0]));

/** What the branch `main` of that store holds. */
function wanted(): Record<string, string> {
  const keys = Array.from({ length: 60 }, (_, i) => [`k${String(i).padStart(2, "0")}`, `value ${i}`]);
  const { k30: _, ...rest } = Object.fromEntries(keys) as Record<string, string>;
  return { ...rest, k59: "of main", large: "x".repeat(600), after: "a collection" };
}

describe.each([1, 2])("format %i", (format) => {
  const old = read(`./format-${format}.json`) as Fields;
  const { head, topic, history, stored } = read(`./store-${format}.json`) as StoredStore;

  function oldStore(tailLimit = 0): Memory {
    const store = new PlainMemory(tailLimit);
    for (const [key, value] of Object.entries(stored)) store.set(key, Buffer.from(value, "base64"));
    return store;
  }

  describe("the format", () => {
    it("has the payloads, hashes and ids of today", async () => {
      const now = (await goldenFormat()) as Fields;
      for (const [name, value] of Object.entries(old)) {
        if (["stored chunks", "refs", "epochs", "store keys"].includes(name)) continue;
        expect({ [name]: now[name] }).toEqual({ [name]: value });
      }
      const { format: _, ...keys } = old["store keys"] as Fields;
      expect(now["store keys"]).toMatchObject(keys);
    });

    it("has chunks, refs and epochs that are still read", () => {
      const [full, empty] = (old["stored chunks"] as string[]).map((hex) => decodeChunk(Buffer.from(hex, "hex")));
      expect(full).toEqual({ epoch: 0, createdAt: 1_700_000_000_000, payload: Buffer.from("vkv") });
      expect(empty).toEqual({ epoch: 300, createdAt: 0, payload: Buffer.alloc(0) });
      const refs = Object.entries(old["refs"] as Record<string, string>);
      const decoded = Object.fromEntries(refs.map(([name, hex]) => [name, decodeRef(name, Buffer.from(hex, "hex"))]));
      expect(decoded).toMatchObject({
        branch: { head: old["hash"], epoch: 0, cuts: [], info: undefined },
        tag: { head: old["hash"], epoch: 300, cuts: [], info: { by: "someone" } },
        reservation: { head: undefined },
      });
      const epochs = (old["epochs"] as string[]).map((hex) => decodeEpoch(Buffer.from(hex, "hex")));
      expect(epochs).toEqual([1, 201]);
    });
  });

  describe("a store in it", () => {
    it("is read as it is: nothing is written", async () => {
      const store = new ScriptedStore(oldStore());
      const v = await Versioned.open(store);
      expect(v.currentCommit).toBe(head);
      expect(await contents(v)).toEqual(wanted());
      expect(await v.history().toArray()).toEqual(history);
      expect(await v.listTags()).toEqual(new Map([["v1", { commit: expect.any(String), info: { release: 1 } }]]));
      const other = await Versioned.open(store, { branch: "topic" });
      expect(text(await other.get("k00"))).toBe("of topic");
      expect((await v.mergeFrom("topic", { dryRun: true })).merged).toBe(true);
      expect((await v.commit(history.at(-2))).info).toEqual({ message: "first" });
      expect(await verify(store)).toEqual({ ok: true, problems: [], omitted: 0 });
      expect(store.calls.filter(({ op }) => op !== "get" && op !== "keys")).toEqual([]);
      expect(textAt(store.inner)).toBe(`vkv ${format}`);
    });

    const writes: [string, (v: Versioned, store: ScriptedStore) => Promise<unknown>][] = [
      ["a snapshot", (v) => change(v, { a: "1" })],
      ["a merge of another branch", (v) => v.mergeFrom("topic")],
      ["a reset", (v) => v.resetTo(history[1] ?? "")],
      ["a transaction", (v) => v.transact((tx) => change(tx, { a: "1" }))],
      ["a new branch", (v) => v.createBranch("new")],
      ["a new tag", (v) => v.createTag("new")],
      ["opening a new branch", (_, store) => Versioned.open(store, { branch: "new" })],
      ["opening a new branch at a commit", (_, store) => Versioned.open(store, { branch: "new", commit: topic })],
      ["a collection", (_, store) => collectGarbage(store)],
    ];

    it.each(writes)("is marked as one of format 4 before it is written into: %s", async (_, write) => {
      const store = new ScriptedStore(oldStore());
      const v = await Versioned.open(store);
      await write(v, store);
      const written = store.calls.filter(({ op }) => op !== "get" && op !== "keys");
      // One that expects no mark comes first; it costs a new store nothing.
      expect(written.slice(0, 2)).toEqual(Array(2).fill({ op: "cas", key: FORMAT_KEY }));
      expect(written.slice(2).map(({ key }) => key)).not.toContain(FORMAT_KEY);
      expect(written.length).toBeGreaterThan(2);
      expect(textAt(store.inner)).toBe("vkv 4");
      store.calls.length = 0;
      await change(v, { b: "1" });
      await v.merge();
      expect(store.calls.map(({ key }) => key)).not.toContain(FORMAT_KEY);
    });

    it.each([
      ["stored whole", 0, [format, 2]],
      ["stored as changes", 2048, [format, 4]],
    ])("is merged into, with the ids of today, %s, and its chunks keep their payloads and times", async (_, limit, forms) => {
      const store = oldStore(limit);
      const v = await Versioned.open(store);
      const { commit, strategy } = await v.mergeFrom("topic");
      expect([strategy, await v.merge()]).toMatchObject(["three_way", { merged: true }]);
      expect(await v.parents(commit)).toEqual([head, topic]);
      expect(await contents(await Versioned.open(store))).toEqual({ ...wanted(), k00: "of topic", extra: "1" });
      expect(versions(store)).toEqual(new Set(forms));
      expect(textAt(store)).toBe(markOf(store));
      expect(await verify(store)).toEqual({ ok: true, problems: [], omitted: 0 });
      for (const [key, value] of Object.entries(stored)) {
        if (!isChunk(key)) continue;
        const { epoch: _, ...old } = decodeChunk(new Uint8Array(Buffer.from(value, "base64")));
        expect(decodeChunk(store.get(key) ?? bytes(""))).toMatchObject(old);
      }
    });

    it("is marked by both of two writers that begin at once", async () => {
      const memory = oldStore();
      const both = await Promise.all([1, 2].map(() => Versioned.open(new ScriptedStore(memory))));
      await Promise.all(both.map((v, i) => v.transact((tx) => change(tx, { [`n${i}`]: "1" }))));
      expect(textAt(memory)).toBe("vkv 4");
      expect(await contents(await Versioned.open(memory))).toMatchObject({ n0: "1", n1: "1" });
    });

    it("is refused by both readers and writers if a later version raised it meanwhile", async () => {
      const memory = oldStore();
      const v = await Versioned.open(memory);
      memory.set(FORMAT_KEY, bytes("vkv 5"));
      const before = new Map(memory.memory);
      for (const work of [() => change(v, { a: "1" }), () => v.createTag("x"), () => collectGarbage(memory)]) {
        await expect(work()).rejects.toMatchObject({ code: "VKV_FORMAT_VERSION", found: "vkv 5", supported: "vkv 4" });
      }
      expect(new Map(memory.memory)).toEqual(before);
    });
  });
});
