/** What a `GCVersioned` costs beside a `Versioned`, counted. */
import { describe, expect, it } from "vitest";
import { GCVersioned, type KVStore, Memory, Versioned } from "vkv";
import { CountingStore } from "../support/counting-store.ts";
import { sized } from "./helpers.ts";

const N = 5000;

async function filled(): Promise<Memory> {
  const store = new Memory();
  const v = await GCVersioned.open(store, { highWaterBytes: 1e9 });
  await v.snapshot(Array.from({ length: N }, (_, i) => [`key/${i}`, sized(20)]));
  await v.merge();
  return store;
}

function open(store: KVStore, highWaterBytes = 1e9): Promise<GCVersioned> {
  return GCVersioned.open(store, { highWaterBytes });
}

/** What work asks of a store. */
async function costOf(store: CountingStore, work: () => Promise<unknown>): Promise<Record<string, number>> {
  store.reset();
  await work();
  const written = store.count("createMany");
  return {
    roundTrips: store.roundTrips,
    reads: store.count("get").items + store.count("getMany").items,
    batches: written.calls,
    created: written.items,
    cas: store.count("cas").calls,
  };
}

const NO_WRITES = { batches: 0, created: 0, cas: 0 };

describe("the costs of a branch that is kept small", () => {
  it("are those of a Versioned for opening, reading and merging", async () => {
    const memory = await filled();
    const [small, plain] = [new CountingStore(memory), new CountingStore(memory)];
    const handles: Versioned[] = [];
    const opening = [
      await costOf(small, async () => handles.push(await open(small))),
      await costOf(plain, async () => handles.push(await Versioned.open(plain))),
    ];
    expect(opening[0]).toEqual(opening[1]);
    for (const work of [
      (v: Versioned) => v.get("key/1"),
      (v: Versioned) => v.getMany(["key/2", "key/3", "key/4999"]),
      (v: Versioned) => v.has("key/77"),
      (v: Versioned) => v.keys().toArray(),
      (v: Versioned) => v.entries({ limit: 10 }).toArray(),
      (v: Versioned) => v.merge(),
    ]) {
      const [first, second] = handles;
      if (first === undefined || second === undefined) throw new Error("They are not open.");
      const cost = await costOf(small, () => work(first));
      expect(cost).toEqual(await costOf(plain, () => work(second)));
      expect(cost).toMatchObject(NO_WRITES);
    }
  });

  it("are one more batch and one more swap for a snapshot, however much is there", async () => {
    const memory = await filled();
    const store = new CountingStore(memory);
    const v = await open(store);
    await v.snapshot({ "key/1": sized(21) });
    const cost = await costOf(store, () => v.snapshot({ "key/1": sized(22) }));
    expect(cost).toMatchObject({ roundTrips: 3, reads: 0, batches: 2, cas: 1 });
    expect(cost["created"]).toBeLessThan(16);
    const plain = await Versioned.open(store);
    await plain.snapshot({ "key/1": sized(23) });
    expect(await costOf(store, () => plain.snapshot({ "key/1": sized(24) }))).toMatchObject({
      roundTrips: 1,
      batches: 1,
      cas: 0,
    });
  });

  it("are few round trips for the first snapshot of a handle", async () => {
    const memory = await filled();
    const store = new CountingStore(memory);
    const v = await open(store);
    await v.get("key/1");
    const cost = await costOf(store, () => v.snapshot());
    expect(cost["roundTrips"]).toBeLessThanOrEqual(9);
    expect(cost).toMatchObject({ batches: 1, cas: 1 });
  });

  it("are nothing for a snapshot before which nothing was used", async () => {
    const store = new CountingStore(await filled());
    const v = await open(store);
    expect(await costOf(store, () => v.snapshot())).toMatchObject({ roundTrips: 0, ...NO_WRITES });
  });

  it("are one batch for all that was read since", async () => {
    const store = new CountingStore(await filled());
    const v = await open(store);
    await v.get("key/1");
    await v.snapshot();
    for (let i = 0; i < N; i += 50) await v.get(`key/${i}`);
    expect(await costOf(store, () => v.snapshot())).toMatchObject({ batches: 1, cas: 1 });
    await v.get("key/1");
    const cost = await costOf(store, () => v.snapshot());
    expect(cost["created"]).toBeLessThan(10);
  });

  it("are nothing for maybeRebase up to high water", async () => {
    const store = new CountingStore(await filled());
    const v = await open(store);
    await v.get("key/1");
    expect(await costOf(store, () => v.maybeRebase())).toMatchObject({ roundTrips: 0, ...NO_WRITES });
  });

  it("are one reading of both trees and one commit when keys are dropped", async () => {
    const memory = await filled();
    const store = new CountingStore(memory);
    const nodes = [...memory.keys("n/")].length;
    const v = await open(store, N * 20);
    await v.get("key/4000");
    const cost = await costOf(store, () => v.snapshot({ more: sized(20) }));
    expect(v.lastRebaseResult?.droppedKeys).toHaveLength(0.2 * N + 1);
    expect(cost["reads"]).toBeLessThan(1.2 * nodes);
    expect(cost).toMatchObject({ batches: 2, cas: 1 });
    expect(cost["roundTrips"]).toBeLessThan(40);
  });
});
