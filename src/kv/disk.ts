/// <reference types="node" />
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, realpathSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { equalValues, fromUtf8, utf8 } from "../bytes.ts";
import { CorruptionError, StorageError, StoreClosedError, VkvError } from "../errors.ts";
import { checkFlag, checkOptions } from "../options.ts";
import { isChunkKey } from "./chunk-keys.ts";
import { gated } from "./folder-gate.ts";
import { LastTransaction } from "./last-transaction.ts";
import { checkHeader, completeSize, type LmdbFile } from "./lmdb-file.ts";
import { type LmdbDatabase, LmdbTurns } from "./lmdb-turns.ts";
import { type Awaitable, type Entries, type Keys, KVStore, type StoreTraits } from "./store.ts";

/** How `Disk` stores. */
export interface DiskOptions {
  /**
   * Whether a write waits until it is on the disk; `true` by default. Without, writes are several times faster, a crash
   * of the process still loses nothing, but a crash of the system or a power failure can damage the whole store.
   */
  readonly durable?: boolean;
}

/** How many keys a listing reads at a time. */
const PAGE = 1000;

/** From how many entries on it pays to write them in order. */
const SORT_FROM = 64;

/**
 * A store in a folder on a local disk, on LMDB (the package `lmdb`, to be installed beside vkv). Several processes may
 * use one folder at a time.
 *
 * Reads answer at once, without promises, and see every write that was committed before. The writes of one turn of the
 * event loop are committed together at its end, with one fsync, during which the thread waits; that acknowledges them.
 * Only `createMany` answers earlier: this thread sees what it created at once, other threads and processes, and the disk,
 * at the end of the turn, before or with any other write that is acknowledged later. If that fails, every later
 * write throws, until the store is opened again.
 *
 * @example
 * import { Disk } from "vkv/disk";
 *
 * await using store = new Disk("my-store");
 * await store.set("k", new Uint8Array([1]));
 */
export class Disk extends KVStore {
  /** Keys of up to 1,024 UTF-8 bytes, values of up to 1 GiB. */
  override readonly traits: StoreTraits = {
    maxKeyBytes: 1024,
    maxValueBytes: 2 ** 30,
    conditionalRemove: true,
    tailLimit: 2048,
  };
  readonly #environment: Environment;
  #closing: Promise<void> | undefined;

  /**
   * Opens the store in a folder, which is created if it is not there.
   *
   * @param path the folder, on a local disk
   * @throws StorageError if `lmdb` is not installed, or the folder cannot be created, read or written, or is open in this process with another `durable`
   * @throws CorruptionError for a file that is no LMDB file or is damaged
   */
  constructor(path: string, options: DiskOptions = {}) {
    super();
    checkOptions(options, "new Disk");
    this.#environment = acquire(path, checkFlag(options.durable, "durable", true));
  }

  override get(key: string): Uint8Array | undefined {
    const { db, turns } = this.#open();
    this.checkKey(key);
    const bytes = utf8(key);
    return guard(() => turns.read(() => copy(db.getBinaryFast(bytes))));
  }

  override getFresh(key: string): Uint8Array | undefined {
    const { db, turns } = this.#open();
    this.checkKey(key);
    const bytes = utf8(key);
    return guard(() => turns.readLatest(() => copy(db.getBinaryFast(bytes))));
  }

  override set(key: string, value: Uint8Array): Promise<void> {
    return this.setMany([[key, value]]);
  }

  override remove(key: string): Promise<void> {
    return this.removeMany([key]);
  }

  override *keys(prefix = ""): IterableIterator<string> {
    this.checkPrefix(prefix);
    let start = prefix === "" ? new Uint8Array(1) : utf8(prefix);
    if (start.length > this.traits.maxKeyBytes) return;
    const range = prefix === "" ? { limit: PAGE } : { limit: PAGE, end: afterPrefix(start) };
    for (;;) {
      // A page is read at one go: no cursor stays open while the consumer takes its time, or writes.
      const { db, turns } = this.#open();
      const read = (): string[] => Array.from(db.getKeys({ ...range, start }), fromUtf8);
      // Collections rely on seeing every ref that is there.
      const page = guard(() => (prefix === "" || isChunkKey(prefix) ? turns.read(read) : turns.readLatest(read)));
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      start = successor(utf8(last));
    }
  }

  override cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    const { db, turns } = this.#open();
    this.checkKey(key);
    if (value !== undefined) this.checkValue(key, value);
    if (expected !== undefined) this.checkValue(key, expected);
    const bytes = utf8(key);
    const wanted = copy(value);
    const old = copy(expected);
    return guardAsync(() =>
      turns.late(() => {
        const stored = db.getBinaryFast(bytes);
        if (!equalValues(stored?.subarray(0, stored.length), old)) return false;
        if (wanted !== undefined) db.putSync(bytes, wanted);
        else db.removeSync(bytes);
        return true;
      }),
    );
  }

  override getMany(keys: Keys): Map<string, Uint8Array> {
    const { db, turns } = this.#open();
    const list = this.checkKeys(keys);
    const found = new Map<string, Uint8Array>();
    guard(() =>
      turns.read(() => {
        for (const key of list) {
          const value = copy(db.getBinaryFast(utf8(key)));
          if (value !== undefined) found.set(key, value);
        }
      }),
    );
    return found;
  }

  override setMany(entries: Entries): Promise<void> {
    const { db, turns } = this.#open();
    const list = this.checkEntries(entries).map(([key, value]) => [utf8(key), new Uint8Array(value)] as const);
    return guardAsync(() =>
      turns.late(() => {
        for (const [key, value] of list) db.putSync(key, value);
      }),
    );
  }

  override createMany(entries: Entries): Awaitable<string[]> {
    const { db, turns } = this.#open();
    const list = this.checkEntries(entries);
    if (list.length >= SORT_FROM) list.sort(([a], [b]) => (a < b ? -1 : 1));
    const create = (): string[] =>
      list.filter(([key, value]) => !db.putSync(utf8(key), ownBytes(value), { noOverwrite: true })).map(([key]) => key);
    const bytes = list.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    const existing = guard(() => turns.early(create, bytes));
    return existing instanceof Promise ? guardAsync(() => existing) : existing;
  }

  override removeMany(keys: Keys): Promise<void> {
    const { db, turns } = this.#open();
    const list = this.checkKeys(keys).map(utf8);
    return guardAsync(() =>
      turns.late(() => {
        for (const key of list) db.removeSync(key);
      }),
    );
  }

  override has(key: string): boolean {
    const { db, turns } = this.#open();
    this.checkKey(key);
    const bytes = utf8(key);
    return guard(() => turns.read(() => db.getBinaryFast(bytes) !== undefined));
  }

  override clear(): Promise<void> {
    const { db, turns } = this.#open();
    return guardAsync(() => turns.late(() => db.clearSync()));
  }

  /** Waits for this store's writes and closes its files. Idempotent; other calls after it throw `StoreClosedError`. */
  override close(): Promise<void> {
    this.#closing ??= this.#environment.release();
    return this.#closing;
  }

  #open(): Environment {
    if (this.#closing !== undefined) throw new StoreClosedError();
    return this.#environment;
  }
}

/**
 * The open LMDB environments of this thread, by folder: LMDB must not be opened twice, and two transactions held open
 * in one thread would wait for each other for ever. On `globalThis`, for programs that load two copies of vkv.
 */
const ENVIRONMENTS = Symbol.for("vkv/disk/1");

/** An open LMDB environment, with the number of stores that use it. */
class Environment {
  readonly db: LmdbDatabase;
  readonly turns: LmdbTurns;
  readonly durable: boolean;
  readonly #folder: string;
  readonly #last: LastTransaction;
  #users = 0;

  constructor(folder: string, durable: boolean) {
    this.#folder = folder;
    this.durable = durable;
    const what = `The store in ${JSON.stringify(folder)} cannot be opened`;
    this.db = guard(() => openIn(folder, durable), what);
    try {
      const last = new LastTransaction(folder);
      this.#last = last;
      this.turns = new LmdbTurns(this.db, (transaction) => last.isNext(transaction), setImmediate);
      // In a transaction, so that no other process writes meanwhile.
      this.turns.transact(() => completeFile(join(folder, "data.mdb")));
    } catch (cause) {
      gated(folder, () => this.db.close()).catch(() => undefined);
      throw failure(cause, what);
    }
  }

  acquire(): this {
    this.#users++;
    return this;
  }

  async release(): Promise<void> {
    this.#users--;
    await this.turns.drain();
    // Another store may have been opened meanwhile, or have closed it already.
    if (this.#users > 0 || environments().get(this.#folder) !== this) return;
    environments().delete(this.#folder);
    this.#last.close();
    // lmdb closes at once: nothing waits any more.
    await gated(this.#folder, () => this.db.close());
  }
}

/**
 * Opens the LMDB environment in a folder. One process at a time opens or closes one: the last to close it destroys the
 * locks, also when another waits for it in order to open.
 */
function openIn(folder: string, durable: boolean): LmdbDatabase {
  return gated(folder, () => {
    checkFile(join(folder, "data.mdb"));
    return loadDriver().open({
      path: folder,
      noSubdir: false,
      keyEncoding: "binary",
      encoding: "binary",
      noSync: !durable,
      overlappingSync: false,
    });
  });
}

function environments(): Map<string, Environment> {
  const known: Map<string, Environment> | undefined = Reflect.get(globalThis, ENVIRONMENTS);
  if (known !== undefined) return known;
  const created = new Map<string, Environment>();
  Reflect.set(globalThis, ENVIRONMENTS, created);
  return created;
}

function acquire(path: string, durable: boolean): Environment {
  const folder = guard(
    () => {
      mkdirSync(path, { recursive: true });
      return realpathSync(path);
    },
    `The folder ${JSON.stringify(path)} cannot be created`,
  );
  const known = environments().get(folder);
  if (known === undefined) {
    const environment = new Environment(folder, durable);
    environments().set(folder, environment);
    return environment.acquire();
  }
  if (known.durable !== durable) {
    throw new StorageError(`The store in ${JSON.stringify(folder)} is open with durable: ${known.durable}.`);
  }
  return known.acquire();
}

/** The part of the package `lmdb` that is used here. */
interface Driver {
  open(options: {
    path: string;
    noSubdir: boolean;
    keyEncoding: "binary";
    encoding: "binary";
    noSync: boolean;
    overlappingSync: boolean;
  }): LmdbDatabase;
}

function loadDriver(): Driver {
  try {
    return createRequire(import.meta.url)("lmdb") as Driver;
  } catch (cause) {
    throw new StorageError("Disk needs the package lmdb, which cannot be loaded: npm install lmdb", { cause });
  }
}

/** Throws if there is a file, but not one that LMDB can open. */
function checkFile(path: string): void {
  if (existsSync(path)) withFile(path, "r", (file) => file.size > 0 && checkHeader(file));
}

/** Throws if the file is cut off; makes it complete, so that this is not looked into again. */
function completeFile(path: string): void {
  withFile(path, "r+", (file, fd) => {
    const size = completeSize(file);
    if (file.size < size) writeSync(fd, new Uint8Array(1), 0, 1, size - 1);
  });
}

function withFile(path: string, flags: string, work: (file: LmdbFile, fd: number) => void): void {
  const fd = openSync(path, flags);
  const read = (position: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
  };
  try {
    work({ name: path, size: fstatSync(fd).size, read }, fd);
  } catch (cause) {
    // What lies beyond the end of a page.
    if (cause instanceof RangeError)
      throw new CorruptionError(`The file ${JSON.stringify(path)} is damaged.`, { cause });
    throw cause;
  } finally {
    closeSync(fd);
  }
}

/** The first key after all that begin with the UTF-8 bytes `prefix`. None of them ends with 0xff. */
function afterPrefix(prefix: Uint8Array): Uint8Array {
  const end = new Uint8Array(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

/** The first possible key after `key`. */
function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** A copy with a buffer of its own. lmdb's buffers have more bytes than their `length` says. */
function copy(bytes: Uint8Array): Uint8Array;
function copy(bytes: Uint8Array | undefined): Uint8Array | undefined;
function copy(bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length).slice();
}

/** `value` in memory that lmdb can read: not a `SharedArrayBuffer`. */
function ownBytes(value: Uint8Array): Uint8Array {
  return value.buffer instanceof ArrayBuffer ? value : new Uint8Array(value);
}

/** `work()`, with what lmdb throws as an error of ours. */
function guard<T>(work: () => T, what = "LMDB failed"): T {
  try {
    return work();
  } catch (cause) {
    throw failure(cause, what);
  }
}

async function guardAsync<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw failure(cause, "LMDB failed");
  }
}

/** What LMDB answers about a file that is not as it should be: a page not found, corrupted, a panic, not an LMDB file. */
const CORRUPTION_CODES: readonly unknown[] = [-30797, -30796, -30793];

/** EIO and ENOSPC: LMDB answers the first when only part of a write had room. */
const FULL_CODES: readonly unknown[] = [5, 28];

function failure(cause: unknown, what: string): VkvError {
  if (cause instanceof VkvError) return cause;
  const hint = FULL_CODES.includes(codeOf(cause)) ? " (is the disk full?)" : "";
  const message = `${what}: ${cause instanceof Error ? cause.message : String(cause)}${hint}`;
  return CORRUPTION_CODES.includes(codeOf(cause))
    ? new CorruptionError(message, { cause })
    : new StorageError(message, { cause });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
