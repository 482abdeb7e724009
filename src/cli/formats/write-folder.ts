import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliError, EXIT } from "../exit.ts";
import type { EntryStream } from "./entry.ts";
import { FileNames, foldIn } from "./file-names.ts";

/**
 * Makes the folder to export into.
 *
 * @returns the path of each key's file
 * @throws CliError if it is a file, something is in the folder, where a link could lead elsewhere, or a key can be no file in it; no file is written
 */
export async function planFolder(folder: string, keys: AsyncIterable<string>): Promise<Map<string, string>> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory() === false) {
    const what = `${JSON.stringify(folder)} is there already, and is no folder.`;
    throw new CliError(
      EXIT.conflict,
      what,
      "Choose another name. For a file, it ends with .json or .ndjson, or give --format.",
    );
  }
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new CliError(
      EXIT.trouble,
      `The folder ${JSON.stringify(folder)} is not empty.`,
      "Export into a new or an empty one.",
    );
  }
  const names = new FileNames(await foldIn(folder));
  const paths = new Map<string, string>();
  for await (const key of keys) paths.set(key, join(folder, names.path(key)));
  return paths;
}

/** Writes a file for each key that was planned. */
export async function writeFolder(
  paths: ReadonlyMap<string, string>,
  entries: EntryStream,
  onFile: (done: number) => void,
): Promise<void> {
  const made = new Set<string>();
  let done = 0;
  for await (const [key, value] of entries) {
    const path = paths.get(key);
    if (path === undefined) continue;
    if (!made.has(dirname(path))) await mkdir(dirname(path), { recursive: true });
    made.add(dirname(path));
    await writeFile(path, value, { flag: "wx" });
    onFile(++done);
  }
}
