import { readdir, readFile, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CliError, EXIT } from "../exit.ts";
import { textOf } from "../value.ts";
import type { FoundEntry } from "./entry.ts";

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
 * @throws CliError for a name that is no UTF-8
 */
export async function listFolder(folder: string, without?: string): Promise<FolderListing> {
  const files: string[] = [];
  const skipped: string[] = [];
  const own = without === undefined ? undefined : await realPath(without);
  const open = [""];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (own !== undefined && (await realPath(join(folder, path))) === own) {
      skipped.push(path === "" ? folder : path);
      continue;
    }
    const found = await readdir(join(folder, path), { withFileTypes: true, encoding: "buffer" });
    const folders: string[] = [];
    for (const entry of found.sort((a, b) => Buffer.compare(a.name, b.name))) {
      const name = path === "" ? nameOf(entry.name) : `${path}/${nameOf(entry.name)}`;
      if (entry.isFile()) files.push(name);
      else if (entry.isDirectory()) folders.push(name);
      else skipped.push(name);
    }
    open.push(...folders.reverse());
  }
  return { files, skipped };
}

/** Reads the files of a folder: their paths are the keys. */
export async function* readFolder(folder: string, files: readonly string[]): AsyncGenerator<FoundEntry, void> {
  for (const file of files) {
    const path = join(folder, file);
    yield [file, await readFile(path), path];
  }
}

/** A key is text: a name of other bytes would become another one. */
function nameOf(bytes: Buffer): string {
  const name = textOf(bytes);
  if (name !== undefined) return name;
  const shown = JSON.stringify(bytes.toString("latin1"));
  throw new CliError(EXIT.trouble, `The name ${shown} (in Latin-1) of a file is no UTF-8.`, "Rename the file.");
}

/** Where a folder is, whatever links lead there; as it is, if it is not there. */
function realPath(folder: string): Promise<string> {
  return realpath(folder).catch(() => resolve(folder));
}
