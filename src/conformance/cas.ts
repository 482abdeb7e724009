import { equalValues } from "../bytes.ts";
import type { KVStore } from "../kv/store.ts";
import { type ConformanceCase, onStore } from "./case.ts";
import { bytes, check, checkBytes, checkContents } from "./check.ts";

/** Compare and swap. */
export const cas: readonly ConformanceCase[] = [
  onStore("cas", "swaps exactly when the value is the expected one", async (store) => {
    // A longer value that begins like a shorter one, and one that differs in the last byte only.
    const values = [undefined, bytes(), bytes(0), bytes(1, 2), bytes(1, 2, 3), bytes(1, 2, 4)];
    for (const stored of values) {
      for (const expected of values) {
        for (const value of values) {
          if (value === undefined && !store.traits.conditionalRemove) continue;
          await put(store, "k", stored);
          const what = `cas of [${stored}] from [${expected}] to [${value}]`;
          const should = equalValues(stored, expected);
          check((await store.cas("k", value, expected)) === should, `${what} must return ${should}.`);
          checkBytes(await store.get("k"), should ? value : stored, what);
        }
      }
    }
  }),
  onStore("cas", "touches no other key", async (store) => {
    await store.set("a", bytes(1));
    await store.set("a/b", bytes(1));
    await store.cas("a", bytes(2), bytes(1));
    await store.cas("c", bytes(3), undefined);
    await store.cas("d", bytes(3), bytes(1));
    await checkContents(
      store,
      new Map([
        ["a", bytes(2)],
        ["a/b", bytes(1)],
        ["c", bytes(3)],
      ]),
      "after cas",
    );
  }),
  onStore("cas", "compares values of any length", async (store) => {
    const old = new Uint8Array(100_000).fill(7);
    const almost = new Uint8Array(old);
    almost[99_999] = 8;
    await store.set("k", old);
    check((await store.cas("k", bytes(1), almost)) === false, "A difference in the last byte must count.");
    check((await store.cas("k", almost, old)) === true, "Equal long values must be equal.");
    checkBytes(await store.get("k"), almost, "get");
  }),
];

async function put(store: KVStore, key: string, value: Uint8Array | undefined): Promise<void> {
  if (value === undefined) await store.remove(key);
  else await store.set(key, value);
}
