/**
 * The mark that says which format a store is in. Older formats are read as they are; before this version writes anything,
 * it raises the mark, so that software which knows only the older format refuses the store from then on.
 */
import { fromUtf8, utf8 } from "../bytes.ts";
import { crc8 } from "../chunk/codec.ts";
import { FormatVersionError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import { attemptLimit } from "./backoff.ts";

/** Where a store says which format it is in. */
export const FORMAT_KEY = "vkv/format";
/** The format that this version writes. (There is no 3: one changed bit makes it a 2.) */
export const FORMAT = "vkv 4";
/** Formats that it reads as well. */
const OLDER: readonly string[] = ["vkv 1", "vkv 2"];
/**
 * This format's mark where tails are allowed: how long they may be (`tail.ts`) is decided when a store is marked, and holds for
 * all who write to it. Then the CRC-8 of all that, so that a changed number is noticed.
 */
const WITH_TAILS: RegExp = /^vkv 4, tails of ([1-9][0-9]{0,5}), [0-9a-f]{2}$/;

/** Stores that have this version's mark, as far as it was read or written, and the limit of their tails. */
const marked: WeakMap<KVStore, number> = new WeakMap();

/** Throws a `FormatVersionError` if a store's mark, as it was read just now, is one that this version does not know. */
export function checkFormat(store: KVStore, stored: Uint8Array | undefined): void {
  marked.delete(store);
  if (stored === undefined) return;
  const found = textOf(stored);
  const limit = limitIn(found);
  if (limit !== undefined) marked.set(store, limit);
  else if (!OLDER.includes(found)) throw new FormatVersionError(found.slice(0, 100), FORMAT);
}

/** Marks a store before anything is written into it: a new one, or one in an older format. No round trip if its mark is known. */
export async function markFormat(store: KVStore): Promise<void> {
  let found: Uint8Array | undefined;
  for (const count = attemptLimit("The store could not be marked"); !marked.has(store); count()) {
    if (await store.cas(FORMAT_KEY, utf8(markOf(store)), found)) {
      marked.set(store, store.traits.tailLimit ?? 0);
    } else {
      found = await store.get(FORMAT_KEY);
      checkFormat(store, found);
    }
  }
}

/** The limit of the tails in a store: the one in its mark, or that with which it would be marked. */
export function tailLimitOf(store: KVStore): number {
  return marked.get(store) ?? store.traits.tailLimit ?? 0;
}

/** The mark that a store gets. */
export function markOf({ traits: { tailLimit = 0 } }: KVStore): string {
  return markWith(tailLimit);
}

function markWith(limit: number): string {
  if (limit === 0) return FORMAT;
  const text = `${FORMAT}, tails of ${limit}`;
  return `${text}, ${crc8(utf8(text)).toString(16).padStart(2, "0")}`;
}

/** The limit of tails in a mark of this format. */
function limitIn(mark: string): number | undefined {
  const limit = Number(WITH_TAILS.exec(mark)?.[1] ?? 0);
  return mark === markWith(limit) ? limit : undefined;
}

function textOf(stored: Uint8Array): string {
  try {
    return fromUtf8(stored);
  } catch {
    return "(no text)";
  }
}
