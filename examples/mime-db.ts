/** The data of the example: published releases of mime-db, a list of the file types of the web, as npm installed them. */
import { readFile } from "node:fs/promises";
import type { Json } from "vkv";

/** A release as keys and values. */
export interface Release {
  readonly package: string;
  readonly version: string;
  /** How many file types it lists. */
  readonly types: number;
  /** One key for each field of a file type: `image/png/extensions` → `["png"]`, as UTF-8 JSON. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** Where the releases are, oldest first (npm aliases, see `devDependencies`). */
const RELEASES = {
  "1.36.0": import.meta.resolve("mime-db-1.36/db.json"),
  "1.40.0": import.meta.resolve("mime-db-1.40/db.json"),
  "1.45.0": import.meta.resolve("mime-db-1.45/db.json"),
  "1.48.0": import.meta.resolve("mime-db-1.48/db.json"),
  "1.52.0": import.meta.resolve("mime-db-1.52/db.json"),
  "1.53.0": import.meta.resolve("mime-db-1.53/db.json"),
  "1.54.0": import.meta.resolve("mime-db-1.54/db.json"),
};

export type Version = keyof typeof RELEASES;

/** Reads a release. */
export async function readRelease(version: Version): Promise<Release> {
  const text = await readFile(new URL(RELEASES[version]), "utf8");
  const types: Record<string, Record<string, Json>> = JSON.parse(text);
  const contents = new Map<string, Uint8Array>();
  for (const [type, fields] of Object.entries(types)) {
    for (const [field, value] of Object.entries(fields)) contents.set(`${type}/${field}`, encode(value));
    // A type of which nothing is known but its name still has a key.
    if (Object.keys(fields).length === 0) contents.set(type, encode({}));
  }
  return { package: "mime-db", version, types: Object.keys(types).length, contents };
}

/** The bytes of a value: vkv stores bytes, and leaves it to you what they mean. */
export function encode(value: Json): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The value of bytes; `undefined` for none, as `get` gives for a key that is not there. */
export function decode(bytes: Uint8Array | undefined): Json | undefined {
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
}
