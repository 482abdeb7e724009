import type { KVStore } from "../kv/store.ts";
import { type ConformanceCase, onStore } from "./case.ts";
import { bytes, check, checkBytes, checkContents } from "./check.ts";

/** Values: any bytes, of any length, and never shared. */
export const values: readonly ConformanceCase[] = [
  onStore("values", "an empty value is not an absent one", async (store) => {
    await store.set("empty", bytes());
    checkBytes(await store.get("empty"), bytes(), "get");
    check((await store.has("empty")) === true, "has() of an empty value must be true.");
    checkBytes((await store.getMany(["empty"])).get("empty"), bytes(), "getMany");
    await checkContents(store, new Map([["empty", bytes()]]), "with an empty value");
    await store.remove("empty");
    checkBytes(await store.get("empty"), undefined, "get after remove");
  }),
  onStore("values", "every byte comes back", async (store) => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    await store.set("every", every);
    checkBytes(await store.get("every"), every, "get");
    await store.set("reversed", every.toReversed());
    checkBytes(await store.get("reversed"), every.toReversed(), "get");
  }),
  onStore("values", "a view stores what it shows, not its buffer", async (store) => {
    const view = new Uint8Array(Uint8Array.of(9, 1, 2, 9).buffer, 1, 2);
    await store.set("set", view);
    await store.setMany([["setMany", view]]);
    await store.createMany([["createMany", view]]);
    await store.cas("cas", view, undefined);
    for (const key of ["set", "setMany", "createMany", "cas"]) checkBytes(await store.get(key), bytes(1, 2), key);
    check((await store.cas("cas", bytes(), view)) === true, "cas must compare what a view shows.");
  }),
  onStore("values", "values may be long", async (store) => {
    const lengths = [1, 255, 256, 1300, 4080, 4096, 4097, 32_769, 65_536, 1_000_003, 2 ** 23].filter(
      (length) => length <= store.traits.maxValueBytes,
    );
    for (const length of lengths) {
      const value = patterned(length);
      await store.set("long", value);
      checkBytes(await store.get("long"), value, `get of ${length} bytes`);
    }
    const some = lengths
      .filter((length) => length <= 65_536)
      .map((length) => [`n/${length}`, patterned(length)] as const);
    await store.createMany(some);
    const found = await store.getMany(some.map(([key]) => key));
    for (const [key, value] of some) checkBytes(found.get(key), value, `getMany of ${value.length} bytes`);
  }),
  onStore("values", "changing an array that was passed in changes nothing", async (store) => {
    const writes: Record<string, (key: string, value: Uint8Array) => unknown> = {
      set: (key, value) => store.set(key, value),
      setMany: (key, value) => store.setMany([[key, value]]),
      createMany: (key, value) => store.createMany([[key, value]]),
      cas: (key, value) => store.cas(key, value, undefined),
    };
    for (const [name, write] of Object.entries(writes)) {
      for (const key of [name, `n/${name}`]) {
        const value = bytes(1, 2, 3);
        const done = write(key, value);
        value.fill(9);
        await done;
        checkBytes(await store.get(key), bytes(1, 2, 3), `${name}, changed right after the call`);
        value.fill(8);
        checkBytes(await store.get(key), bytes(1, 2, 3), `${name}, changed after the answer`);
      }
    }
    const expected = bytes(1, 2, 3);
    const done = store.cas("set", bytes(4), expected);
    expected.fill(9);
    check((await done) === true, "cas must compare with what was passed in, not with what became of it.");
  }),
  onStore("values", "changing an array that came out changes nothing", async (store) => {
    const value = bytes(1, 2, 3);
    const reads: Record<string, (key: string) => Promise<Uint8Array | undefined>> = {
      get: async (key) => store.get(key),
      getMany: async (key) => (await store.getMany([key])).get(key),
      entries: async (key) => first(store, key),
    };
    for (const [name, read] of Object.entries(reads)) {
      for (const key of ["k", "n/k"]) {
        await store.set(key, value);
        const [one, other] = [await read(key), await read(key)];
        one?.fill(9);
        checkBytes(other, value, `${name}, another array of the same value`);
        checkBytes(await store.get(key), value, `${name}, the stored value`);
      }
    }
  }),
  onStore("values", "arrays that came out stay as they are", async (store) => {
    await store.set("k", bytes(1, 2, 3));
    const got = await store.get("k");
    const many = await store.getMany(["k"]);
    await store.set("k", bytes(7, 8, 9));
    await store.get("k");
    await store.remove("k");
    checkBytes(got, bytes(1, 2, 3), "get");
    checkBytes(many.get("k"), bytes(1, 2, 3), "getMany");
  }),
];

async function first(store: KVStore, prefix: string): Promise<Uint8Array | undefined> {
  for await (const [, value] of store.entries(prefix)) return value;
  return undefined;
}

/** Bytes that differ from place to place, and from block to block. */
function patterned(length: number): Uint8Array {
  const value = new Uint8Array(length);
  for (let i = 0; i < length; i++) value[i] = i ^ (i >> 8);
  return value;
}
