import { type ConformanceCase, onStore } from "./case.ts";
import { bytes, check, checkBytes, checkContents, checkSame, collect, name } from "./check.ts";
import { longestKeys, ODD_KEYS } from "./samples.ts";

/** Single keys: set, get, has, remove, and every kind of key. */
export const basic: readonly ConformanceCase[] = [
  onStore("basic", "a new store is empty", async (store) => {
    checkBytes(await store.get("k"), undefined, "get");
    check((await store.has("k")) === false, "has() of a missing key must be false.");
    checkSame(await collect(store.keys()), [], "keys()");
  }),
  onStore("basic", "traits are within what vkv needs", async (store) => {
    const { maxKeyBytes, maxValueBytes, conditionalRemove } = store.traits;
    check(
      Number.isSafeInteger(maxKeyBytes) && maxKeyBytes >= 256,
      `maxKeyBytes must be 256 or more, not ${maxKeyBytes}.`,
    );
    check(
      Number.isSafeInteger(maxValueBytes) && maxValueBytes >= 65536,
      `maxValueBytes must be 65536 or more, not ${maxValueBytes}.`,
    );
    check(typeof conditionalRemove === "boolean", "conditionalRemove must be a boolean.");
  }),
  onStore("basic", "what is set is read, until it is set again or removed", async (store) => {
    await store.set("k", bytes(1, 2));
    checkBytes(await store.get("k"), bytes(1, 2), "get after set");
    check((await store.has("k")) === true, "has() of a key that is there must be true.");
    await store.set("k", bytes(3));
    checkBytes(await store.get("k"), bytes(3), "get after a second set");
    await store.set("other", bytes(4));
    await store.remove("k");
    await store.remove("k");
    checkBytes(await store.get("k"), undefined, "get after remove");
    check((await store.has("k")) === false, "has() of a removed key must be false.");
    await checkContents(store, new Map([["other", bytes(4)]]), "after removing another key");
  }),
  onStore("basic", "every kind of key is a key of its own", async (store) => {
    const expected = new Map<string, Uint8Array>();
    for (const key of [...ODD_KEYS, ...longestKeys(store)]) expected.set(key, bytes(expected.size >> 8, expected.size));
    for (const [key, value] of expected) await store.set(key, value);
    for (const [key, value] of expected) checkBytes(await store.get(key), value, `get(${name(key)})`);
    await checkContents(store, expected, "after setting every kind of key");
    for (const key of expected.keys()) {
      check((await store.has(key)) === true, `has(${name(key)}) must be true.`);
      await store.remove(key);
      check((await store.has(key)) === false, `has(${name(key)}) must be false after remove().`);
    }
    checkSame(await collect(store.keys()), [], "keys() after removing each");
  }),
  onStore("basic", "clear() removes everything", async (store) => {
    await store.setMany(Array.from({ length: 600 }, (_, i) => [`${i % 2 === 0 ? "n/" : "b/"}${i}`, bytes(i)] as const));
    await store.clear();
    await checkContents(store, new Map(), "after clear()");
    await store.clear();
    await store.set("k", bytes(1));
    await checkContents(store, new Map([["k", bytes(1)]]), "set after clear()");
  }),
];
