/**
 * The mark that says which format a store is in. Older formats are read as they are; before this version writes anything,
 * it raises the mark, so that software which knows only the older format refuses the store from then on.
 */
import { fromUtf8, utf8 } from "../bytes.ts";
import { FormatVersionError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import { attemptLimit } from "./backoff.ts";

/** Where a store says which format it is in. */
export const FORMAT_KEY = "vkv/format";
/** The format that this version writes. */
export const FORMAT = "vkv 2";
/** Formats that it reads as well. */
const OLDER: readonly string[] = ["vkv 1"];

/** Stores that have this version's mark, as far as it was read or written. */
const marked: WeakSet<KVStore> = new WeakSet();

/** Throws a `FormatVersionError` if a store's mark, as it was read just now, is one that this version does not know. */
export function checkFormat(store: KVStore, stored: Uint8Array | undefined): void {
  marked.delete(store);
  if (stored === undefined) return;
  const found = textOf(stored);
  if (found === FORMAT) marked.add(store);
  else if (!OLDER.includes(found)) throw new FormatVersionError(found.slice(0, 100), FORMAT);
}

/** Marks a store before anything is written into it: a new one, or one in an older format. No round trip if its mark is known. */
export async function markFormat(store: KVStore): Promise<void> {
  let found: Uint8Array | undefined;
  for (const count = attemptLimit("The store could not be marked"); !marked.has(store); count()) {
    if (await store.cas(FORMAT_KEY, utf8(FORMAT), found)) {
      marked.add(store);
    } else {
      found = await store.get(FORMAT_KEY);
      checkFormat(store, found);
    }
  }
}

function textOf(stored: Uint8Array): string {
  try {
    return fromUtf8(stored);
  } catch {
    return "(no text)";
  }
}
