/** The check of small records that no hash names: refs, and the record of the latest collection. */
import { hashOf } from "../chunk/hash.ts";
import type { ByteReader } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";

/** How many bytes a check has: the first ones of the SHA-256 of what is before it. */
export const CHECK_BYTES = 4;

/** Fills the last bytes of a record, which are left for it, with its check. */
export function writeCheck(record: Uint8Array): void {
  const at = record.length - CHECK_BYTES;
  new DataView(record.buffer, record.byteOffset).setUint32(at, checkOf(record.subarray(0, at)));
}

/** Reads the check of a record, the last bytes of it. A `CorruptionError` if it is not that of what is before. */
export function readCheck(reader: ByteReader): void {
  const expected = checkOf(reader.bytes.subarray(0, reader.at));
  const check = reader.take(CHECK_BYTES);
  reader.finish();
  if (new DataView(check.buffer, check.byteOffset).getUint32(0) !== expected) {
    throw new CorruptionError("A stored record does not agree with its check.");
  }
}

function checkOf(bytes: Uint8Array): number {
  return Number.parseInt(hashOf(bytes).slice(0, 2 * CHECK_BYTES), 16);
}
