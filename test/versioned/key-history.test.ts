import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { InvalidKeyError, Memory, retainHistory, Versioned } from "vkv";
import { CountingStore, ViewOf } from "../support/counting-store.ts";
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
  store = new Memory();
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

  it("reads lines of commits in few batches, and of their trees what differs on the way", async () => {
    await v.snapshot(
      Array.from({ length: 2000 }, (_, i) => [`k${String(i).padStart(5, "0")}`, new Uint8Array(20)] as const),
    );
    await change(v, { k00000: "first" });
    for (let i = 0; i < 400; i++) await change(v, { [`k0${1000 + (i % 900)}`]: `${i}` });
    await v.merge();
    const counting = new CountingStore(store);
    const cold = await Versioned.open(counting);
    counting.reset();
    expect(await keyHistory(cold, "k00000")).toHaveLength(2);
    expect(counting.roundTrips).toBeLessThanOrEqual(50);
    // A commit and a root for each step; the nodes below the root are the same ones again and again.
    expect(counting.count("getMany").items).toBeLessThanOrEqual(2 * 403 + 60);
  });
});

describe("stats", () => {
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
