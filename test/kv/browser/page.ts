/** What the pages of the tests run, from the built package: `browser.vkv` there is `program` here. */
import { collectGarbage, counter, Memory, Versioned, VkvError, verify } from "vkv";
import { conformance, type StoreFactory } from "vkv/conformance";
import { IndexedDBStore } from "vkv/indexeddb";
import { Tiered } from "vkv/tiered";

/** What a writer says: of a step that was acknowledged, or that failed. */
export type Told = { readonly done: string } | { readonly failed: string; readonly code: string };

const COUNT = "count";
const count = counter();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
let created = 0;
/** The stores that are driven from outside. */
const stores = new Map<string, IndexedDBStore>();

function factory(durable: boolean): StoreFactory {
  const names = new WeakMap<object, string>();
  const open = (name: string): IndexedDBStore => {
    const store = new IndexedDBStore(name, { durable });
    names.set(store, name);
    return store;
  };
  return {
    create: () => open(`conformance ${Date.now()} ${created++}`),
    another: (store) => open(names.get(store) ?? ""),
    reopen: async (store) => {
      await store.close();
      return open(names.get(store) ?? "");
    },
  };
}

async function remove(name: string): Promise<void> {
  const request = indexedDB.deleteDatabase(name);
  await new Promise<void>((resolve, reject) => {
    request.onsuccess = (): void => resolve();
    request.onerror = (): void => reject(request.error);
    request.onblocked = (): void => reject(new Error("A connection stays open."));
  });
}

async function step(on: Versioned, key: string): Promise<void> {
  const before = await on.get(COUNT);
  const raised = (before === undefined ? 0n : count.decode(before)) + 1n;
  await on.snapshot({ [COUNT]: count.encode(raised), [key]: new Uint8Array(200).fill(7) });
}

/** The store of this name. `durable` counts for the first call. */
function store(name: string, durable = true): IndexedDBStore {
  const known = stores.get(name) ?? new IndexedDBStore(name, { durable });
  stores.set(name, known);
  return known;
}

const program = {
  store,
  remove,

  /** Runs a case of the conformance suite; what is wrong, if something is. */
  async runCase(name: string, durable: boolean): Promise<string | undefined> {
    try {
      await conformance.find((each) => each.name === name)?.run(factory(durable));
      for (const database of await indexedDB.databases()) {
        if (database.name?.startsWith("conformance")) await remove(database.name);
      }
      return undefined;
    } catch (error) {
      return String(error);
    }
  },

  /** Branches, merges and reads on `Tiered`; the id of the commit that comes out, which is the same on every platform. */
  async tour(): Promise<string> {
    const tiered = new Tiered([new Memory(), new IndexedDBStore(`tour ${Date.now()}`)]);
    const main = await Versioned.open(tiered);
    await main.snapshot({ a: text("1"), b: text("2"), "ключ/🔑": new Uint8Array(20_000) }, { info: { by: "smoke" } });
    await main.merge();
    const side = await main.createBranch("side");
    await side.snapshot({ a: text("side"), c: text("3") });
    await side.merge();
    await main.snapshot({ b: text("main") }, { removals: ["ключ/🔑"] });
    await main.mergeFrom("side");
    await main.merge();
    return main.currentCommit;
  },

  /** Writes for so many ms: each step raises a counter that all share, and sets a key of its own. `tell` is the test's. */
  async write(name: string, writer: string, time: number): Promise<void> {
    const v = await Versioned.open(store(name));
    v.setContentType(COUNT, count);
    const tell = (line: Told): Promise<void> =>
      (globalThis as unknown as { tell(line: Told): Promise<void> }).tell(line);
    const end = performance.now() + time;
    for (let i = 0; performance.now() < end; i++) {
      const key = `${writer}/${i}`;
      try {
        if (i % 2 === 0) await v.transact((tx) => step(tx, key));
        else {
          await step(v, key);
          await v.merge();
        }
        await tell({ done: key });
      } catch (error) {
        if (!(error instanceof VkvError)) throw error;
        await tell({ failed: key, code: error.code });
        await v.reset();
      }
    }
  },

  /** Collects again and again for so many ms; how often it was completed. */
  async collect(name: string, time: number): Promise<number> {
    const end = performance.now() + time;
    let completed = 0;
    while (performance.now() < end) {
      if ((await collectGarbage(store(name), { minAge: 0 })).completed) completed++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return completed;
  },

  /** What is stored: the keys of all steps, the counter, and what `verify` finds. */
  async contents(name: string): Promise<{ keys: string[]; count: number; problems: string[] }> {
    const v = await Versioned.open(store(name), { create: false });
    const keys = (await v.keys().toArray()).filter((key) => key !== COUNT);
    const value = await v.get(COUNT);
    const { problems } = await verify(store(name));
    return {
      keys,
      count: value === undefined ? 0 : Number(count.decode(value)),
      problems: problems.map((problem) => problem.message),
    };
  },

  /** Raises one counter so many times by `cas`. */
  async raise(name: string, times: number): Promise<void> {
    for (let done = 0; done < times; ) {
      const old = await store(name).get(COUNT);
      const raised = (old === undefined ? 0n : count.decode(old)) + 1n;
      if (await store(name).cas(COUNT, count.encode(raised), old)) done++;
    }
  },

  /** What a call ends with: the code and message of its error, or "done". */
  async outcome(call: () => Promise<unknown>): Promise<string> {
    try {
      await call();
      return "done";
    } catch (error) {
      return error instanceof VkvError ? `${error.code}: ${error.message}` : String(error);
    }
  },
};

/** What is there in a page. */
export type PageProgram = typeof program;

Object.assign(globalThis, { vkv: program });
