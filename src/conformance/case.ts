import type { Awaitable, KVStore } from "../kv/store.ts";

/** How the suite gets the stores that it tests. */
export interface StoreFactory {
  /** A new, empty store that nobody else uses. The suite closes it. */
  create(): Awaitable<KVStore>;
  /** For stores that outlive their process: closes `store` and opens again what it stored. */
  reopen?(store: KVStore): Awaitable<KVStore>;
  /** For stores that can be opened several times: another one on what `store` stores, in this process or elsewhere. The suite closes it. */
  another?(store: KVStore): Awaitable<KVStore>;
}

/** A hook of `StoreFactory` that not every factory has. */
export type Need = "reopen" | "another";

/** One test, for any test runner. */
export interface ConformanceCase {
  /** What it is about, such as `"cas"`. */
  readonly topic: string;
  /** What must hold; unique. */
  readonly name: string;
  /** The hooks without which it cannot run. */
  readonly needs: readonly Need[];
  /** Passes if it resolves; rejects with an `Error` that says what is wrong. */
  run(factory: StoreFactory): Promise<void>;
}

/** Whether `factory` has what `test` needs: if not, skip it. */
export function canRun(test: ConformanceCase, factory: StoreFactory): boolean {
  return test.needs.every((need) => factory[need] !== undefined);
}

/** A case on a new store, which is closed afterwards. */
export function onStore(topic: string, name: string, run: (store: KVStore) => Promise<void>): ConformanceCase {
  const runOn = async (factory: StoreFactory): Promise<void> => {
    const store = await factory.create();
    try {
      await run(store);
    } finally {
      await store.close();
    }
  };
  return { topic, name, needs: [], run: runOn };
}

/** A case on a new store that `reopen` closes and opens again. */
export function onReopened(
  topic: string,
  name: string,
  run: (store: KVStore, reopen: () => Promise<KVStore>) => Promise<void>,
): ConformanceCase {
  const runOn = async (factory: StoreFactory): Promise<void> => {
    let store = await factory.create();
    try {
      await run(store, async () => {
        if (factory.reopen === undefined) throw new Error(`The case ${JSON.stringify(name)} needs reopen().`);
        store = await factory.reopen(store);
        return store;
      });
    } finally {
      await store.close();
    }
  };
  return { topic, name, needs: ["reopen"], run: runOn };
}

/** A case on two stores that store the same. */
export function onTwo(
  topic: string,
  name: string,
  run: (one: KVStore, other: KVStore) => Promise<void>,
): ConformanceCase {
  const runOn = async (factory: StoreFactory): Promise<void> => {
    if (factory.another === undefined) throw new Error(`The case ${JSON.stringify(name)} needs another().`);
    const one = await factory.create();
    try {
      const other = await factory.another(one);
      try {
        await run(one, other);
      } finally {
        await other.close();
      }
    } finally {
      await one.close();
    }
  };
  return { topic, name, needs: ["another"], run: runOn };
}
