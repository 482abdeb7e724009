import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Entry } from "./entry.ts";

/** What there is in a folder. */
export interface FolderListing {
  /** The paths of its files, from the folder on, with `/`. */
  readonly files: readonly string[];
  /** The paths of what is not read: links, which are not followed, and what is no file. */
  readonly skipped: readonly string[];
}

/**
 * Lists a folder with all folders in it, in the order of names.
 *
 * @param without a folder that is passed over: the store's own
 */
export async function listFolder(folder: string, without?: string): Promise<FolderListing> {
  const files: string[] = [];
  const skipped: string[] = [];
  const open = [""];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const found = await readdir(join(folder, path), { withFileTypes: true });
    const folders: string[] = [];
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isFile()) files.push(name);
      else if (!entry.isDirectory() || isSame(join(folder, name), without)) skipped.push(name);
      else folders.push(name);
    }
    open.push(...folders.reverse());
  }
  return { files, skipped };
}

/** Reads the files of a folder: their paths are the keys. */
export async function* readFolder(folder: string, files: readonly string[]): AsyncGenerator<Entry, void> {
  for (const file of files) yield [file, await readFile(join(folder, file))];
}

function isSame(folder: string, other: string | undefined): boolean {
  return other !== undefined && resolve(folder) === resolve(other);
}
