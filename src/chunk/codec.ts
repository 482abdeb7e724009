/**
 * How a chunk lies in the store: a header, then the payload that its name hashes.
 *
 * ```
 * version   1 byte    of this header: 1
 * epoch     varint    the highest collection epoch under which a writer vouched for the chunk
 * createdAt varint    when this store first saw it, in ms since 1970; kept when the epoch is raised
 * payload   the rest
 * ```
 */
import { CorruptionError, FormatVersionError } from "../errors.ts";
import { ByteReader, varintLength, writeVarint } from "./varint.ts";

const HEADER_VERSION = 1;

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
  const headerLength = 1 + varintLength(epoch) + varintLength(createdAt);
  const bytes = new Uint8Array(headerLength + payload.length);
  bytes[0] = HEADER_VERSION;
  writeVarint(createdAt, bytes, writeVarint(epoch, bytes, 1));
  bytes.set(payload, headerLength);
  return bytes;
}

/** Reads what `encodeChunk` wrote; the payload is not verified. `CorruptionError` or `FormatVersionError` for anything else. */
export function decodeChunk(bytes: Uint8Array): StoredChunk {
  if (bytes.length === 0) throw new CorruptionError("A stored chunk is empty.");
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== HEADER_VERSION)
    throw new FormatVersionError(`chunk header ${version}`, `chunk header ${HEADER_VERSION}`);
  const epoch = reader.varint();
  const createdAt = reader.varint();
  return { epoch, createdAt, payload: bytes.subarray(reader.at) };
}
