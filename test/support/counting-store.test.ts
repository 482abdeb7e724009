import { describe, expect, it } from "vitest";
import { Memory } from "../../src/kv/memory.ts";
import { CountingStore } from "./counting-store.ts";

const bytes = new Uint8Array(10);

describe("CountingStore", () => {
  it("counts calls that do not wait for each other as one round trip", async () => {
    const store = new CountingStore(new Memory());
    await Promise.all([
      store.set("a", bytes),
      store.createMany([["b", bytes]]),
      // A call after some steps that need no answer is still the same trip.
      Promise.resolve()
        .then(() => undefined)
        .then(() => store.cas("c", bytes, undefined)),
    ]);
    expect(store.roundTrips).toBe(1);
    await store.get("a");
    await store.get("b");
    expect(store.roundTrips).toBe(3);
  });

  it("counts calls, items and bytes by method", async () => {
    const store = new CountingStore(new Memory());
    await store.setMany({ a: bytes, b: bytes });
    expect((await store.getMany(["a", "b", "missing"])).size).toBe(2);
    const listed: string[] = [];
    for await (const key of store.keys()) listed.push(key);
    expect(listed).toEqual(["a", "b"]);
    expect(store.count("setMany")).toEqual({ calls: 1, items: 2, bytes: 20 });
    expect(store.count("getMany")).toEqual({ calls: 1, items: 3, bytes: 20 });
    expect(store.written).toBe(20);
    expect(store.calls).toBe("setMany 1, getMany 1, keys 1");
    store.reset();
    expect([store.roundTrips, store.written, store.calls]).toEqual([0, 0, ""]);
  });

  it("can take its time", async () => {
    const store = new CountingStore(new Memory(), { latency: 20 });
    const start = performance.now();
    await Promise.all([store.get("a"), store.get("b")]);
    await store.get("c");
    expect(performance.now() - start).toBeGreaterThan(38);
    expect(store.roundTrips).toBe(2);
  });
});
