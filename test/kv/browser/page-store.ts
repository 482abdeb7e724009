import type { Page } from "playwright-core";
import type { Entries } from "../../../src/kv/store.ts";
import { entryList, type Keys, KVStore, keyList } from "../../../src/kv/store.ts";
import type { PageProgram } from "./page.ts";

declare global {
  var vkv: PageProgram;
}

/** A store in a page, for tests that run outside of it. It does not wait for the disk. */
export class PageStore extends KVStore {
  readonly #page: Page;
  readonly #name: string;

  constructor(page: Page, name: string) {
    super();
    this.#page = page;
    this.#name = name;
  }

  override async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.getMany([key])).get(key);
  }

  override async set(key: string, value: Uint8Array): Promise<void> {
    await this.#page.evaluate((to) => vkv.store(to.name, false).set(to.key, Uint8Array.from(to.bytes)), {
      name: this.#name,
      key,
      bytes: [...value],
    });
  }

  override async remove(key: string): Promise<void> {
    await this.#page.evaluate((at) => vkv.store(at.name, false).remove(at.key), { name: this.#name, key });
  }

  override async *keys(prefix = ""): AsyncIterable<string> {
    yield* await this.#page.evaluate(
      async (under) => {
        const all: string[] = [];
        for await (const key of vkv.store(under.name, false).keys(under.prefix)) all.push(key);
        return all;
      },
      { name: this.#name, prefix },
    );
  }

  override async cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    return this.#page.evaluate(
      (swap) => {
        const [to, from] = swap.sides.map((side) => (side === null ? undefined : Uint8Array.from(side)));
        return vkv.store(swap.name, false).cas(swap.key, to, from);
      },
      { name: this.#name, key, sides: [value, expected].map((side) => (side === undefined ? null : [...side])) },
    );
  }

  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const found = await this.#page.evaluate(
      async (wanted) =>
        [...(await vkv.store(wanted.name, false).getMany(wanted.keys))].map(([key, value]) => ({
          key,
          bytes: [...value],
        })),
      { name: this.#name, keys: [...keyList(keys)] },
    );
    return new Map(found.map(({ key, bytes }) => [key, Uint8Array.from(bytes)]));
  }

  override async createMany(entries: Entries): Promise<string[]> {
    return this.#page.evaluate(
      (to) =>
        vkv.store(to.name, false).createMany(to.list.map(({ key, bytes }) => [key, Uint8Array.from(bytes)] as const)),
      { name: this.#name, list: [...entryList(entries)].map(([key, value]) => ({ key, bytes: [...value] })) },
    );
  }
}
