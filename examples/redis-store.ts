/** vkv on Redis: what a backend of your own looks like. Five methods are its whole duty; `close` is good manners. */
import { RESP_TYPES, type RedisClientType } from "redis";
import { KVStore, StoreClosedError, type StoreTraits } from "vkv";

/** One atomic step on the server: compares, then sets or removes. */
const CAS = `
  local now = redis.call("HGET", KEYS[1], ARGV[1])
  if now ~= (ARGV[2] == "value" and ARGV[3]) then return 0 end
  if ARGV[4] == "value" then
    redis.call("HSET", KEYS[1], ARGV[1], ARGV[5])
    redis.call("ZADD", KEYS[2], 0, ARGV[1])
  else
    redis.call("HDEL", KEYS[1], ARGV[1])
    redis.call("ZREM", KEYS[2], ARGV[1])
  end
  return 1`;

const PAGE = 1000;

/**
 * A store in two keys of a Redis database: a hash of all values, and a sorted set of their keys, for listings in pages.
 *
 * @example
 * const client = await createClient({ url: "redis://localhost" }).on("error", console.error).connect();
 * const v = await Versioned.open(new RedisStore(client));
 */
export class RedisStore extends KVStore {
  override readonly traits: StoreTraits = { maxKeyBytes: 1024, maxValueBytes: 512 * 2 ** 20, conditionalRemove: true };
  readonly #client;
  readonly #values: string;
  readonly #index: string;
  #closed = false;

  /** @param name the two keys are `name:values` and `name:index` */
  constructor(client: RedisClientType, name = "vkv") {
    super();
    // Bytes in, bytes out: without this, values are decoded as text, and what is no text is lost.
    this.#client = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    this.#values = `{${name}}:values`;
    this.#index = `{${name}}:index`;
  }

  override async get(key: string): Promise<Uint8Array | undefined> {
    this.#check(key);
    const value = await this.#client.hGet(this.#values, key);
    return value === null || value === undefined ? undefined : new Uint8Array(value);
  }

  override async set(key: string, value: Uint8Array): Promise<void> {
    this.#check(key, value);
    const bytes = Buffer.from(value); // a copy: the command may be sent after the caller has changed the array
    await this.#client.multi().hSet(this.#values, key, bytes).zAdd(this.#index, { score: 0, value: key }).exec();
  }

  override async remove(key: string): Promise<void> {
    this.#check(key);
    await this.#client.multi().hDel(this.#values, key).zRem(this.#index, key).exec();
  }

  override async *keys(prefix = ""): AsyncIterable<string> {
    this.#check();
    this.checkPrefix(prefix);
    // Ordered by bytes; no UTF-8 has a byte 0xff, so all that begin with the prefix come before "prefix, 0xff".
    const end = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.from([0xff])]);
    for (let start = Buffer.from(`[${prefix}`); ; ) {
      const page = await this.#client.zRangeByLex(this.#index, start, end, { LIMIT: { offset: 0, count: PAGE } });
      yield* page.map((key) => key.toString());
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      start = Buffer.concat([Buffer.from("("), last]);
    }
  }

  override async cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    this.#check(key, value, expected);
    const reply = await this.#client.eval(CAS, {
      keys: [this.#values, this.#index],
      arguments: [key, ...optional(expected), ...optional(value)].map((part) => Buffer.from(part)),
    });
    return reply === 1;
  }

  /** Closes the client, too. */
  override async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#client.close();
  }

  #check(key?: string, ...values: (Uint8Array | undefined)[]): void {
    if (this.#closed) throw new StoreClosedError();
    if (key === undefined) return;
    this.checkKey(key);
    for (const value of values) if (value !== undefined) this.checkValue(key, value);
  }
}

/** Two arguments of the script: whether there is a value, and the value. */
function optional(value: Uint8Array | undefined): [string, Uint8Array | string] {
  return value === undefined ? ["none", ""] : ["value", value];
}
