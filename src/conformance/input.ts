import type { KVStore } from "../kv/store.ts";
import { type ConformanceCase, onStore } from "./case.ts";
import { bytes, checkContents, checkFails, type ErrorKind, name } from "./check.ts";
import { invalidKeys, NO_KEYS, NO_VALUES } from "./samples.ts";

/** Invalid keys and values: refused by every method, with nothing written. */
export const input: readonly ConformanceCase[] = [
  onStore("input", "invalid keys are refused with InvalidKeyError and change nothing", async (store) => {
    await refusesKeys(store, invalidKeys(store), "VKV_INVALID_KEY");
  }),
  onStore("input", "what is no string is refused with TypeError and changes nothing", async (store) => {
    await refusesKeys(store, NO_KEYS, "TypeError");
  }),
  onStore("input", "a value that is no Uint8Array is refused with TypeError and changes nothing", async (store) => {
    const before = await filled(store);
    for (const wrong of [...NO_VALUES, undefined]) {
      const value = wrong as Uint8Array;
      const what = Object.prototype.toString.call(wrong);
      await checkFails(() => store.set("k", value), "TypeError", `set(k, ${what})`);
      await checkFails(
        () =>
          store.setMany([
            ["new", bytes(1)],
            ["k", value],
          ]),
        "TypeError",
        `setMany with ${what}`,
      );
      await checkFails(
        () =>
          store.createMany([
            ["new", bytes(1)],
            ["k", value],
          ]),
        "TypeError",
        `createMany with ${what}`,
      );
      if (wrong === undefined) continue;
      await checkFails(() => store.cas("k", value, bytes(1)), "TypeError", `cas to ${what}`);
      await checkFails(() => store.cas("k", bytes(2), value), "TypeError", `cas from ${what}`);
    }
    await checkContents(store, before, "after refused values");
  }),
  onStore("input", "a value that is too long is refused with RangeError and changes nothing", async (store) => {
    const { maxValueBytes } = store.traits;
    if (maxValueBytes > 2 ** 26) return;
    const before = await filled(store);
    const value = new Uint8Array(maxValueBytes + 1);
    await checkFails(() => store.set("k", value), "RangeError", "set");
    await checkFails(
      () =>
        store.setMany([
          ["new", bytes(1)],
          ["k", value],
        ]),
      "RangeError",
      "setMany",
    );
    await checkFails(
      () =>
        store.createMany([
          ["new", bytes(1)],
          ["k2", value],
        ]),
      "RangeError",
      "createMany",
    );
    await checkFails(() => store.cas("k", value, bytes(1)), "RangeError", "cas");
    await checkContents(store, before, "after refused values");
  }),
  onStore("input", "a batch that is no iterable, or a bare string, is refused with TypeError", async (store) => {
    const before = await filled(store);
    for (const wrong of ["k", "", 1, null, undefined, true, () => ["k"]]) {
      const [keys, entries] = [wrong as never, wrong as never];
      await checkFails(() => store.getMany(keys), "TypeError", `getMany(${name(wrong)})`);
      await checkFails(() => store.removeMany(keys), "TypeError", `removeMany(${name(wrong)})`);
      await checkFails(() => store.setMany(entries), "TypeError", `setMany(${name(wrong)})`);
      await checkFails(() => store.createMany(entries), "TypeError", `createMany(${name(wrong)})`);
    }
    for (const wrong of [["ab"], [["k"]], [["k", bytes(1), 2]], [null], bytes(1, 2), Promise.resolve([])]) {
      await checkFails(() => store.setMany(wrong as never), "TypeError", "setMany of what are no entries");
      await checkFails(() => store.createMany(wrong as never), "TypeError", "createMany of what are no entries");
    }
    await checkFails(() => store.getMany({ k: 1 } as never), "TypeError", "getMany of a plain object");
    await checkContents(store, before, "after refused batches");
  }),
];

async function filled(store: KVStore): Promise<ReadonlyMap<string, Uint8Array>> {
  await store.set("k", bytes(1));
  return new Map([["k", bytes(1)]]);
}

async function refusesKeys(store: KVStore, keys: readonly unknown[], kind: ErrorKind): Promise<void> {
  const before = await filled(store);
  for (const wrong of keys) {
    const key = wrong as string;
    const what = typeof wrong === "string" ? name(wrong) : Object.prototype.toString.call(wrong);
    const value = bytes(2);
    await checkFails(() => store.get(key), kind, `get(${what})`);
    await checkFails(() => store.has(key), kind, `has(${what})`);
    await checkFails(() => store.set(key, value), kind, `set(${what})`);
    await checkFails(() => store.remove(key), kind, `remove(${what})`);
    await checkFails(() => store.cas(key, value, undefined), kind, `cas(${what}) to create`);
    await checkFails(() => store.cas(key, undefined, value), kind, `cas(${what}) to remove`);
    await checkFails(() => store.getMany(["k", key]), kind, `getMany with ${what}`);
    await checkFails(() => store.removeMany(["k", key]), kind, `removeMany with ${what}`);
    await checkFails(
      () =>
        store.setMany([
          ["k", value],
          [key, value],
        ]),
      kind,
      `setMany with ${what}`,
    );
    await checkFails(
      () =>
        store.createMany([
          ["new", value],
          [key, value],
        ]),
      kind,
      `createMany with ${what}`,
    );
  }
  await checkContents(store, before, "after refused keys");
}
