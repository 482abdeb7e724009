import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { InvalidKeyError, type Memory, retainHistory, Versioned } from "vkv";
import { CountingStore, ViewOf } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { propertyOptions } from "../support/seed.ts";
import { change, text } from "./helpers.ts";

async function keyHistory(
  v: Versioned,
  key: string,
): Promise<(readonly [commit: string, value: string | undefined])[]> {
  return (await v.keyHistory(key).toArray()).map(({ commit, value }) => [commit, text(value)] as const);
}

let store: Memory;
let v: Versioned;

beforeEach(async () => {
  store = new PlainMemory();
  v = await Versioned.open(store);
});

describe("keyHistory", () => {
  it("names the commits that changed the key, newest first", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("a", "b", null, "same"), { maxLength: 60 }), async (steps) => {
        const handle = await Versioned.open();
        const expected: [string, string | undefined][] = [];
        let value: string | undefined;
        for (const [i, step] of steps.entries()) {
          const next = step === "same" ? value : (step ?? undefined);
          const id = await change(handle, { other: `${i}`, ...(step === "same" ? {} : { key: step }) });
          if (next !== value) expected.unshift([id, next]);
          value = next;
        }
        expect(await keyHistory(handle, "key")).toEqual(expected);
      }),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("follows the parent whose value a merge took", async () => {
    const first = await change(v, { key: "1" });
    await v.merge();
    const other = await v.createBranch("other");
    await change(other, { x: "1" });
    const theirs = await change(other, { key: "2" });
    await other.merge();
    await change(v, { y: "1" });
    await v.mergeFrom("other");
    const merge = v.currentCommit;
    expect(await keyHistory(v, "key")).toEqual([
      [theirs, "2"],
      [first, "1"],
    ]);
    expect((await keyHistory(v, "y")).map(([, value]) => value)).toEqual(["1"]);
    const mine = await change(v, { key: "3" });
    const others = await Versioned.open(store, { branch: "other" });
    const more = await change(others, { key: "4" });
    await others.merge();
    await v.mergeFrom("other", { mergeFns: { key: () => new TextEncoder().encode("both") } });
    const both = v.currentCommit;
    const found = await keyHistory(v, "key");
    expect(found[0]).toEqual([both, "both"]);
    expect(new Map(found)).toEqual(
      new Map([
        [both, "both"],
        [mine, "3"],
        [more, "4"],
        [theirs, "2"],
        [first, "1"],
      ]),
    );
    expect(found.map(([id]) => id)).not.toContain(merge);
  });

  it("can be stopped, of a handle that goes on", async () => {
    for (let i = 0; i < 100; i++) await change(v, { key: `${i}` });
    const history = v.keyHistory("key");
    await change(v, { key: "later" });
    expect((await history.toArray()).map(({ value }) => text(value))[0]).toBe("99");
    for await (const { value } of v.keyHistory("key")) {
      expect(text(value)).toBe("later");
      break;
    }
    expect(await v.keyHistory("none").toArray()).toEqual([]);
    expect(() => v.keyHistory("")).toThrow(InvalidKeyError);
  });

  it("ends where history was cut", async () => {
    await change(v, { key: "1" });
    for (let i = 0; i < 9; i++) await change(v, { i: `${i}` });
    await v.merge();
    const [, , oldest = ""] = await v.history().toArray();
    await retainHistory(store, { commits: 3 });
    expect(await keyHistory(await Versioned.open(new ViewOf(store)), "key")).toEqual([[oldest, "1"]]);
  });

  it("passes over what a parent changed whose value a merge did not take", async () => {
    const first = await change(v, { key: "1" });
    await v.merge();
    const other = await v.createBranch("other");
    const theirs = await change(other, { key: "2" });
    await other.merge();
    const mine = await change(v, { key: "3" });
    const at = v.currentCommit;
    await v.mergeFrom("other", { defaultMerge: "theirs" });
    expect(await keyHistory(v, "key")).toEqual([
      [theirs, "2"],
      [first, "1"],
    ]);
    const kept = await v.checkout(at);
    await kept?.mergeFrom("other", { defaultMerge: "ours" });
    expect(kept && (await keyHistory(kept, "key"))).toEqual([
      [mine, "3"],
      [first, "1"],
    ]);
  });

  describe("costs", () => {
    /** 2,000 keys, then `count` commits of which two change the key. */
    async function line(count: number): Promise<void> {
      await v.snapshot(
        Array.from({ length: 2000 }, (_, i) => [`k${String(i).padStart(5, "0")}`, new Uint8Array(20)] as const),
      );
      for (let i = 0; i < count; i++) {
        const isRare = i === 100 || i === 200;
        await change(v, { [isRare ? "k00000" : `k0${1000 + (i % 900)}`]: `${i}` });
      }
      await v.merge();
    }

    async function cost(work: (cold: Versioned) => Promise<unknown>): Promise<{ roundTrips: number; reads: number }> {
      const counting = new CountingStore(store);
      const cold = await Versioned.open(counting);
      counting.reset();
      await work(cold);
      return { roundTrips: counting.roundTrips, reads: counting.count("get").items + counting.count("getMany").items };
    }
    const whole = (cold: Versioned): Promise<unknown> => cold.keyHistory("k00000").toArray();

    it("on a line: each commit and the root of its tree, and below the roots only what differs on the way to the key", async () => {
      await line(400);
      expect(await v.stats()).toMatchObject({ depth: 3 });
      // The root commit, the 2,000 keys and 400 commits; HEAD is there already. Three versions of the two nodes below the root.
      expect(await cost(whole)).toEqual({ roundTrips: 33, reads: 401 + 402 + 3 * 2 });
      expect(await cost((cold) => cold.history().toArray())).toEqual({ roundTrips: 9, reads: 401 });
      const log = async (cold: Versioned): Promise<void> => {
        for await (const id of cold.history()) await cold.commitInfo(id);
      };
      expect(await cost(log)).toEqual({ roundTrips: 9, reads: 401 });
      const old = await v.initialCommit();
      expect(await cost((cold) => cold.commit(old))).toEqual({ roundTrips: 1, reads: 1 });
      expect(await cost((cold) => cold.commit())).toEqual({ roundTrips: 0, reads: 0 });
    });

    it("of the latest change: batches of 16, 64, 256 and so on until it is found", async () => {
      await line(400);
      const latest = async (cold: Versioned): Promise<void> => {
        for await (const { value } of cold.keyHistory("k00000")) return expect(text(value)).toBe("200");
      };
      // A batch begins with the last commit of the one before. It lies 199 below HEAD.
      const commits = 16 + 63 + 255;
      expect(await cost(latest)).toEqual({ roundTrips: 26, reads: commits - 1 + commits + 3 * 2 });
    });

    it("with merges: as the line of first parents, where those had the value", async () => {
      await line(20);
      for (let i = 0; i < 50; i++) {
        const side = await v.createBranch("side");
        for (let j = 0; j < 4; j++) await change(side, { [`k0${1000 + i * 4 + j}`]: "side" });
        await side.merge();
        await change(v, { k01999: `${i}` });
        await v.mergeFrom("side");
        await v.deleteBranch("side");
      }
      await v.merge();
      expect(await v.history().toArray()).toHaveLength(122);
      expect(await v.history({ allParents: true }).toArray()).toHaveLength(322);
      expect(await cost(whole)).toEqual({ roundTrips: 24, reads: 121 + 122 + 2 });
    });
  });
});

describe("stats", () => {
  it("read the inner nodes of the commit's tree and of its parent's", async () => {
    await v.snapshot(Array.from({ length: 5000 }, (_, i) => [`k${i}`, new Uint8Array(10)] as const));
    await change(v, { k77: "changed" });
    await v.merge();
    const { nodes } = await v.stats();
    const counting = new CountingStore(store);
    const cold = await Versioned.open(counting);
    counting.reset();
    await cold.stats();
    const inner = nodes.slice(1).reduce((sum, count) => sum + count, 0);
    // The parent commit, and of its tree the nodes that are others: those on the way to the changed key.
    expect(counting.count("get").items + counting.count("getMany").items).toBe(1 + inner + (nodes.length - 1));
    expect(counting.roundTrips).toBe(1 + 2 * (nodes.length - 1));
  });

  it("tell how large the current commit is, and what it shares with its parent", async () => {
    expect(await v.stats()).toEqual({ keys: 0, bytes: 0, depth: 1, nodes: [1], shared: 0 });
    await v.snapshot(Array.from({ length: 5000 }, (_, i) => [`k${i}`, new Uint8Array(10)] as const));
    const before = await v.stats();
    expect(before).toMatchObject({ keys: 5000, bytes: 50_000, shared: 0 });
    expect(before.nodes).toHaveLength(before.depth);
    expect(before.nodes.at(-1)).toBe(1);
    await change(v, { k77: "changed" });
    const after = await v.stats();
    const total = (nodes: readonly number[]): number => nodes.reduce((sum, count) => sum + count, 0);
    expect(after.shared).toBe(total(before.nodes) - before.depth);
    expect(after).toMatchObject({ keys: 5000, bytes: 50_000 - 10 + 7, nodes: before.nodes });
  });
});
