/** Contents as one JSON object: `{ "key": { "text": "value" } }`. */

import { safeJson } from "../escape.ts";
import { CliError, EXIT } from "../exit.ts";
import { fromJson, textOf, toJson } from "../value.ts";
import type { EntryStream, FoundEntry } from "./entry.ts";

/** Reads contents; all of them are in memory at once. */
export async function* readJson(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<FoundEntry, void> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  for (const [key, value] of Object.entries(parse(Buffer.concat(parts), name))) {
    yield [key, fromJson(value, `${name}: what stands at ${JSON.stringify(key)}`), name];
  }
}

function parse(bytes: Uint8Array, name: string): object {
  const text = textOf(bytes)?.replace(/^\uFEFF/, "");
  let found: unknown;
  try {
    found = JSON.parse(text ?? "");
  } catch (cause) {
    throw new CliError(EXIT.trouble, `${name} is no JSON.`, SHAPE, { cause });
  }
  if (typeof found === "object" && found !== null && !Array.isArray(found)) return found;
  throw new CliError(EXIT.trouble, `${name} is no JSON object.`, SHAPE);
}

const SHAPE = 'It must be like { "key": { "text": "value" }, "other": { "base64": "AAEC" } }.';

/** Writes contents, one key at a time. */
export async function* writeJson(entries: EntryStream): AsyncGenerator<string, void> {
  let before = "{\n";
  for await (const [key, value] of entries) {
    yield `${before}  ${safeJson(key)}: ${safeJson(toJson(value))}`;
    before = ",\n";
  }
  yield before === "{\n" ? "{}\n" : "\n}\n";
}
