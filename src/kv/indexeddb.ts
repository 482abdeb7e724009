import { describe, equalValues } from "../bytes.ts";
import { StorageError, StoreClosedError, VkvError } from "../errors.ts";
import { checkFlag, checkOptions } from "../options.ts";
import { type Entries, type Keys, KVStore, type StoreTraits } from "./store.ts";

/** How `IndexedDBStore` stores. */
export interface IndexedDBOptions {
  /** Whether a write waits until it is on the disk, as far as the browser can tell; `true` by default. Without, writes are faster, and a crash of the system or a power failure may lose the last ones. */
  readonly durable?: boolean;
}

/** The version of the database's layout: one object store of this name, with bytes under string keys. */
const VERSION = 1;
const VALUES = "values";
/** How many keys a listing reads at a time. */
const PAGE = 1000;

/**
 * A store in an IndexedDB database of a browser, for pages and workers. Several tabs may use one database at a time.
 *
 * A batch is one transaction, and so is a `cas`. Where another tab deletes the database or changes its layout, or the
 * user clears the site's data, this store lets go of it, and throws a `StorageError` from then on.
 *
 * @example no-run
 * import { IndexedDBStore } from "vkv/indexeddb";
 *
 * const store = new IndexedDBStore("notes");
 * await store.set("k", new Uint8Array([1]));
 */
export class IndexedDBStore extends KVStore {
  override readonly traits: StoreTraits = { maxKeyBytes: 1024, maxValueBytes: 2 ** 26, conditionalRemove: true };
  readonly #name: string;
  readonly #durability: IDBTransactionDurability;
  #database: Promise<IDBDatabase> | undefined;
  /** What fails the transactions under way: a browser that closes the database does not always say that it aborts them. */
  readonly #underWay: Set<(error: StorageError) => void> = new Set();
  #lost: string | undefined;
  #closed = false;

  /**
   * The database is opened, and created if it is not there, by the first call that needs it.
   *
   * @param name the database's name, of those of the page's origin
   * @throws TypeError if it is no string
   */
  constructor(name: string, options: IndexedDBOptions = {}) {
    super();
    checkOptions(options, "new IndexedDBStore", ["durable"]);
    if (typeof name !== "string") throw new TypeError(`The name must be a string, not ${describe(name)}.`);
    this.#name = name;
    this.#durability = checkFlag(options.durable, "durable", true) ? "strict" : "relaxed";
  }

  override get(key: string): Promise<Uint8Array | undefined> {
    return this.getMany([key]).then((found) => found.get(key));
  }

  override set(key: string, value: Uint8Array): Promise<void> {
    return this.setMany([[key, value]]);
  }

  override remove(key: string): Promise<void> {
    return this.removeMany([key]);
  }

  override async *keys(prefix = ""): AsyncIterableIterator<string> {
    this.#checkOpen();
    this.checkPrefix(prefix);
    const end = afterPrefix(prefix);
    for (let range = from(prefix, false, end); ; this.#checkOpen()) {
      const page = await this.#transact("readonly", (values) => answer(values.getAllKeys(range, PAGE)));
      yield* page.map(String);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      range = from(String(last), true, end);
    }
  }

  override async cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    this.#checkOpen();
    this.checkKey(key);
    for (const bytes of [value, expected]) if (bytes !== undefined) this.checkValue(key, bytes);
    const wanted = value && new Uint8Array(value);
    const old = expected && new Uint8Array(expected);
    return this.#transact("readwrite", async (values) => {
      if (!equalValues(bytesOf(await answer(values.get(key))), old)) return false;
      if (wanted === undefined) values.delete(key);
      else values.put(wanted, key);
      return true;
    });
  }

  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    this.#checkOpen();
    const list = this.checkKeys(keys);
    const found = new Map<string, Uint8Array>();
    if (list.length === 0) return found;
    await this.#transact("readonly", async (values) => {
      const stored = await Promise.all(list.map((key) => answer(values.get(key))));
      list.forEach((key, i) => {
        const value = bytesOf(stored[i]);
        if (value !== undefined) found.set(key, value);
      });
    });
    return found;
  }

  override async setMany(entries: Entries): Promise<void> {
    this.#checkOpen();
    const list = this.#copies(entries);
    await this.#transact("readwrite", (values) => {
      for (const [key, value] of list) values.put(value, key);
    });
  }

  override async createMany(entries: Entries): Promise<string[]> {
    this.#checkOpen();
    const list = this.#copies(entries);
    return this.#transact("readwrite", async (values) => {
      const created = await Promise.all(list.map(([key, value]) => added(values.add(value, key))));
      return list.filter((_, i) => created[i] === false).map(([key]) => key);
    });
  }

  override async removeMany(keys: Keys): Promise<void> {
    this.#checkOpen();
    const list = this.checkKeys(keys);
    await this.#transact("readwrite", (values) => {
      for (const key of list) values.delete(key);
    });
  }

  override async has(key: string): Promise<boolean> {
    this.#checkOpen();
    this.checkKey(key);
    return this.#transact("readonly", async (values) => (await answer(values.count(key))) > 0);
  }

  override async clear(): Promise<void> {
    this.#checkOpen();
    await this.#transact("readwrite", (values) => {
      values.clear();
    });
  }

  /** Closes the connection, once what is under way is done. Idempotent; other calls after it throw `StoreClosedError`. */
  override async close(): Promise<void> {
    this.#closed = true;
    const database = await this.#database?.catch(() => undefined);
    database?.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreClosedError();
    this.#checkThere();
  }

  #checkThere(): void {
    if (this.#lost !== undefined) throw new StorageError(this.#lost);
  }

  #copies(entries: Entries): (readonly [key: string, value: Uint8Array])[] {
    // Of an array that is a view, IndexedDB would store the whole buffer.
    return this.checkEntries(entries).map(([key, value]) => [key, new Uint8Array(value)]);
  }

  /** Runs `work` in a transaction: it may wait for that one's requests, and for nothing else. Resolves when it is committed. */
  async #transact<T>(mode: IDBTransactionMode, work: (values: IDBObjectStore) => T | Promise<T>): Promise<T> {
    // Whoever closes the store meanwhile closes the database after this has begun.
    const database = await this.#connect();
    this.#checkThere();
    let fail: ((error: unknown) => void) | undefined;
    try {
      const transaction = database.transaction(VALUES, mode, { durability: this.#durability });
      const committed = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = (): void => resolve();
        transaction.onabort = (): void => reject(transaction.error ?? new Error("The transaction was aborted."));
        fail = reject;
        this.#underWay.add(reject);
      });
      const worked = (async (): Promise<T> => work(transaction.objectStore(VALUES)))();
      const [result] = await Promise.all([worked, committed]);
      return result;
    } catch (error) {
      throw failure(error);
    } finally {
      if (fail !== undefined) this.#underWay.delete(fail);
    }
  }

  #connect(): Promise<IDBDatabase> {
    this.#database ??= this.#open().catch((error: unknown) => {
      // Another call may succeed: what stood in the way may be gone.
      this.#database = undefined;
      throw failure(error);
    });
    return this.#database;
  }

  async #open(): Promise<IDBDatabase> {
    const name = JSON.stringify(this.#name);
    if (typeof indexedDB === "undefined")
      throw new StorageError("There is no IndexedDB here: IndexedDBStore is for browsers.");
    const request = indexedDB.open(this.#name, VERSION);
    request.onupgradeneeded = (): void => {
      request.result.createObjectStore(VALUES);
    };
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      request.onsuccess = (): void => resolve(request.result);
      request.onerror = (): void => reject(request.error);
      request.onblocked = (): void => {
        // It opens nevertheless when the other one closes: nobody waits for that any more.
        request.onsuccess = (): void => request.result.close();
        reject(new StorageError(`The database ${name} cannot be opened while another tab has an older version open.`));
      };
    });
    const lose = (why: string): string => {
      database.close();
      this.#lost = `The database ${name} ${why}: open the store again.`;
      return this.#lost;
    };
    // What is under way is still done.
    database.onversionchange = (): void => void lose("was deleted or changed by another tab");
    database.onclose = (): void => {
      const lost = new StorageError(lose("was closed by the browser"));
      for (const fail of this.#underWay) fail(lost);
    };
    return database;
  }
}

/** The result of a request. */
function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = (): void => resolve(request.result);
    request.onerror = (): void => reject(request.error);
  });
}

/** Whether `add` did: not, if the key was there. The transaction goes on then. */
function added(request: IDBRequest<IDBValidKey>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    request.onsuccess = (): void => resolve(true);
    request.onerror = (event): void => {
      if (request.error?.name !== "ConstraintError") {
        reject(request.error);
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      resolve(false);
    };
  });
}

function bytesOf(stored: unknown): Uint8Array | undefined {
  if (stored === undefined) return undefined;
  if (!(stored instanceof Uint8Array)) throw new StorageError(`The database holds ${describe(stored)} for a value.`);
  return stored;
}

function from(start: string, isOpen: boolean, end: string | undefined): IDBKeyRange {
  return end === undefined ? IDBKeyRange.lowerBound(start, isOpen) : IDBKeyRange.bound(start, end, isOpen, true);
}

/** The first string after all that begin with `prefix`, by UTF-16 code units; `undefined` if there is none. */
function afterPrefix(prefix: string): string | undefined {
  let length = prefix.length;
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xffff) length--;
  if (length === 0) return undefined;
  return prefix.slice(0, length - 1) + String.fromCharCode(prefix.charCodeAt(length - 1) + 1);
}

function failure(cause: unknown): VkvError {
  if (cause instanceof VkvError) return cause;
  const { name, message } = cause instanceof Error ? cause : { name: "Error", message: String(cause) };
  if (name === "QuotaExceededError") {
    return new StorageError("The browser has no room left for this site's data.", { cause });
  }
  return new StorageError(`IndexedDB failed: ${name}: ${message}`, { cause });
}
