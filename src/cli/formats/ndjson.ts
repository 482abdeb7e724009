/** Contents as lines of JSON: `{"key":"title","value":{"text":"Plan"}}`. */

import { safeJson } from "../escape.ts";
import { CliError, EXIT } from "../exit.ts";
import { fromJson, toJson } from "../value.ts";
import type { EntryStream, FoundEntry } from "./entry.ts";

/** Reads contents line by line. */
export async function* readNdjson(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<FoundEntry, void> {
  let number = 0;
  for await (const line of linesOf(chunks, name)) {
    number++;
    if (line.trim() !== "") yield parse(line, `${name}, line ${number}`);
  }
}

function parse(line: string, where: string): FoundEntry {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch (cause) {
    throw new CliError(EXIT.trouble, `${where}: it is no JSON.`, SHAPE, { cause });
  }
  if (typeof found !== "object" || found === null || !("key" in found) || !("value" in found)) {
    throw new CliError(EXIT.trouble, `${where}: it has no "key" and "value".`, SHAPE);
  }
  if (typeof found.key !== "string") throw new CliError(EXIT.trouble, `${where}: its "key" is no string.`, SHAPE);
  return [found.key, fromJson(found.value, `${where}: its "value"`), where];
}

const SHAPE = 'Each line must be like {"key":"title","value":{"text":"Plan"}}.';

/** Lines of UTF-8, without their ends. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new CliError(EXIT.trouble, `${name} is no UTF-8.`, SHAPE, { cause });
    }
  };
  // A line can come in many chunks: they are put together once it is whole.
  let begun: string[] = [];
  for await (const chunk of chunks) {
    const [first = "", ...others] = decode(chunk).split("\n");
    begun.push(first);
    for (const line of others) {
      yield begun.join("");
      begun = [line];
    }
  }
  yield begun.join("") + decode();
}

/** Writes contents, a line for each key. */
export async function* writeNdjson(entries: EntryStream): AsyncGenerator<string, void> {
  for await (const [key, value] of entries) yield `${safeJson({ key, value: toJson(value) })}\n`;
}
