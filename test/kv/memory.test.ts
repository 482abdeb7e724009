import { describe, expect, it } from "vitest";
import { Memory } from "../../src/kv/memory.ts";

const value = Uint8Array.of(1);

describe("Memory", () => {
  it("answers without promises, and shows what it holds", () => {
    const store = new Memory();
    store.set("k", value);
    expect(store.createMany({ k: value, "n/1": value })).toEqual(["k"]);
    expect(store.cas("k", Uint8Array.of(2), value)).toBe(true);
    expect([...store.keys()]).toEqual(["k", "n/1"]);
    expect(store.memory).toEqual(
      new Map([
        ["k", Uint8Array.of(2)],
        ["n/1", value],
      ]),
    );
    store.clear();
    expect(store.memory.size).toBe(0);
  });

  it("lists refs without a look at every chunk", () => {
    const store = new Memory();
    store.createMany(Array.from({ length: 200_000 }, (_, i) => [`${i % 2 === 0 ? "n" : "c"}/${i}`, value] as const));
    store.set("b/main", value);
    const time = (prefix: string): number => {
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        expect([...store.keys(prefix)].length).toBe(prefix === "b/" ? 1 : 0);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    expect(time("b/") * 20).toBeLessThan(time("n/x"));
  });

  it("ends a listing though keys are added all the time", () => {
    const store = new Memory();
    store.setMany({ a: value, b: value, c: value });
    let listed = 0;
    for (const key of store.keys()) {
      store.remove(key);
      store.set(key, value);
      store.set(`${key}${listed++}`, value);
    }
    expect(listed).toBeLessThan(10);
  });
});
