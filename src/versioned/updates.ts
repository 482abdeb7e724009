import { checkKey, checkValue } from "../bytes.ts";
import type { Chunk } from "../chunk/store.ts";
import { type Entries, entryList, type Keys, keyList } from "../kv/store.ts";
import { storeBlob } from "../tree/blob.ts";
import { EntryList } from "../tree/entry-list.ts";
import { MAX_KEY_BYTES } from "../tree/key-bytes.ts";
import { KeyList } from "../tree/key-list.ts";
import { sortedOrder } from "../tree/key-sort.ts";
import { blobSlot, INLINE_BYTES, inlineSlot } from "../tree/slot.ts";

/** Changes ready for the tree. */
export interface Updates {
  readonly changes: EntryList;
  /** What the large values among them lie in. */
  readonly chunks: Chunk[];
}

/** Checks and copies what a snapshot is to change: an update wins over a removal of the same key. Nothing of the caller's is kept. */
export function collectUpdates(updates: Entries | null | undefined, removals: Keys | undefined): Updates {
  const keys: string[] = [];
  const values: (Uint8Array | undefined)[] = [];
  if (removals !== undefined) {
    for (const key of keyList(removals)) {
      checkKey(key, MAX_KEY_BYTES);
      keys.push(key);
      values.push(undefined);
    }
  }
  if (updates !== null && updates !== undefined) {
    for (const [key, value] of entryList(updates)) {
      checkKey(key, MAX_KEY_BYTES);
      checkValue(value, key);
      keys.push(key);
      values.push(value);
    }
  }
  return inOrder(keys, values);
}

/** Changes in key order: values to set, `undefined` to remove. */
export function toUpdates(values: ReadonlyMap<string, Uint8Array | undefined>): Updates {
  return inOrder([...values.keys()], [...values.values()]);
}

/** Changes in key order; of those of the same key, the last. */
function inOrder(texts: readonly string[], values: readonly (Uint8Array | undefined)[]): Updates {
  const keys = KeyList.of(texts);
  const order = keys.ascends() ? undefined : sortedOrder(keys);
  const count = order?.length ?? keys.length;
  const changes = new EntryList(order === undefined ? keys : keys.picked(order), slotRoom(values));
  const chunks: Chunk[] = [];
  for (let i = 0; i < count; i++) {
    const value = values[order?.[i] ?? i];
    if (value === undefined || value.length > INLINE_BYTES) changes.pushSlot(value && valueSlot(value, chunks));
    else changes.pushValue(value);
  }
  return { changes, chunks };
}

/** How many bytes the slots of values take, about. */
function slotRoom(values: readonly (Uint8Array | undefined)[]): number {
  let room = 0;
  for (const value of values) if (value !== undefined && value.length <= INLINE_BYTES) room += 1 + value.length;
  return room;
}

/** The slot of a value; the chunks of a large one are added to `chunks`. */
export function valueSlot(value: Uint8Array, chunks: Chunk[]): Uint8Array {
  if (value.length <= INLINE_BYTES) return inlineSlot(value);
  const blob = storeBlob(value);
  for (const chunk of blob.chunks) chunks.push(chunk);
  return blobSlot(blob.ref);
}
