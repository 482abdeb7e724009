import { checkKey } from "../bytes.ts";
import type { CommitRecord } from "../commit/commit.ts";
import type { Repository } from "../commit/repository.ts";
import { type Keys, keyList } from "../kv/store.ts";
import { readSlots } from "../tree/blob.ts";
import { keyBytes, LOOKED_UP, MAX_KEY_BYTES, writeUtf8 } from "../tree/key-bytes.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader } from "../tree/node-store.ts";
import { type Page, readValues } from "../tree/page.ts";
import { cachedEntries, getSlots, lowestCached } from "../tree/read.ts";
import { scan } from "../tree/scan.ts";
import { whileHeld } from "./collected.ts";
import { Paged } from "./paged.ts";
import { parseRange } from "./range.ts";
import type { KeyRange } from "./types.ts";

/** The contents of one commit. */
export class View {
  readonly commit: CommitRecord;
  readonly #repository: Repository;
  #root: Node | undefined;

  constructor(repository: Repository, commit: CommitRecord, root?: Node) {
    this.#repository = repository;
    this.commit = commit;
    this.#root = root;
  }

  #whileHeld<T>(work: () => Promise<T>): Promise<T> {
    return whileHeld(this.#repository, [this.commit], work);
  }

  /** The root of the tree. */
  async root(): Promise<Node> {
    this.#root ??= await this.#repository.trees.root(this.commit);
    return this.#root;
  }

  /** A copy of the value of `key`. */
  get(key: string): Promise<Uint8Array | undefined> {
    try {
      checkKey(key, MAX_KEY_BYTES);
      const end = writeUtf8(key, LOOKED_UP, 0);
      const node = this.#lowestCached(end);
      if (node === undefined || node.level > 0) return this.#fetch(key, node);
      const index = node.find(LOOKED_UP, 0, end);
      if (index < 0) return Promise.resolve(undefined);
      const value = node.value(index);
      return value === undefined ? this.#fetch(key, node) : Promise.resolve(value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The leaf that has the key that is looked up, if any has, or the lowest node above it that is cached. */
  #lowestCached(end: number): Node | undefined {
    return this.#root && lowestCached(this.#repository.nodes, this.#root, LOOKED_UP, 0, end);
  }

  async #fetch(key: string, from: Node | undefined): Promise<Uint8Array | undefined> {
    return (await this.#values([key], from))[0];
  }

  #values(keys: readonly string[], from?: Node): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#whileHeld(async () => readSlots(this.#repository.chunks, await this.#slots(keys, from)));
  }

  /** @param from a node above all keys; the root unless it is given */
  async #slots(keys: readonly string[], from = this.#root): Promise<readonly (Uint8Array | undefined)[]> {
    return getSlots(new NodeReader(this.#repository.nodes), from ?? (await this.root()), keys.map(keyBytes));
  }

  /** Copies of the values of those of `keys` that are there. */
  async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const wanted = [...keyList(keys)];
    for (const key of wanted) checkKey(key, MAX_KEY_BYTES);
    const cached = this.#root && cachedEntries(this.#repository.nodes, this.#root, wanted);
    const values = cached?.page.inlineValues();
    if (cached !== undefined && values !== undefined) return mapOf(cached.keys, values);
    const unique = [...new Set(wanted)];
    return mapOf(unique, await this.#values(unique));
  }

  /** Whether `key` is there. */
  async has(key: string): Promise<boolean> {
    checkKey(key, MAX_KEY_BYTES);
    const end = writeUtf8(key, LOOKED_UP, 0);
    const node = this.#lowestCached(end);
    if (node?.level === 0) return node.find(LOOKED_UP, 0, end) >= 0;
    return (await this.#whileHeld(() => this.#slots([key], node)))[0] !== undefined;
  }

  /** Those of `keys` that are not there. */
  async absent(keys: readonly string[]): Promise<Set<string>> {
    const slots = await this.#whileHeld(() => this.#slots(keys));
    return new Set(keys.filter((_, i) => slots[i] === undefined));
  }

  /** The keys of a range. */
  keys(range?: KeyRange): Paged<string> {
    const pages = this.#pages(range);
    return new Paged(async function* () {
      for await (const { keys } of pages()) yield keys;
    });
  }

  /** The keys of a range with copies of their values. */
  entries(range?: KeyRange): Paged<[string, Uint8Array]> {
    const { chunks } = this.#repository;
    const pages = this.#pages(range);
    const read = (page: Page): ReturnType<typeof readValues> => this.#whileHeld(() => readValues(chunks, page));
    return new Paged(async function* () {
      for await (const page of pages()) {
        const values = await read(page);
        yield page.keys.map((key, i): [string, Uint8Array] => [key, values[i] ?? new Uint8Array(0)]);
      }
    });
  }

  #pages(keyRange: KeyRange | undefined): () => ReturnType<typeof scan> {
    const { range, reverse, limit } = parseRange(keyRange);
    const { nodes } = this.#repository;
    const begin = async (): Promise<ReturnType<typeof scan>> =>
      scan(nodes, await this.#whileHeld(() => this.root()), range, { reverse, limit });
    const run = <T>(work: () => Promise<T>): Promise<T> => this.#whileHeld(work);
    return async function* () {
      const pages = failingForGood(await begin());
      for (let page = await run(pages); page.done !== true; page = await run(pages)) yield page.value;
    };
  }
}

/** Keys with those of their values that are there. */
function mapOf(keys: readonly string[], values: readonly (Uint8Array | undefined)[]): Map<string, Uint8Array> {
  const map = new Map<string, Uint8Array>();
  for (let i = 0; i < keys.length; i++) {
    const value = values[i];
    if (value !== undefined) map.set(keys[i] ?? "", value);
  }
  return map;
}

/** The steps of an iteration, which fails again after it failed: a generator would say that it is at its end. */
function failingForGood<T>(items: AsyncIterator<T, void>): () => Promise<IteratorResult<T, void>> {
  let failed: { readonly error: unknown } | undefined;
  return async () => {
    if (failed !== undefined) throw failed.error;
    try {
      return await items.next();
    } catch (error) {
      failed = { error };
      throw error;
    }
  };
}
