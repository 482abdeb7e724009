import type { Entries, Keys } from "../kv/store.ts";
import { type ConformanceCase, onStore } from "./case.ts";
import { bytes, check, checkBytes, checkContents, checkSame } from "./check.ts";

/** Several keys at once. */
export const batch: readonly ConformanceCase[] = [
  onStore("batch", "getMany() returns a Map of those that exist", async (store) => {
    await store.setMany({ a: bytes(1), b: bytes(), c: bytes(3) });
    const found = await store.getMany(["a", "missing", "b", "a"]);
    check(found instanceof Map, "getMany() must return a Map.");
    checkSame(found.keys(), ["a", "b"], "getMany()");
    checkBytes(found.get("a"), bytes(1), "getMany(), a");
    checkBytes(found.get("b"), bytes(), "getMany(), b");
    check((await store.getMany([])).size === 0, "getMany([]) must be empty.");
  }),
  onStore("batch", "keys come as arrays, sets, generators and other iterables", async (store) => {
    const kinds: (() => Keys)[] = [
      () => ["a", "__proto__", "a"],
      () => new Set(["a", "__proto__"]),
      () =>
        new Map([
          ["a", 1],
          ["__proto__", 2],
        ]).keys(),
      () => once(["a", "__proto__", "a"]),
    ];
    for (const keys of kinds) {
      await store.setMany([
        ["a", bytes(1)],
        ["__proto__", bytes(2)],
        ["kept", bytes(3)],
      ]);
      checkSame((await store.getMany(keys())).keys(), ["a", "__proto__"], "getMany()");
      await store.removeMany(keys());
      await checkContents(store, new Map([["kept", bytes(3)]]), "after removeMany()");
    }
  }),
  onStore("batch", "entries come as arrays, maps, generators and plain objects", async (store) => {
    const pairs = [
      ["a", bytes(1)],
      ["__proto__", bytes(2)],
      ["constructor", bytes(3)],
    ] as const;
    const bare: Record<string, Uint8Array> = Object.create(null);
    for (const [key, value] of pairs) bare[key] = value;
    const kinds: (() => Entries)[] = [
      () => pairs,
      () => new Map(pairs),
      () => new Set(pairs),
      () => once(pairs),
      () => Object.fromEntries(pairs),
      () => bare,
    ];
    for (const entries of kinds) {
      await store.setMany(entries());
      await checkContents(store, new Map(pairs), "after setMany()");
      checkSame(await store.createMany(entries()), ["a", "__proto__", "constructor"], "createMany() again");
      await store.clear();
      checkSame(await store.createMany(entries()), [], "createMany()");
      await checkContents(store, new Map(pairs), "after createMany()");
      await store.clear();
    }
  }),
  onStore("batch", "of a key that comes twice, the last entry counts", async (store) => {
    await store.setMany([
      ["a", bytes(1)],
      ["b", bytes(2)],
      ["a", bytes(3)],
    ]);
    await checkContents(
      store,
      new Map([
        ["a", bytes(3)],
        ["b", bytes(2)],
      ]),
      "after setMany()",
    );
    const existing = await store.createMany([
      ["c", bytes(1)],
      ["a", bytes(9)],
      ["c", bytes(2)],
      ["a", bytes(8)],
    ]);
    checkSame(existing, ["a"], "createMany()");
    checkBytes(await store.get("c"), bytes(2), "a key created twice in one call");
    checkBytes(await store.get("a"), bytes(3), "a key that existed");
  }),
  onStore("batch", "createMany() creates what is missing and names what is not", async (store) => {
    await store.set("b", bytes());
    const existing = await store.createMany([
      ["a", bytes(1)],
      ["b", bytes(2)],
      ["c", bytes()],
    ]);
    check(Array.isArray(existing), "createMany() must return an array.");
    checkSame(existing, ["b"], "createMany()");
    await checkContents(
      store,
      new Map([
        ["a", bytes(1)],
        ["b", bytes()],
        ["c", bytes()],
      ]),
      "after createMany()",
    );
    checkSame(await store.createMany([]), [], "createMany([])");
  }),
  onStore("batch", "empty batches change nothing", async (store) => {
    await store.set("k", bytes(1));
    await store.setMany([]);
    await store.setMany({});
    await store.removeMany([]);
    await checkContents(store, new Map([["k", bytes(1)]]), "after empty batches");
  }),
  onStore("batch", "batches may be large", async (store) => {
    const all = new Map(Array.from({ length: 3000 }, (_, i) => [`n/${(i * 7919) % 3000}`, bytes(i >> 8, i)]));
    checkSame(await store.createMany(all), [], "createMany()");
    await checkContents(store, all, "after createMany()");
    const found = await store.getMany(all.keys());
    checkSame(found.keys(), all.keys(), "getMany()");
    await store.removeMany([...all.keys()].slice(1));
    await checkContents(store, new Map([...all].slice(0, 1)), "after removeMany()");
  }),
];

/** An iterable that can be walked only once. */
function* once<T>(items: Iterable<T>): Generator<T> {
  yield* items;
}
