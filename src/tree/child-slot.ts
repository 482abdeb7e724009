/**
 * What an inner node says of a child, in a slot: the child's hash, then as varints how many keys lie below it and how many
 * bytes their values have.
 */
import { HASH_BYTES, type Hash, writeHash } from "../chunk/hash.ts";
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";

/** How many keys lie below a node, and how many bytes their values have. */
export interface Totals {
  readonly size: number;
  readonly bytes: number;
}

/** How long the slot of a child with these totals is. */
export function childSlotLength({ size, bytes }: Totals): number {
  return HASH_BYTES + varintLength(size) + varintLength(bytes);
}

/** Writes the slot of a child at `offset`; returns the offset after it. */
export function writeChildSlot(hash: Hash, { size, bytes }: Totals, target: Uint8Array, offset: number): number {
  writeHash(hash, target, offset);
  return writeVarint(bytes, target, writeVarint(size, target, offset + HASH_BYTES));
}

/** The totals of a child whose slot lies in `bytes` from `start` to `end`. */
export function childTotals(bytes: Uint8Array, start: number, end: number): Totals {
  const reader = new ByteReader(bytes, start + HASH_BYTES, end);
  return { size: reader.varint(), bytes: reader.varint() };
}
