import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { StoreFactory } from "../../src/conformance/index.ts";
import { Disk, type DiskOptions } from "../../src/kv/disk.ts";
import type { KVStore } from "../../src/kv/store.ts";

/** A function that makes a new empty folder; all are removed after the tests of the file. */
export function folders(): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), "vkv-kv-"));
    made.push(folder);
    return folder;
  };
}

/** Disk stores for the conformance suite, in new folders. `wrap` makes of the disk the store that is tested. */
export function diskFactory(
  newFolder: () => string,
  options: DiskOptions,
  wrap = (disk: Disk): KVStore => disk,
): Required<StoreFactory> {
  const paths = new WeakMap<KVStore, string>();
  const openAt = (path: string): KVStore => {
    const store = wrap(new Disk(path, options));
    paths.set(store, path);
    return store;
  };
  const pathOf = (store: KVStore): string => {
    const path = paths.get(store);
    if (path === undefined) throw new Error("That is no store of this factory.");
    return path;
  };
  return {
    create: () => openAt(newFolder()),
    reopen: async (store) => {
      await store.close();
      return openAt(pathOf(store));
    },
    another: (store) => openAt(pathOf(store)),
  };
}
