/** A store with so many branches that what holds them all at once is noticed. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { KVStore, Versioned } from "vkv";
import { utf8 } from "../../src/bytes.ts";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { raiseRefs } from "../../src/commit/epoch.ts";
import { encodeRef } from "../../src/commit/ref.ts";

/** Branches that are made when they are read; what is written to them is only counted. */
class ManyBranches extends KVStore {
  readonly #count: number;
  readonly #others: Map<string, Uint8Array> = new Map();
  written = 0;
  /** The most memory that was in use while branches were listed, in bytes. */
  peak = 0;

  constructor(count: number) {
    super();
    this.#count = count;
  }

  override get(key: string): Uint8Array | undefined {
    const at = numberOf(key);
    return at === undefined ? this.#others.get(key) : encodeRef(headOf(at), 0);
  }

  override set(key: string, value: Uint8Array): void {
    this.#others.set(key, value);
  }

  override remove(key: string): void {
    this.#others.delete(key);
  }

  override async *keys(prefix = ""): AsyncGenerator<string, void> {
    if (!"b/".startsWith(prefix) && !prefix.startsWith("b/")) return;
    for (let at = 0; at < this.#count; at++) {
      if ((at + 1) % (this.#count / 10) === 0) await this.#measure();
      yield `b/${nameOf(at)}`;
    }
  }

  override cas(key: string, value: Uint8Array | undefined): boolean {
    this.written++;
    if (value !== undefined && numberOf(key) === undefined) this.set(key, value);
    return true;
  }

  override async getMany(keys: Iterable<string>): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const key of keys) {
      const value = this.get(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  async #measure(): Promise<void> {
    await setImmediate();
    this.peak = Math.max(this.peak, memoryInUse());
  }
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is in use after a collection of garbage, in bytes. */
function memoryInUse(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function nameOf(at: number): string {
  return `agents/${String(at).padStart(8, "0")}/work`;
}

function numberOf(key: string): number | undefined {
  const found = /^b\/agents\/(\d+)\/work$/.exec(key);
  return found === null ? undefined : Number(found[1]);
}

/** Where a branch leads to: each to a commit of its own. */
function headOf(at: number): Hash {
  return hashOf(utf8(String(at)));
}

/** Bytes that a branch may take while all are listed: its name has 60, the id of its commit 90. */
const ROOM = 300;

/** Tests of listings of so many branches, which each lead to a commit of their own. */
export function testManyBranches(count: number): void {
  const used = async (work: (store: ManyBranches) => Promise<unknown>): Promise<number> => {
    const store = new ManyBranches(count);
    const before = memoryInUse();
    await work(store);
    return (store.peak - before) / count;
  };

  it(`${count} branches are listed in little more memory than their names take`, async () => {
    let names: string[] = [];
    const bytes = await used(async (store) => {
      names = await Versioned.branches(store);
    });
    expect(names.length).toBe(count);
    expect(names.at(-1)).toBe(nameOf(count - 1));
    expect(bytes).toBeLessThan(ROOM);
  });

  it(`${count} branches are raised by a collection in little more memory than the ids of their commits take`, async () => {
    const bytes = await used(async (store) => {
      await raiseRefs(store, 1);
      expect(store.written).toBeGreaterThanOrEqual(count);
    });
    expect(bytes).toBeLessThan(ROOM);
  });
}
