import { describe, equalBytes, utf8Length } from "../bytes.ts";
import { StorageError, StoreClosedError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { ETags } from "./etags.ts";
import { Limiter } from "./limiter.ts";
import { checkClient, failure, isMissing, isRefused, nextPage, refusal, type S3Api } from "./s3-client.ts";
import { keyOf, MAX_KEY_BYTES, MAX_PREFIX, objectName, objectPrefix } from "./s3-keys.ts";
import { honorsConditionalDelete } from "./s3-probe.ts";
import { type Entries, type Keys, KVStore, type StoreTraits } from "./store.ts";

export type { S3Api, S3Object, S3Page } from "./s3-client.ts";
export { probeS3, type S3Support } from "./s3-probe.ts";

/** Where an `S3Store` stores. */
export interface S3Options {
  /** The bucket, which must exist. */
  readonly bucket: string;
  /** What the names of its objects begin with, before `!/`, so that several stores share a bucket: 1 to 100 letters, digits, `-`, `_`, `.` and `/`; "vkv" by default. */
  readonly prefix?: string;
}

/** How many requests run at a time: fewer than the 50 connections of the AWS SDK, which complains when they do not suffice. */
const AT_ONCE = 32;
/** How many objects one request can delete. */
const DELETED_AT_ONCE = 1000;
/** How often an answer that breaks off is asked for. */
const READS = 3;
/** How often what can be asked again is asked, with longer and longer pauses. */
const ATTEMPTS = 8;
/** The first pause, in ms; each one is up to twice as long as the one before. */
const PAUSE = 20;
/** The body of the object of a key that was removed where the server cannot delete on a condition. */
const REMOVED: Uint8Array = new Uint8Array(0);

/**
 * A store in a bucket of Amazon S3, or of any service that speaks its protocol and has conditional writes, through a
 * client that the user passes: an `S3` of `@aws-sdk/client-s3`.
 *
 * A value is an object. `cas` compares by ETag: what was read or written last is remembered with its ETag, so that it is
 * one request in the common case. Where the server cannot delete on a condition, which is found out when it is first
 * needed, `cas` removes a key by making its object empty: such an object counts as absent, and is not listed.
 *
 * A `cas` whose request was sent more than once, since an answer was lost, throws unless it succeeded: its first sending
 * may have had an effect. `close` leaves the client open: who made it closes it.
 *
 * @example no-run
 * import { S3 } from "@aws-sdk/client-s3";
 * import { S3Store } from "vkv/s3";
 *
 * const store = new S3Store(new S3({ region: "eu-central-1" }), { bucket: "my-bucket" });
 */
export class S3Store extends KVStore {
  override readonly traits: StoreTraits = {
    maxKeyBytes: MAX_KEY_BYTES,
    maxValueBytes: 2 ** 30,
    conditionalRemove: true,
  };
  readonly #client: S3Api;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #etags: ETags = new ETags();
  readonly #limiter: Limiter = new Limiter(AT_ONCE);
  #canDelete: Promise<boolean> | undefined;
  #closed = false;

  /**
   * @throws TypeError if the client is none, or the bucket is no string
   * @throws RangeError for a prefix that is not allowed
   */
  constructor(client: S3Api, options: S3Options) {
    super();
    checkOptions(options, "new S3Store", ["bucket", "prefix"]);
    const { bucket, prefix = "vkv" } = options;
    this.#client = checkClient(client);
    if (typeof bucket !== "string") throw new TypeError(`bucket must be a string, not ${describe(bucket)}.`);
    this.#bucket = bucket;
    // No prefix has a "!", so the names of no store begin like those of another one, "a/b" beside "a" for example.
    this.#prefix = `${checkPrefix(prefix)}!/`;
  }

  override async get(key: string): Promise<Uint8Array | undefined> {
    this.#check(key);
    return valueIn((await this.#limiter.run(() => this.#read(key))).body);
  }

  override async set(key: string, value: Uint8Array): Promise<void> {
    this.#check(key);
    this.checkValue(key, value);
    const body = bodyOf(value);
    await this.#limiter.run(() => this.#write(key, body));
  }

  override async remove(key: string): Promise<void> {
    this.#check(key);
    await this.#removeAll([key]);
  }

  override async *keys(prefix = ""): AsyncIterableIterator<string> {
    this.#checkOpen();
    this.checkPrefix(prefix);
    if (utf8Length(prefix) > MAX_KEY_BYTES) return;
    for await (const page of this.#pages(prefix)) {
      yield* page.filter(({ isEmpty }) => !isEmpty).map(({ key }) => key);
      this.#checkOpen();
    }
  }

  override async cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    this.#check(key, value, expected);
    const body = value && bodyOf(value);
    const old = expected && bodyOf(expected);
    return this.#limiter.run(async () => {
      if (old !== undefined) return this.#swap(key, body, old);
      return body === undefined ? isRemoved(await this.#read(key)) : this.#create(key, body);
    });
  }

  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    this.#checkOpen();
    const list = this.checkKeys(keys);
    const stored = await this.#limiter.all(list, (key) => this.#read(key));
    const found = new Map<string, Uint8Array>();
    list.forEach((key, i) => {
      const value = valueIn(stored[i]?.body);
      if (value !== undefined) found.set(key, value);
    });
    return found;
  }

  override async setMany(entries: Entries): Promise<void> {
    this.#checkOpen();
    const list = this.checkEntries(entries).map(([key, value]) => [key, bodyOf(value)] as const);
    await this.#limiter.all(list, ([key, body]) => this.#write(key, body));
  }

  /** As every store's. A key whose request was sent more than once, and that has the very bytes now, counts as created. */
  override async createMany(entries: Entries): Promise<string[]> {
    this.#checkOpen();
    const list = this.checkEntries(entries).map(([key, value]) => [key, bodyOf(value)] as const);
    const created = await this.#limiter.all(list, async ([key, body]) => {
      try {
        return await this.#create(key, body);
      } catch (error) {
        if (!(error instanceof StorageError && isRefused(error.cause))) throw error;
        const now = await this.#read(key);
        if (isRemoved(now)) throw error;
        return equalBytes(now.body, body);
      }
    });
    return list.filter((_, i) => !created[i]).map(([key]) => key);
  }

  override async removeMany(keys: Keys): Promise<void> {
    this.#checkOpen();
    await this.#removeAll(this.checkKeys(keys));
  }

  override async clear(): Promise<void> {
    this.#checkOpen();
    for await (const page of this.#pages("")) await this.#removeAll(page.map(({ key }) => key));
  }

  /** Ends the use of this store; the client stays open. Idempotent; other calls after it throw `StoreClosedError`. */
  override close(): void {
    this.#closed = true;
  }

  /** What is stored for a key. */
  async #read(key: string): Promise<Stored> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#tryRead(key);
      if (stored !== undefined) return stored;
      if (attempt === READS) throw new StorageError(`S3 failed: ${READS} answers broke off.`);
    }
  }

  /** The same; `undefined` if the answer breaks off, since the client repeats only what fails before it begins. */
  async #tryRead(key: string): Promise<Stored | undefined> {
    try {
      const { Body, ContentLength, ETag } = await this.#client.getObject(this.#object(key));
      if (ETag === undefined) throw new StorageError("S3 failed: the server gives no ETags.");
      const read = await Body?.transformToByteArray().catch(() => undefined);
      if (read === undefined || (ContentLength !== undefined && ContentLength !== read.length)) return undefined;
      const body = new Uint8Array(read);
      this.#etags.note(key, body, ETag);
      return { body, etag: ETag };
    } catch (error) {
      if (isMissing(error)) return { body: REMOVED };
      throw failure(error);
    }
  }

  /** Writes a body; `condition` is one of the server's. */
  async #write(key: string, Body: Uint8Array, condition: { IfMatch?: string; IfNoneMatch?: "*" } = {}): Promise<void> {
    try {
      const { ETag } = await this.#client.putObject({ ...this.#object(key), Body, ...condition });
      if (ETag !== undefined) this.#etags.note(key, Body, ETag);
    } catch (error) {
      throw failure(error);
    }
  }

  /** Writes a body where there is none; whether it did. */
  async #create(key: string, body: Uint8Array): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const refused = await this.#attempt(() => this.#write(key, body, { IfNoneMatch: "*" }), attempt);
      if (refused === undefined) return true;
      if (refused === "conflict") continue;
      const now = await this.#read(key);
      if (!isRemoved(now)) return false;
      const { etag } = now;
      // The object was removed a moment ago, or it is empty.
      if (etag === undefined) continue;
      if ((await this.#attempt(() => this.#write(key, body, { IfMatch: etag }), attempt)) === undefined) return true;
    }
  }

  /** Writes a body, or removes the key, if its body is `expected`; whether it did. */
  async #swap(key: string, body: Uint8Array | undefined, expected: Uint8Array): Promise<boolean> {
    let known = this.#etags.of(key, expected);
    for (let attempt = 1; ; attempt++) {
      const stored = known === undefined ? await this.#read(key) : { body: expected, etag: known };
      const { etag } = stored;
      if (etag === undefined || !equalBytes(stored.body, expected)) return false;
      const refused = await this.#attempt(() => this.#replace(key, body, etag), attempt);
      if (refused === undefined) return true;
      // Another ETag may stand for the same bytes.
      known = undefined;
    }
  }

  async #replace(key: string, body: Uint8Array | undefined, etag: string): Promise<void> {
    if (body !== undefined) return this.#write(key, body, { IfMatch: etag });
    this.#canDelete ??= honorsConditionalDelete(this.#client, this.#bucket, this.#prefix);
    let canDelete: boolean;
    try {
      canDelete = await this.#canDelete;
    } catch (error) {
      this.#canDelete = undefined;
      throw failure(error);
    }
    if (!canDelete) return this.#write(key, REMOVED, { IfMatch: etag });
    try {
      await this.#client.deleteObject({ ...this.#object(key), IfMatch: etag });
    } catch (error) {
      throw failure(error);
    }
    this.#etags.forget(key);
  }

  /** Does a conditional write. Returns why it was refused, after a pause if it may be asked again at once. */
  async #attempt(write: () => Promise<void>, attempt: number): Promise<"unmet" | "conflict" | undefined> {
    try {
      await write();
      return undefined;
    } catch (error) {
      const refused = error instanceof StorageError ? refusal(error.cause) : undefined;
      if (refused === undefined || attempt >= ATTEMPTS) throw error;
      if (refused === "conflict") await pause(attempt);
      return refused;
    }
  }

  async #removeAll(keys: readonly string[]): Promise<void> {
    const groups: (readonly string[])[] = [];
    for (let i = 0; i < keys.length; i += DELETED_AT_ONCE) groups.push(keys.slice(i, i + DELETED_AT_ONCE));
    await this.#limiter.all(groups, async (group) => {
      const Objects = group.map((key) => ({ Key: this.#object(key).Key }));
      try {
        const { Errors } = await this.#client.deleteObjects({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } });
        const [error] = Errors ?? [];
        if (error !== undefined) throw new StorageError(`S3 could not remove ${error.Key}: ${error.Code}`);
      } catch (error) {
        throw failure(error);
      }
      for (const key of group) this.#etags.forget(key);
    });
  }

  /** The keys under a prefix, and whether their objects are empty. S3 lists by name, so that a key is never listed twice. */
  async *#pages(prefix: string): AsyncIterableIterator<{ readonly key: string; readonly isEmpty: boolean }[]> {
    const where = { Bucket: this.#bucket, Prefix: this.#prefix + objectPrefix(prefix) };
    let token: string | undefined;
    do {
      const page: { key: string; isEmpty: boolean }[] = [];
      try {
        const listed = await this.#client.listObjectsV2(
          token === undefined ? where : { ...where, ContinuationToken: token },
        );
        for (const { Key = "", Size } of listed.Contents ?? []) {
          const key = keyOf(Key.slice(this.#prefix.length));
          if (key !== undefined) page.push({ key, isEmpty: Size === 0 });
        }
        token = nextPage(listed);
      } catch (error) {
        throw failure(error);
      }
      yield page;
    } while (token !== undefined);
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + objectName(key) };
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

/** The body of a key's object, and its ETag; no ETag, and an empty body, if there is no object. */
interface Stored {
  readonly body: Uint8Array;
  readonly etag?: string;
}

/** Whether there is no value: no object, or an empty one. */
function isRemoved({ body }: Stored): boolean {
  return body.length === 0;
}

/** The object's body for a value. An empty body means that there is none, so what has zero bytes only gets one more. */
function bodyOf(value: Uint8Array): Uint8Array {
  const body = new Uint8Array(value.some((byte) => byte !== 0) ? value.length : value.length + 1);
  body.set(value);
  return body;
}

/** The value in a body; `undefined` if it is empty. */
function valueIn(body: Uint8Array = REMOVED): Uint8Array | undefined {
  if (body.length === 0) return undefined;
  return body.some((byte) => byte !== 0) ? body : body.slice(1);
}

function checkPrefix(prefix: string): string {
  if (typeof prefix !== "string") throw new TypeError(`prefix must be a string, not ${describe(prefix)}.`);
  if (prefix.length > MAX_PREFIX || !/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(prefix)) {
    throw new RangeError(
      `prefix must have 1 to ${MAX_PREFIX} letters, digits, "-", "_", "." and "/", no segment empty or with a "." first, not ${JSON.stringify(prefix)}.`,
    );
  }
  return prefix;
}

/** Waits longer after each attempt, and never as long as others do. */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
  });
}
