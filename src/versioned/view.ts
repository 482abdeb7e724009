import { checkKey } from "../bytes.ts";
import type { CommitRecord } from "../commit/commit.ts";
import type { Repository } from "../commit/repository.ts";
import { type Keys, keyList } from "../kv/store.ts";
import { readSlots } from "../tree/blob.ts";
import { keyBytes, MAX_KEY_BYTES } from "../tree/key-bytes.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader } from "../tree/node-store.ts";
import { cachedSlot, getSlots } from "../tree/read.ts";
import { scan } from "../tree/scan.ts";
import { whileHeld } from "./collected.ts";
import { Paged } from "./paged.ts";
import { parseRange } from "./range.ts";
import type { KeyRange } from "./types.ts";
import { loadRoot } from "./virtual-base.ts";

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
    this.#root ??= await loadRoot(this.#repository.nodes, this.commit);
    return this.#root;
  }

  /** A copy of the value of `key`. */
  get(key: string): Promise<Uint8Array | undefined> {
    try {
      checkKey(key, MAX_KEY_BYTES);
      const slot = this.#root === undefined ? "missed" : cachedSlot(this.#repository.nodes, this.#root, keyBytes(key));
      if (slot === undefined) return Promise.resolve(undefined);
      if (slot !== "missed" && slot[0] === 0) return Promise.resolve(slot.slice(1));
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#fetch(key);
  }

  async #fetch(key: string): Promise<Uint8Array | undefined> {
    return (await this.#values([key]))[0];
  }

  #values(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#whileHeld(async () => readSlots(this.#repository.chunks, await this.#slots(keys)));
  }

  async #slots(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return getSlots(new NodeReader(this.#repository.nodes), await this.root(), keys.map(keyBytes));
  }

  /** Copies of the values of those of `keys` that are there. */
  async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const wanted = [...new Set(keyList(keys))];
    for (const key of wanted) checkKey(key, MAX_KEY_BYTES);
    const values = await this.#values(wanted);
    const found = new Map<string, Uint8Array>();
    wanted.forEach((key, i) => {
      const value = values[i];
      if (value !== undefined) found.set(key, value);
    });
    return found;
  }

  /** Whether `key` is there. */
  async has(key: string): Promise<boolean> {
    checkKey(key, MAX_KEY_BYTES);
    return (await this.#whileHeld(() => this.#slots([key])))[0] !== undefined;
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
    const read = (slots: Uint8Array[]): ReturnType<typeof readSlots> => this.#whileHeld(() => readSlots(chunks, slots));
    return new Paged(async function* () {
      for await (const { keys, slots } of pages()) {
        const values = await read(slots);
        yield keys.map((key, i): [string, Uint8Array] => [key, values[i] ?? new Uint8Array(0)]);
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
