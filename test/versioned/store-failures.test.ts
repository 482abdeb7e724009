import { describe, expect, it } from "vitest";
import { Memory, Versioned } from "vkv";
import { bytes, change, contents, failure, publishedContents } from "./helpers.ts";
import { type Call, ScriptedFailure, ScriptedStore } from "./scripted-store.ts";

/** A handle on a scripted store, nothing of which is cached. */
async function cold(memory: Memory): Promise<{ v: Versioned; store: ScriptedStore }> {
  const store = new ScriptedStore(memory);
  return { v: await Versioned.open(store, { create: false }), store };
}

async function published(): Promise<Memory> {
  const memory = new Memory();
  const v = await Versioned.open(memory);
  await v.snapshot(Array.from({ length: 3000 }, (_, i): [string, Uint8Array] => [`k${i}`, bytes(`v${i}`)]));
  await change(v, { big: "x".repeat(3000) });
  await v.createTag("v1");
  await v.merge();
  return memory;
}

describe("an error of the store", () => {
  it("is never taken for absence: every read throws it", async () => {
    const memory = await published();
    const reads: [string, (v: Versioned) => Promise<unknown>][] = [
      ["get", (v) => v.get("k1")],
      ["getMany", (v) => v.getMany(["k1", "big"])],
      ["has", (v) => v.has("k1")],
      ["keys", (v) => v.keys().toArray()],
      ["entries", (v) => v.entries({ prefix: "b" }).toArray()],
      ["latestHead", (v) => v.latestHead()],
      ["history", (v) => v.history({ limit: 3 }).toArray()],
      ["diff", async (v) => v.diff(await Promise.resolve(v.currentCommit), "0".repeat(64))],
      ["checkout", (v) => v.checkout("0".repeat(64))],
      ["commitInfo", (v) => v.commitInfo("0".repeat(64))],
      ["resetTo", (v) => v.resetTo("0".repeat(64))],
      ["listBranches", (v) => v.listBranches()],
      ["listTags", (v) => v.listTags()],
      ["resolveCommit", (v) => v.resolveCommit("main")],
      ["reset", (v) => v.reset()],
      ["mergeFrom", (v) => v.mergeFrom({ tag: "v1" })],
      ["transact", (v) => v.transact(async () => 1)],
      ["createBranch", (v) => v.createBranch("new")],
      ["deleteBranch", (v) => v.deleteBranch("other")],
      ["snapshot", (v) => v.snapshot({ k1: bytes("new") })],
    ];
    for (const [name, read] of reads) {
      const { v, store } = await cold(memory);
      store.script = () => "fail before";
      const at = v.currentCommit;
      expect([name, await failure(read(v))]).toEqual([name, expect.any(ScriptedFailure)]);
      expect(v.currentCommit).toBe(at);
    }
  });

  it("while opening never makes a branch anew", async () => {
    const memory = await published();
    const head = memory.get("b/main");
    for (let failing = 1; failing < 6; failing++) {
      const store = new ScriptedStore(memory);
      let n = 0;
      store.script = () => (++n === failing ? "fail before" : "pass");
      await Versioned.open(store).catch((error: unknown) => expect(error).toBeInstanceOf(ScriptedFailure));
      expect(memory.get("b/main")).toEqual(head);
    }
  });

  it("at any single call of a merge leaves HEAD on a whole commit: the old one or the new one", async () => {
    for (const fate of ["fail before", "fail after"] as const) {
      let hasFailed = true;
      for (let failing = 1; hasFailed; failing++) {
        const memory = new Memory();
        const other = await Versioned.open(memory);
        await change(other, { n: "0" });
        await other.merge();
        const { v, store } = await cold(memory);
        await change(other, { b: "x".repeat(2000) });
        await other.merge();
        let n = 0;
        store.script = () => (++n === failing ? fate : "pass");
        const work = async (): Promise<void> => {
          await change(v, { a: "x".repeat(2000) });
          await v.merge();
        };
        const error = await work().catch((problem: unknown) => problem);
        store.script = undefined;
        hasFailed = n >= failing;
        if (!hasFailed) expect(n).toBeGreaterThan(8);
        const keys = Object.keys(await publishedContents(memory));
        expect([
          ["b", "n"],
          ["a", "b", "n"],
        ]).toContainEqual(keys);
        if (error === undefined) expect(keys).toEqual(["a", "b", "n"]);
        // Whatever happened, the same work can be done after it.
        await work();
        expect(Object.keys(await publishedContents(memory))).toEqual(["a", "b", "n"]);
      }
    }
  });

  it("while chunks are put leaves the handle as it was: HEAD moves only to what was acknowledged", async () => {
    const memory = await published();
    const { v, store } = await cold(memory);
    const at = v.currentCommit;
    const isPut = (call: Call): boolean => call.op === "cas" && /^[cn]\//.test(call.key);
    store.script = (call) => (isPut(call) ? "fail before" : "pass");
    expect(await failure(change(v, { a: "1" }))).toBeInstanceOf(ScriptedFailure);
    expect(v.currentCommit).toBe(at);
    expect((await v.merge()).strategy).toBe("no_op");
    store.script = undefined;
    await change(v, { a: "2" });
    await v.merge();
    expect((await contents(await Versioned.open(memory)))["a"]).toBe("2");
    const order = store.calls.filter(({ op }) => op === "cas").map(({ key }) => key.slice(0, 2));
    expect(order.lastIndexOf("b/")).toBe(order.length - 1);
  });

  it("is the caller's own problem after the store was closed", async () => {
    const memory = await published();
    const v = await Versioned.open(memory);
    memory.close();
    for (const call of [
      () => v.latestHead(),
      () => v.listBranches(),
      () => change(v, { a: "1" }),
      () => Versioned.open(memory),
    ]) {
      expect(await failure(call)).toMatchObject({ code: "VKV_STORE_CLOSED" });
    }
  });
});

describe("a branch whose creation failed at the last call", () => {
  it("is there, or never will be", async () => {
    for (const [fate, isThere] of [
      ["fail before", false],
      ["fail after", true],
    ] as const) {
      const memory = await published();
      const { v, store } = await cold(memory);
      let calls = 0;
      // The first one puts the reservation.
      store.script = (call) => (call.op === "cas" && call.key === "b/new" && ++calls === 2 ? fate : "pass");
      const outcome = await v.createBranch("new").catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(isThere ? Versioned : ScriptedFailure);
      expect(memory.has("b/new")).toBe(isThere);
    }
  });
});
