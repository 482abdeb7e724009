import { fromUtf8, utf8 } from "../bytes.ts";
import { FormatVersionError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";

/** Where a store says which format it is in. */
export const FORMAT_KEY = "vkv/format";
/** The format that this version reads and writes. */
export const FORMAT = "vkv 1";

/** Throws a `FormatVersionError` if a store's mark is another format's. */
export function checkFormat(stored: Uint8Array | undefined): void {
  if (stored === undefined) return;
  let found: string;
  try {
    found = fromUtf8(stored);
  } catch {
    found = "(no text)";
  }
  if (found !== FORMAT) throw new FormatVersionError(found.slice(0, 100), FORMAT);
}

/** Marks a new store. */
export async function markFormat(store: KVStore): Promise<void> {
  if (!(await store.cas(FORMAT_KEY, utf8(FORMAT), undefined))) checkFormat(await store.get(FORMAT_KEY));
}
