import type { StoreFactory } from "../../../src/conformance/index.ts";
import type { KVStore } from "../../../src/kv/store.ts";
import type { Remote } from "./open.ts";

let created = 0;

/** Stores for the conformance suite, each with data of its own, on one connection; `another` is on the second one. */
export function remoteFactory(connections: () => readonly [Remote, Remote]): StoreFactory {
  const names = new WeakMap<KVStore, string>();
  const open = async (name: string, connection: 0 | 1): Promise<KVStore> => {
    const store = await connections()[connection].open(name);
    names.set(store, name);
    return store;
  };
  const nameOf = (store: KVStore): string => names.get(store) ?? "";
  return {
    create: () => open(`store_${++created}`, 0),
    another: (store) => open(nameOf(store), 1),
    reopen: async (store) => {
      await store.close();
      return open(nameOf(store), 1);
    },
  };
}
