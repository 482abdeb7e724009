import { describe, fromUtf8, utf8, utf8Length } from "../bytes.ts";
import { StorageError, StoreClosedError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { type Entries, type Keys, KVStore, type StoreTraits } from "./store.ts";

/** What is used of a `Pool` of the package `pg`, of a `PGlite`, and of whatever else has such a method. */
export interface PostgresDatabase {
  /** Runs a statement with parameters `$1`, `$2` and so on. */
  query(sql: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Where `PostgresStore` stores. */
export interface PostgresOptions {
  /** The table; "vkv" by default. Any name of up to 63 bytes: it is quoted. */
  readonly table?: string;
  /** The schema of the table, which must be there; by default, the first one on the connection's search path. */
  readonly schema?: string;
}

/** How many keys a listing reads at a time. */
const PAGE = 1000;

/** How many rows one statement handles, and how many bytes of values it writes, if one value does not have more. */
const BATCH = { rows: 2000, bytes: 8 * 2 ** 20 };

/** How often a statement is tried that the database asks to try again, and the longest pause before the first retry, in ms; it doubles each time. */
const RETRY = { attempts: 10, pause: 4 };

/** The database undid the statement and asks to try it again: a serialization failure, a deadlock. */
const UNDONE = ["40001", "40P01"];

/** Another connection creates the same table at this moment: PostgreSQL's `IF NOT EXISTS` does not look after that. */
const CREATED_MEANWHILE = [...UNDONE, "23505", "42P07", "42710"];

/**
 * A store in one table of a PostgreSQL database, through a `Pool` of the package `pg`, or in a PGlite.
 *
 * Every method is a single statement that commits by itself (large batches: one for every 2,000 rows or 8 MiB), right
 * under any isolation level. One that the database undid, because of a deadlock or a serialization failure, is tried
 * again; one that was cut off is not: nobody knows whether it happened.
 *
 * `close` leaves the pool open: who made it closes it.
 *
 * @example no-run
 * import { Pool } from "pg";
 * import { Versioned } from "vkv";
 * import { PostgresStore } from "vkv/postgres";
 *
 * const pool = new Pool({ connectionString: "postgres://localhost/app" });
 * const v = await Versioned.open(await PostgresStore.create(pool));
 */
export class PostgresStore extends KVStore {
  override readonly traits: StoreTraits = { maxKeyBytes: 1024, maxValueBytes: 2 ** 27, conditionalRemove: true };
  readonly #database: PostgresDatabase;
  readonly #table: string;
  #closed = false;

  /**
   * A store in a table that is there already: see `create` and `migration`.
   *
   * @param database a `Pool` of `pg` that connects to the primary server, or a `PGlite`
   * @throws TypeError if it is neither; so it is a `Client` of `pg`, whose transactions could take back what was acknowledged
   */
  constructor(database: PostgresDatabase, options: PostgresOptions = {}) {
    super();
    if (typeof database !== "object" || database === null || typeof database.query !== "function") {
      throw new TypeError(`A PostgresStore needs a Pool of the package pg, or a PGlite, not ${describe(database)}.`);
    }
    // What a single connection acknowledges may be part of a transaction that is still open.
    if ("processID" in database) {
      throw new TypeError(
        "A PostgresStore needs a Pool of the package pg, not a Client: new Pool({ max: 1 }) is one connection, too.",
      );
    }
    this.#database = database;
    this.#table = tableName(options);
  }

  /** Creates the table, if it is not there, and returns the store in it. */
  static async create(database: PostgresDatabase, options: PostgresOptions = {}): Promise<PostgresStore> {
    const store = new PostgresStore(database, options);
    await store.#query(PostgresStore.migration(options), [], CREATED_MEANWHILE);
    return store;
  }

  /** The statement that creates the table, if it is not there: for who may not, or would rather not, create it at run time. */
  static migration(options: PostgresOptions = {}): string {
    return `CREATE TABLE IF NOT EXISTS ${tableName(options)} (key bytea PRIMARY KEY, value bytea NOT NULL)`;
  }

  override async get(key: string): Promise<Uint8Array | undefined> {
    this.#check(key);
    const [row] = await this.#query(`SELECT value FROM ${this.#table} WHERE key = $1`, [utf8(key)]);
    return row === undefined ? undefined : bytesOf(row, "value");
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
    const first = utf8(prefix);
    if (first.length > this.traits.maxKeyBytes) return;
    // Bytes are compared as numbers, so the keys under a prefix are a range of the index.
    const [end, bound] = prefix === "" ? ["", []] : [" AND key < $3", [afterPrefix(first)]];
    let start = first;
    for (let compare = ">="; ; compare = ">") {
      const page = await this.#query(
        `SELECT key FROM ${this.#table} WHERE key ${compare} $1${end} ORDER BY key LIMIT $2`,
        [start, PAGE, ...bound],
      );
      for (const row of page) yield fromUtf8(bytesOf(row, "key"));
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      start = bytesOf(last, "key");
      this.#checkOpen();
    }
  }

  override async cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    this.#check(key, value, expected);
    if (expected === undefined && value === undefined) return !(await this.has(key));
    const [sql, ...values] = this.#swap(value && new Uint8Array(value), expected && new Uint8Array(expected));
    return (await this.#query(sql, [utf8(key), ...values])).length > 0;
  }

  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    this.#checkOpen();
    const found = new Map<string, Uint8Array>();
    for (const batch of batches(this.checkKeys(keys), () => 0)) {
      const sql = `SELECT key, value FROM ${this.#table} WHERE key = ANY($1::bytea[])`;
      const rows = await this.#query(sql, [batch.map(utf8)]);
      for (const row of rows) found.set(fromUtf8(bytesOf(row, "key")), bytesOf(row, "value"));
    }
    return found;
  }

  override async setMany(entries: Entries): Promise<void> {
    this.#checkOpen();
    await this.#insert(this.checkEntries(entries), "DO UPDATE SET value = excluded.value");
  }

  override async createMany(entries: Entries): Promise<string[]> {
    this.#checkOpen();
    const list = this.checkEntries(entries);
    const created = await this.#insert(list, "DO NOTHING");
    return list.map(([key]) => key).filter((key) => !created.has(key));
  }

  override async removeMany(keys: Keys): Promise<void> {
    this.#checkOpen();
    for (const batch of batches(this.checkKeys(keys).sort(), () => 0)) {
      await this.#query(`DELETE FROM ${this.#table} WHERE key = ANY($1::bytea[])`, [batch.map(utf8)]);
    }
  }

  override async has(key: string): Promise<boolean> {
    this.#check(key);
    return (await this.#query(`SELECT 1 FROM ${this.#table} WHERE key = $1`, [utf8(key)])).length > 0;
  }

  /** Ends the use of this store; the pool stays open. Idempotent; other calls after it throw `StoreClosedError`. */
  override close(): void {
    this.#closed = true;
  }

  /** The statement, and its values after the key, that swaps a value and returns a row if it did. */
  #swap(value: Uint8Array | undefined, expected: Uint8Array | undefined): [string, ...Uint8Array[]] {
    const table = this.#table;
    // A statement that waited for another writer of the row looks at its condition again: READ COMMITTED suffices.
    if (value === undefined) {
      return [`DELETE FROM ${table} WHERE key = $1 AND value = $2 RETURNING 1`, ...(expected ? [expected] : [])];
    }
    return expected === undefined
      ? [`INSERT INTO ${table} (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING 1`, value]
      : [`UPDATE ${table} SET value = $2 WHERE key = $1 AND value = $3 RETURNING 1`, value, expected];
  }

  /** Inserts entries in the order of their keys, so that two that insert the same do not wait for each other; returns the keys that were written. */
  async #insert(entries: readonly [string, Uint8Array][], onConflict: string): Promise<Set<string>> {
    const sql = `INSERT INTO ${this.#table} (key, value) SELECT * FROM unnest($1::bytea[], $2::bytea[])
      ON CONFLICT (key) ${onConflict} RETURNING key`;
    const list = entries.map(([key, value]) => [key, new Uint8Array(value)] as const);
    list.sort(([a], [b]) => (a < b ? -1 : 1));
    const written = new Set<string>();
    for (const batch of batches(list, ([, value]) => value.length)) {
      const rows = await this.#query(sql, [batch.map(([key]) => utf8(key)), batch.map(([, value]) => value)]);
      for (const row of rows) written.add(fromUtf8(bytesOf(row, "key")));
    }
    return written;
  }

  /** Runs a statement; again, if the database undid it for a reason of `again`. */
  async #query(sql: string, values: unknown[], again: readonly string[] = UNDONE): Promise<readonly unknown[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return rowsOf(await this.#database.query(sql, values));
      } catch (cause) {
        const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
        if (attempt === RETRY.attempts || !again.includes(code)) {
          throw new StorageError(`PostgreSQL failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
            cause,
          });
        }
      }
      const longest = RETRY.pause * 2 ** (attempt - 1);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreClosedError();
  }

  #check(key: string, ...values: (Uint8Array | undefined)[]): void {
    this.#checkOpen();
    this.checkKey(key);
    for (const value of values) if (value !== undefined) this.checkValue(key, value);
  }
}

function tableName(options: PostgresOptions): string {
  checkOptions(options, "PostgresStore", ["table", "schema"]);
  const { table = "vkv", schema } = options;
  return (
    schema === undefined
      ? [["table", table]]
      : [
          ["schema", schema],
          ["table", table],
        ]
  )
    .map(([what, name]) => quoted(name, String(what)))
    .join(".");
}

/** A name as SQL has it between quotes. PostgreSQL would cut off what is longer than 63 bytes. */
function quoted(name: unknown, what: string): string {
  if (typeof name !== "string") throw new TypeError(`${what} must be a string, not ${describe(name)}.`);
  if (name === "" || utf8Length(name) > 63 || name.includes("\0") || !name.isWellFormed()) {
    throw new RangeError(`${what} must be a name of 1 to 63 bytes without NUL, not ${JSON.stringify(name)}.`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** `items` in arrays that one statement handles. */
function* batches<T>(items: readonly T[], sizeOf: (item: T) => number): IterableIterator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (batch.length > 0 && (batch.length === BATCH.rows || bytes + size > BATCH.bytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** The rows of an answer: drivers of other databases, and wrappers, answer otherwise. */
function rowsOf(answer: { readonly rows: readonly unknown[] }): readonly unknown[] {
  if (Array.isArray(answer?.rows)) return answer.rows;
  throw new TypeError("The method query must answer with an object that has rows, as a Pool of the package pg does.");
}

/** The bytes of a column of type `bytea`, in an array of their own. */
function bytesOf(row: unknown, column: string): Uint8Array {
  const value: unknown = typeof row === "object" && row !== null ? Reflect.get(row, column) : undefined;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new StorageError(`The driver gave ${describe(value)} for bytes: is another parser set for the type bytea?`);
}

/** The first key after all that begin with the UTF-8 bytes `prefix`. None of them ends with 0xff. */
function afterPrefix(prefix: Uint8Array): Uint8Array {
  const end = new Uint8Array(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
