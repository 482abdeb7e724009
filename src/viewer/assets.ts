import { readFile } from "node:fs/promises";
import { failure, type Reply } from "./reply.ts";

/** The built page. This file lies in `src/viewer`, or is bundled into a file in a folder of `dist`; from all, this is in `dist`. */
const FOLDER = new URL("../../dist/viewer/page/", import.meta.url);

/** The page's files by their names in addresses; there are no others. */
const FILES: ReadonlyMap<string, readonly [file: string, type: string]> = new Map([
  ["", ["index.html", "text/html; charset=utf-8"]],
  ["icon.svg", ["icon.svg", "image/svg+xml"]],
  ["page.js", ["page.js", "text/javascript; charset=utf-8"]],
  ["page.css", ["page.css", "text/css; charset=utf-8"]],
]);

/** A file of the page. */
export async function pageFile(method: string, name: string): Promise<Reply> {
  const found = FILES.get(name);
  if (found === undefined || (method !== "GET" && method !== "HEAD")) return failure(404, "There is no such page.");
  const [file, type] = found;
  return { status: 200, type, body: await readFile(new URL(file, FOLDER)) };
}
