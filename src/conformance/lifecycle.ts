import { KVStore } from "../kv/store.ts";
import { type ConformanceCase, onReopened, onStore, onTwo } from "./case.ts";
import { bytes, check, checkBytes, checkContents, checkFails, checkSame, collect } from "./check.ts";

/** Closing, opening again, and several stores on the same data. */
export const lifecycle: readonly ConformanceCase[] = [
  onStore("lifecycle", "close() may be called again", async (store) => {
    await store.set("k", bytes(1));
    await Promise.all([store.close(), store.close()]);
    await store.close();
    await store[Symbol.asyncDispose]();
  }),
  onStore("lifecycle", "a closed store throws StoreClosedError", async (store) => {
    // A store with nothing to close need not know that it was.
    if (store.close === KVStore.prototype.close) return;
    await store.set("k", bytes(1));
    await store[Symbol.asyncDispose]();
    const calls: Record<string, () => unknown> = {
      get: () => store.get("k"),
      has: () => store.has("k"),
      set: () => store.set("k", bytes(1)),
      remove: () => store.remove("k"),
      cas: () => store.cas("k", bytes(2), bytes(1)),
      keys: () => store.keys(),
      entries: () => store.entries(),
      getMany: () => store.getMany(["k"]),
      setMany: () => store.setMany({ k: bytes(1) }),
      createMany: () => store.createMany({ k: bytes(1) }),
      removeMany: () => store.removeMany(["k"]),
      clear: () => store.clear(),
    };
    for (const [name, call] of Object.entries(calls))
      await checkFails(call, "VKV_STORE_CLOSED", `${name} after close()`);
  }),
  onReopened("lifecycle", "what was written is there when the store is opened again", async (store, reopen) => {
    await store.setMany({ kept: bytes(1), removed: bytes(2), swapped: bytes(3), gone: bytes(4), empty: bytes() });
    await store.remove("removed");
    await store.cas("swapped", bytes(5), bytes(3));
    if (store.traits.conditionalRemove) await store.cas("gone", undefined, bytes(4));
    else await store.remove("gone");
    await store.createMany({ "n/created": bytes(6), kept: bytes(7) });
    const expected = new Map([
      ["kept", bytes(1)],
      ["swapped", bytes(5)],
      ["empty", bytes()],
      ["n/created", bytes(6)],
    ]);
    const again = await reopen();
    await checkContents(again, expected, "after reopening");
    await again.clear();
    await checkContents(await reopen(), new Map(), "after clear() and reopening");
  }),
  onTwo("lifecycle", "what one store wrote, another sees", async (one, other) => {
    for (const [writer, reader] of [
      [one, other],
      [other, one],
    ] as const) {
      await writer.clear();
      checkBytes(await reader.get("k"), undefined, "get before");
      await writer.set("k", bytes(1));
      checkBytes(await reader.get("k"), bytes(1), "get after set");
      check(await writer.cas("k", bytes(2), bytes(1)), "cas must succeed.");
      checkBytes(await reader.get("k"), bytes(2), "get after cas");
      await writer.createMany({ "n/a": bytes(3), k: bytes(9) });
      checkSame((await reader.getMany(["n/a", "k"])).keys(), ["n/a", "k"], "getMany after createMany");
      checkSame(await collect(reader.keys()), ["n/a", "k"], "keys after createMany");
      await writer.setMany({ k: bytes(4), m: bytes(5) });
      checkBytes(await reader.get("k"), bytes(4), "get after setMany");
      check((await reader.has("m")) === true, "has after setMany must be true.");
      await writer.removeMany(["k", "m"]);
      checkBytes(await reader.get("k"), undefined, "get after removeMany");
      check((await reader.has("m")) === false, "has after removeMany must be false.");
    }
  }),
  onTwo("lifecycle", "closing one store leaves another open", async (one, other) => {
    await one.set("k", bytes(1));
    await one.close();
    checkBytes(await other.get("k"), bytes(1), "get");
    await other.set("k", bytes(2));
    checkBytes(await other.get("k"), bytes(2), "get after set");
  }),
];
