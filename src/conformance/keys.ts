import type { KVStore } from "../kv/store.ts";
import { type ConformanceCase, onStore } from "./case.ts";
import { bytes, checkBytes, checkFails, checkSame, collect, name } from "./check.ts";
import { longestKeys, ODD_KEYS } from "./samples.ts";

/** Listings: all keys, prefixes, and writes meanwhile. */
export const keys: readonly ConformanceCase[] = [
  onStore("keys", "a prefix lists exactly the keys that begin with it", async (store) => {
    const all = [...ODD_KEYS, ...longestKeys(store)];
    await store.setMany(all.map((key) => [key, bytes(1)] as const));
    const beyond = "x".repeat(store.traits.maxKeyBytes * 2);
    for (const prefix of ["", ...all, "n/", "n", "c/", "b", "nothing", "\u{1f601}", "a\0\0", beyond]) {
      const expected = all.filter((key) => key.startsWith(prefix));
      checkSame(await collect(store.keys(prefix)), expected, `keys(${name(prefix)})`);
    }
  }),
  onStore("keys", "many keys are listed, each once", async (store) => {
    const all = await many(store, 2500);
    checkSame(await collect(store.keys()), all, "keys()");
    for (const prefix of ["n/", "n/1", "b/", "b/99"]) {
      checkSame(
        await collect(store.keys(prefix)),
        all.filter((key) => key.startsWith(prefix)),
        `keys(${prefix})`,
      );
    }
  }),
  onStore("keys", "removed keys are listed no more, under any prefix", async (store) => {
    const all = await many(store, 40);
    const removals: ((key: string) => unknown)[] = [
      (key) => store.remove(key),
      (key) => store.removeMany([key]),
      (key) => (store.traits.conditionalRemove ? store.cas(key, undefined, sample(key)) : store.remove(key)),
    ];
    for (const [i, key] of all.entries()) if (i < 30) await removals[i % 3]?.(key);
    for (const prefix of ["", "n/", "b/", "b/1"]) {
      const expected = all.slice(30).filter((key) => key.startsWith(prefix));
      checkSame(await collect(store.keys(prefix)), expected, `keys(${prefix})`);
    }
    await store.clear();
    for (const prefix of ["", "n/", "b/"])
      checkSame(await collect(store.keys(prefix)), [], `keys(${prefix}) after clear()`);
  }),
  onStore("keys", "entries() lists the same keys, with their values", async (store) => {
    const all = await many(store, 700);
    await store.set("b/empty", bytes());
    for (const prefix of [undefined, "", "n/", "b/1", "nothing"]) {
      const found = new Map<string, Uint8Array>();
      for await (const [key, value] of store.entries(prefix)) found.set(key, value);
      const expected = [...all, "b/empty"].filter((key) => key.startsWith(prefix ?? ""));
      checkSame(found.keys(), expected, `entries(${prefix ?? ""})`);
      for (const key of expected) checkBytes(found.get(key), key === "b/empty" ? bytes() : sample(key), name(key));
    }
  }),
  onStore("keys", "an invalid prefix is refused", async (store) => {
    await store.set("k", bytes(1));
    await checkFails(() => store.keys("\ud83d"), "VKV_INVALID_KEY", "keys() with a lone surrogate");
    await checkFails(() => store.keys(1 as never), "TypeError", "keys(1)");
    await checkFails(() => store.keys(null as never), "TypeError", "keys(null)");
  }),
  onStore("keys", "a key that is there throughout is listed once, whatever is written meanwhile", async (store) => {
    const all = await many(store, 1200);
    // Every third key is left alone; the others are removed, set again or replaced, and new ones come, before and behind.
    const stays = (key: string): boolean => Number(key.slice(2)) % 3 === 0;
    const found: string[] = [];
    let step = 0;
    for await (const key of store.keys()) {
      found.push(key);
      const other = all[(step * 37) % all.length] ?? "";
      if (!stays(other)) await (step % 2 === 0 ? store.remove(other) : store.set(other, bytes(step)));
      else if (step % 5 === 0) await store.set(other, bytes(step));
      if (step < 200) await store.set(`${step % 2 === 0 ? "a" : "z"}/new${step}`, bytes(1));
      step++;
    }
    checkSame(
      found.filter((key) => !key.includes("new") && stays(key)),
      all.filter(stays),
      "The keys that stayed",
    );
  }),
  onStore("keys", "a consumer may remove each key as it comes", async (store) => {
    const all = await many(store, 1200);
    const found: string[] = [];
    for await (const key of store.keys()) {
      found.push(key);
      await store.remove(key);
    }
    checkSame(found, all, "keys()");
    checkSame(await collect(store.keys()), [], "keys() afterwards");
  }),
  onStore("keys", "listings may be left early, and run at the same time", async (store) => {
    const all = await many(store, 600);
    for await (const _ of store.keys()) break;
    for await (const _ of store.entries()) break;
    await store.remove("none");
    const lists = await Promise.all([store.keys(), store.keys("n/"), store.keys()].map(collect));
    checkSame(lists[0] ?? [], all, "The first listing");
    checkSame(
      lists[1] ?? [],
      all.filter((key) => key.startsWith("n/")),
      "The second listing",
    );
    checkSame(lists[2] ?? [], all, "The third listing");
  }),
];

/** Sets `count` keys, half of them like chunks and half like refs; returns them. */
async function many(store: KVStore, count: number): Promise<string[]> {
  const all = Array.from({ length: count }, (_, i) => `${i % 2 === 0 ? "n/" : "b/"}${i}`);
  await store.setMany(all.map((key) => [key, sample(key)] as const));
  return all;
}

function sample(key: string): Uint8Array {
  const number = Number(key.slice(2));
  return bytes(number >> 8, number);
}
