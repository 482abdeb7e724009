import { checkKey, checkValue } from "../bytes.ts";
import type { Chunk } from "../chunk/store.ts";
import { type Entries, entryList, type Keys, keyList } from "../kv/store.ts";
import { storeBlob } from "../tree/blob.ts";
import { EntryList } from "../tree/entry-list.ts";
import { compareText, MAX_KEY_BYTES, writeUtf8 } from "../tree/key-bytes.ts";
import { blobSlot, INLINE_BYTES, inlineSlot } from "../tree/slot.ts";

/** Changes ready for the tree. */
export interface Updates {
  readonly changes: EntryList;
  /** What the large values among them lie in. */
  readonly chunks: Chunk[];
}

/** Checks and copies what a snapshot is to change: an update wins over a removal of the same key. Nothing of the caller's is kept. */
export function collectUpdates(updates: Entries | null | undefined, removals: Keys | undefined): Updates {
  const values = new Map<string, Uint8Array | undefined>();
  if (removals !== undefined) {
    for (const key of keyList(removals)) {
      checkKey(key, MAX_KEY_BYTES);
      values.set(key, undefined);
    }
  }
  if (updates !== null && updates !== undefined) {
    for (const [key, value] of entryList(updates)) {
      checkKey(key, MAX_KEY_BYTES);
      checkValue(value, key);
      values.set(key, value);
    }
  }
  return toUpdates(values);
}

/** Changes in key order: values to set, `undefined` to remove. */
export function toUpdates(values: ReadonlyMap<string, Uint8Array | undefined>): Updates {
  const changes = new EntryList();
  const chunks: Chunk[] = [];
  for (const key of sorted([...values.keys()])) {
    const value = values.get(key);
    const slot = value && valueSlot(value, chunks);
    changes.pushWritten(key.length * 3, (target, at) => writeUtf8(key, target, at), slot);
  }
  return { changes, chunks };
}

/** The slot of a value; the chunks of a large one are added to `chunks`. */
export function valueSlot(value: Uint8Array, chunks: Chunk[]): Uint8Array {
  if (value.length <= INLINE_BYTES) return inlineSlot(value);
  const blob = storeBlob(value);
  for (const chunk of blob.chunks) chunks.push(chunk);
  return blobSlot(blob.ref);
}

/** Sorts keys by code point; keys that are in order stay as they are, and without units from D800 on the plain order will do. */
function sorted(keys: string[]): string[] {
  let inOrder = true;
  for (let i = 1; i < keys.length && inOrder; i++) inOrder = compareText(keys[i - 1] ?? "", keys[i] ?? "") < 0;
  if (inOrder) return keys;
  return keys.some((key) => /[\ud800-\uffff]/.test(key)) ? keys.sort(compareText) : keys.sort();
}
