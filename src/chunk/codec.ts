/**
 * How a chunk lies in the store: a header, then the payload that its name hashes.
 *
 * ```
 * version   1 byte    of this header: 2
 * epoch     varint    the highest collection epoch under which a writer vouched for the chunk
 * createdAt varint    when this store first saw it, in ms since 1970; kept when the epoch is raised
 * check     1 byte    of the header before it, which no hash covers: its CRC-8
 * payload   the rest
 * ```
 *
 * Version 1, of stores in format "vkv 1", had no check.
 */
import { CorruptionError, FormatVersionError } from "../errors.ts";
import { ByteReader, varintLength, writeVarint } from "./varint.ts";

const HEADER_VERSION = 2;
/** Headers of this version have no check. */
const UNCHECKED_VERSION = 1;

/**
 * What CRC-8 makes of each byte; the polynomial is x⁸ + x² + x + 1. It finds any one byte that changed, and any three bits;
 * of other damage all but 1 in 256.
 */
const CRC = Uint8Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80 ? 0x07 : 0);
  return crc;
});

/** A chunk as it lies in the store. */
export interface StoredChunk {
  readonly epoch: number;
  readonly createdAt: number;
  /** A view into the stored bytes. */
  readonly payload: Uint8Array;
}

/** The stored bytes of a chunk. */
export function encodeChunk(chunk: StoredChunk): Uint8Array {
  const { epoch, createdAt, payload } = chunk;
  const checkAt = 1 + varintLength(epoch) + varintLength(createdAt);
  const bytes = new Uint8Array(checkAt + 1 + payload.length);
  bytes[0] = HEADER_VERSION;
  writeVarint(createdAt, bytes, writeVarint(epoch, bytes, 1));
  bytes[checkAt] = crc8(bytes, checkAt);
  bytes.set(payload, checkAt + 1);
  return bytes;
}

/** Reads what `encodeChunk` wrote; the payload is not verified. `CorruptionError` or `FormatVersionError` for anything else. */
export function decodeChunk(bytes: Uint8Array): StoredChunk {
  if (bytes.length === 0) throw new CorruptionError("A stored chunk is empty.");
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== HEADER_VERSION && version !== UNCHECKED_VERSION) {
    throw new FormatVersionError(`chunk header ${version}`, `chunk header ${HEADER_VERSION}`);
  }
  const epoch = reader.varint();
  const createdAt = reader.varint();
  if (version === HEADER_VERSION) {
    const expected = crc8(bytes, reader.at);
    if (reader.byte() !== expected) throw new CorruptionError("A stored chunk's header is damaged.");
  }
  return { epoch, createdAt, payload: bytes.subarray(reader.at) };
}

/** The CRC-8 of the bytes before `end`. */
function crc8(bytes: Uint8Array, end: number): number {
  let crc = 0;
  for (let i = 0; i < end; i++) crc = CRC[crc ^ (bytes[i] ?? 0)] ?? 0;
  return crc;
}
