/// <reference types="node" />
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { describe } from "../bytes.ts";
import { StorageError, StoreClosedError, VkvError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { isChunkKey } from "./chunk-keys.ts";
import { type Argument, type Connection, connect, type RedisClient, type Send, slotsOf } from "./redis-client.ts";
import { eachOnce } from "./redis-scan.ts";
import { type Entries, type Keys, KVStore, type StoreTraits } from "./store.ts";

export type { IORedisClient, IORedisCluster, NodeRedisClient, NodeRedisCluster, RedisClient } from "./redis-client.ts";

/** How `RedisStore` stores. */
export interface RedisOptions {
  /** What its keys in Redis begin with, so that several stores share a server: 1 to 100 characters, none of `/`, `{`, `}`; "vkv" by default. */
  readonly prefix?: string;
}

/** How many keys a listing reads at a time. */
const PAGE = 1000;

/** Compares and swaps a chunk, which is a string of its own. */
const SWAP_CHUNK = script(`
  local now = redis.call("GET", KEYS[1])
  if (ARGV[1] == "absent" and now) or (ARGV[1] == "equal" and now ~= ARGV[2]) then return 0 end
  if ARGV[3] == "set" then redis.call("SET", KEYS[1], ARGV[4]) else redis.call("UNLINK", KEYS[1]) end
  return 1`);

/** The same for a record, which is a field of a hash, with its key in a sorted set. Writes a record on any condition. */
const SWAP_RECORD = script(`
  local now = redis.call("HGET", KEYS[1], ARGV[5])
  if (ARGV[1] == "absent" and now) or (ARGV[1] == "equal" and now ~= ARGV[2]) then return 0 end
  if ARGV[3] == "set" then
    redis.call("HSET", KEYS[1], ARGV[5], ARGV[4])
    redis.call("ZADD", KEYS[2], 0, ARGV[5])
  else
    redis.call("HDEL", KEYS[1], ARGV[5])
    redis.call("ZREM", KEYS[2], ARGV[5])
  end
  return 1`);

/**
 * The keys of records in a range, if all are there: Redis may have evicted the hash or the set, each for itself. Without
 * branches a collection would remove everything, so that a set without some of them must not pass for all of it.
 */
const LIST_RECORDS = script(`
  if redis.call("HLEN", KEYS[1]) ~= redis.call("ZCARD", KEYS[2]) then return false end
  return redis.call("ZRANGEBYLEX", KEYS[2], ARGV[1], ARGV[2], "LIMIT", 0, ARGV[3])`);

/** What a value must be to be changed: anything, absent, or equal to these bytes. */
type Condition = "any" | "absent" | Uint8Array;

/**
 * A store on a Redis or Valkey server, or a cluster of them, through a client of the package `redis` or `ioredis`.
 *
 * Chunks, which are nearly all keys, are strings of their own, spread over the cluster. The other keys, *records*, are
 * in one hash, beside a sorted set of their keys that lists them by prefix; both are written by one script, in one slot.
 *
 * `close` leaves the client open: who made it closes it.
 *
 * @example no-run
 * import { createClient } from "redis";
 * import { Versioned } from "vkv";
 * import { RedisStore } from "vkv/redis";
 *
 * const client = await createClient({ url: "redis://localhost" }).on("error", console.error).connect();
 * const v = await Versioned.open(new RedisStore(client));
 */
export class RedisStore extends KVStore {
  /** A `cas` sends two values at most, within the 1 GB that a server takes of a client at a time. */
  override readonly traits: StoreTraits = { maxKeyBytes: 1024, maxValueBytes: 2 ** 28, conditionalRemove: true };
  readonly #connection: Connection;
  readonly #chunks: string;
  readonly #records: string;
  readonly #index: string;
  #closed = false;

  /**
   * @param client a connected client of `redis`, or one of `ioredis` with `maxRetriesPerRequest: 0`, in a cluster with
   *   `retryDelayOnFailover: 0`; a `TypeError` for anything else
   */
  constructor(client: RedisClient, options: RedisOptions = {}) {
    super();
    checkOptions(options, "new RedisStore", ["prefix"]);
    const prefix = checkName(options.prefix ?? "vkv");
    this.#connection = connect(client);
    this.#chunks = `${prefix}:`;
    this.#records = `{${prefix}}:records`;
    this.#index = `{${prefix}}:index`;
  }

  override async get(key: string): Promise<Uint8Array | undefined> {
    this.#check(key);
    return this.#read(key);
  }

  override async set(key: string, value: Uint8Array): Promise<void> {
    this.#check(key);
    this.checkValue(key, value);
    await this.#set(key, Buffer.from(value));
  }

  override async remove(key: string): Promise<void> {
    this.#check(key);
    await this.#remove(key);
  }

  override async *keys(prefix = ""): AsyncIterableIterator<string> {
    this.#checkOpen();
    this.checkPrefix(prefix);
    if (!isChunkKey(prefix)) yield* this.#recordKeys(prefix);
    if (isChunkKey(prefix) || ["", "n", "c"].includes(prefix)) yield* this.#chunkKeys(prefix);
  }

  override async cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    this.#check(key, value, expected);
    return this.#swap(key, value, expected ?? "absent");
  }

  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    this.#checkOpen();
    const list = this.checkKeys(keys);
    const values = await settled(list.map((key) => this.#read(key)));
    const found = new Map<string, Uint8Array>();
    list.forEach((key, i) => {
      const value = values[i];
      if (value !== undefined) found.set(key, value);
    });
    return found;
  }

  override async setMany(entries: Entries): Promise<void> {
    this.#checkOpen();
    await settled(this.checkEntries(entries).map(([key, value]) => this.#set(key, Buffer.from(value))));
  }

  override async createMany(entries: Entries): Promise<string[]> {
    this.#checkOpen();
    const list = this.checkEntries(entries);
    const created = await settled(list.map(([key, value]) => this.#create(key, Buffer.from(value))));
    return list.filter((_, i) => !created[i]).map(([key]) => key);
  }

  override async removeMany(keys: Keys): Promise<void> {
    this.#checkOpen();
    await settled(this.checkKeys(keys).map((key) => this.#remove(key)));
  }

  override async has(key: string): Promise<boolean> {
    this.#check(key);
    return isOne(await (isChunkKey(key) ? this.#onChunk("exists", key) : this.#onRecords("hexists", key)));
  }

  /** Ends the use of this store; the client stays open. Idempotent; other calls after it throw `StoreClosedError`. */
  override close(): void {
    this.#closed = true;
  }

  async #read(key: string): Promise<Uint8Array | undefined> {
    return bytesOf(await (isChunkKey(key) ? this.#onChunk("get", key) : this.#onRecords("hget", key)));
  }

  async #set(key: string, value: Buffer): Promise<void> {
    if (isChunkKey(key)) await this.#onChunk("set", key, value);
    else await this.#swap(key, value, "any");
  }

  async #create(key: string, value: Buffer): Promise<boolean> {
    if (!isChunkKey(key)) return this.#swap(key, value, "absent");
    return (await this.#onChunk("set", key, value, "NX")) !== null;
  }

  async #remove(key: string): Promise<void> {
    if (isChunkKey(key)) await this.#onChunk("unlink", key);
    else await this.#swap(key, undefined, "any");
  }

  /** Sets or removes a key if its value is as it must be; whether it was. */
  async #swap(key: string, value: Uint8Array | undefined, condition: Condition): Promise<boolean> {
    const wanted = typeof condition === "string" ? [condition, ""] : ["equal", Buffer.from(condition)];
    const change = value === undefined ? ["remove", ""] : ["set", Buffer.from(value)];
    const reply = isChunkKey(key)
      ? this.#run(SWAP_CHUNK, [this.#chunks + key], [...wanted, ...change])
      : this.#run(SWAP_RECORD, [this.#records, this.#index], [...wanted, ...change, key]);
    return isOne(await reply);
  }

  /** Runs a script; one that the server does not know, or has forgotten in a restart, is sent whole. */
  async #run({ source, sha1 }: Script, keys: [string, ...string[]], args: Argument[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.#connection.send(keys[0], "evalsha", sha1, ...rest);
    } catch (error) {
      // Then it has not been run.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw failure(error);
      return this.#send(keys[0], "eval", source, ...rest);
    }
  }

  #onChunk(command: string, key: string, ...args: Argument[]): Promise<unknown> {
    return this.#send(this.#chunks + key, command, this.#chunks + key, ...args);
  }

  #onRecords(command: string, ...args: Argument[]): Promise<unknown> {
    return this.#send(this.#records, command, this.#records, ...args);
  }

  async #send(key: string, ...command: Argument[]): Promise<unknown> {
    try {
      return await this.#connection.send(key, ...command);
    } catch (error) {
      throw failure(error);
    }
  }

  /** The keys of the records under a prefix, in pages by key. */
  async *#recordKeys(prefix: string): AsyncIterableIterator<string> {
    // No UTF-8 has a byte 0xff, so all that begin with the prefix come before "prefix, 0xff".
    const end = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(0xff)]);
    for (let start = Buffer.from(`[${prefix}`); ; ) {
      const reply = await this.#run(LIST_RECORDS, [this.#records, this.#index], [start, end, String(PAGE)]);
      if (reply === null) {
        throw new StorageError(
          `Records of the store are missing in Redis, or their index is: ${this.#records} and ${this.#index} differ. Were keys evicted?`,
        );
      }
      const page = array(reply).map(String);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      this.#checkOpen();
      start = Buffer.from(`(${last}`);
    }
  }

  /** The keys of the chunks under a prefix, from all servers. */
  async *#chunkKeys(prefix: string): AsyncIterableIterator<string> {
    try {
      const servers = await this.#connection.servers();
      const before = this.#connection.isCluster ? await slotsOf(servers) : "";
      for (const server of servers) {
        const scan = (): AsyncIterable<string[]> => this.#scan(server, prefix);
        yield* eachOnce(scan, Number(String(await server("dbsize"))));
      }
      if (this.#connection.isCluster && (await slotsOf(servers)) !== before) {
        throw new StorageError("Slots of the cluster were moved while its keys were listed.");
      }
    } catch (error) {
      throw failure(error);
    }
  }

  async *#scan(server: Send, prefix: string): AsyncIterableIterator<string[]> {
    const pattern = `${(this.#chunks + prefix).replace(/[\\*?[\]]/g, "\\$&")}*`;
    let cursor = "0";
    do {
      this.#checkOpen();
      const [next, keys] = array(await server("scan", cursor, "MATCH", pattern, "COUNT", String(PAGE)));
      yield array(keys)
        .map((key) => String(key).slice(this.#chunks.length))
        .filter(isChunkKey);
      cursor = String(next);
    } while (cursor !== "0");
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

/** A script, and the name by which a server that knows it runs it. */
interface Script {
  readonly source: string;
  readonly sha1: string;
}

function script(source: string): Script {
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}

function checkName(prefix: string): string {
  if (typeof prefix !== "string") throw new TypeError(`prefix must be a string, not ${describe(prefix)}.`);
  if (!/^[^/{}]{1,100}$/su.test(prefix) || !prefix.isWellFormed()) {
    throw new RangeError(
      `prefix must have 1 to 100 characters, none of them "/", "{" or "}", not ${JSON.stringify(prefix)}.`,
    );
  }
  return prefix;
}

/** The results of commands that were sent together, once all have ended; or the error of one. */
async function settled<T>(sent: readonly (T | Promise<T>)[]): Promise<T[]> {
  await Promise.allSettled(sent);
  return Promise.all(sent);
}

function bytesOf(reply: unknown): Uint8Array | undefined {
  if (reply === null || reply === undefined) return undefined;
  if (!(reply instanceof Uint8Array)) throw new StorageError(`Redis answered with ${describe(reply)} for a value.`);
  return new Uint8Array(reply);
}

function array(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw new StorageError(`Redis answered with ${describe(reply)} for a list.`);
  return reply;
}

/** Whether an integer reply is 1; clients may be told to give it as text. */
function isOne(reply: unknown): boolean {
  return String(reply) === "1";
}

function failure(cause: unknown): VkvError {
  if (cause instanceof VkvError) return cause;
  return new StorageError(`Redis failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
