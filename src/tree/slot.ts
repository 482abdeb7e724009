/**
 * Where a leaf keeps a value: in a slot.
 *
 * ```
 * 0, then the value          a small one, in the leaf itself
 * 1 + depth, hash, size      a larger one, outside: a chunk (depth 0), or one that lists the pieces (`blob.ts`)
 * ```
 */
import { HASH_BYTES, type Hash, readHash, writeHash } from "../chunk/hash.ts";
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";

/** Larger values, in bytes, lie outside the leaf: a leaf is rewritten whenever one of its values changes. */
export const INLINE_BYTES = 512;
/** The largest value, in bytes. */
export const MAX_VALUE_BYTES: number = 2 ** 32;
/** More levels of lists of pieces than any value has. */
const MAX_BLOB_DEPTH = 8;

/** A value outside its leaf. */
export interface BlobRef {
  readonly hash: Hash;
  /** 0: the chunk is the value; more: it lists pieces, that many levels deep. */
  readonly depth: number;
  /** The value's bytes. */
  readonly size: number;
}

/** The slot of a value that lies in the leaf. */
export function inlineSlot(value: Uint8Array): Uint8Array {
  const slot = new Uint8Array(1 + value.length);
  writeInlineSlot(value, slot, 0);
  return slot;
}

/** Writes it at `offset`; returns the offset after it. */
export function writeInlineSlot(value: Uint8Array, target: Uint8Array, offset: number): number {
  target[offset] = 0;
  target.set(value, offset + 1);
  return offset + 1 + value.length;
}

/** The slot of a value that lies outside. */
export function blobSlot(ref: BlobRef): Uint8Array {
  const slot = new Uint8Array(1 + HASH_BYTES + varintLength(ref.size));
  slot[0] = 1 + ref.depth;
  writeHash(ref.hash, slot, 1);
  writeVarint(ref.size, slot, 1 + HASH_BYTES);
  return slot;
}

/** What a slot refers to outside; `undefined` when it holds the value itself. */
export function blobOf(slot: Uint8Array): BlobRef | undefined {
  const tag = slot[0] ?? 0;
  if (tag === 0) return undefined;
  return { hash: readHash(slot, 1), depth: tag - 1, size: new ByteReader(slot, 1 + HASH_BYTES).varint() };
}

/** The bytes of the value whose slot lies in `bytes` from `start` to `end`. */
export function slotSize(bytes: Uint8Array, start: number, end: number): number {
  return bytes[start] === 0 ? end - start - 1 : new ByteReader(bytes, start + 1 + HASH_BYTES, end).varint();
}

/** Checks the slot that lies in `bytes` from `start` to `end`; returns how many bytes its value has. A `CorruptionError` for bytes that are none. */
export function checkSlot(bytes: Uint8Array, start: number, end: number): number {
  if (start < end && bytes[start] === 0) {
    if (end - start - 1 > INLINE_BYTES) throw new CorruptionError("A value in a leaf is too large for it.");
    return end - start - 1;
  }
  const reader = new ByteReader(bytes, start, end);
  if (reader.byte() > 1 + MAX_BLOB_DEPTH) throw new CorruptionError("A value's pieces are nested too deeply.");
  reader.skip(HASH_BYTES);
  const size = reader.varint();
  if (size <= INLINE_BYTES) throw new CorruptionError("A value outside its leaf would fit inside.");
  if (size > MAX_VALUE_BYTES) throw new CorruptionError("A value is larger than any can be.");
  reader.finish();
  return size;
}
