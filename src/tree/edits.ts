/**
 * Changes of a tree as bytes: how many, then for each, in key order,
 *
 * ```
 * shared   varint   bytes that its key begins with as the key before does
 * rest     varint, then the other bytes of its key
 * slot     varint: 0 for a removal; else one more than its length, then the slot
 * ```
 */
import { type ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";
import { EntryList } from "./entry-list.ts";
import { MAX_KEY_BYTES } from "./key-bytes.ts";
import { checkSlot } from "./slot.ts";

/** Changes as bytes. */
export function encodeEdits(edits: EntryList): Uint8Array {
  const { keys } = edits;
  const sharedWithLast = (index: number): number => (index === 0 ? 0 : keys.sharedLength(index - 1, index));
  let length = varintLength(edits.length);
  for (let i = 0; i < edits.length; i++) {
    const shared = sharedWithLast(i);
    const rest = keys.end(i) - keys.start(i) - shared;
    const slotLength = edits.slotEnd(i) - edits.slotStart(i);
    length += varintLength(shared) + varintLength(rest) + rest;
    length += edits.isRemoval(i) ? 1 : varintLength(slotLength + 1) + slotLength;
  }
  const bytes = new Uint8Array(length);
  let at = writeVarint(edits.length, bytes, 0);
  const copy = (source: Uint8Array, start: number, end: number): void => {
    for (let i = start; i < end; i++) bytes[at++] = source[i] ?? 0;
  };
  for (let i = 0; i < edits.length; i++) {
    const shared = sharedWithLast(i);
    const start = keys.start(i) + shared;
    at = writeVarint(keys.end(i) - start, bytes, writeVarint(shared, bytes, at));
    copy(keys.bytes, start, keys.end(i));
    at = writeVarint(edits.isRemoval(i) ? 0 : edits.slotEnd(i) - edits.slotStart(i) + 1, bytes, at);
    copy(edits.slots, edits.slotStart(i), edits.slotEnd(i));
  }
  return bytes;
}

/** The key that was read last, which the next one begins like. */
const lastKey: Uint8Array = /* @__PURE__ */ new Uint8Array(MAX_KEY_BYTES);

/** Reads changes, and adds them to a list; a `CorruptionError` for bytes that are none. */
export function decodeEdits(reader: ByteReader, edits: EntryList = new EntryList()): EntryList {
  const { bytes } = reader;
  const count = reader.varint();
  let length = 0;
  for (let i = 0; i < count; i++) {
    const shared = reader.varint();
    const rest = reader.varint();
    const start = reader.skip(rest);
    if (rest === 0 || shared > length || shared + rest > MAX_KEY_BYTES) throw damaged();
    // So it comes after the one before, and shares no more with it.
    if (shared < length && (lastKey[shared] ?? 0) >= (bytes[start] ?? 0)) throw damaged();
    lastKey.set(bytes.subarray(start, reader.at), shared);
    length = shared + rest;
    const slotLength = reader.varint() - 1;
    const slot = slotLength < 0 ? undefined : reader.take(slotLength);
    if (slot !== undefined) checkSlot(slot, 0, slot.length);
    edits.push(lastKey.subarray(0, length), slot);
  }
  reader.finish();
  return edits;
}

function damaged(): CorruptionError {
  return new CorruptionError("Stored changes are damaged.");
}
