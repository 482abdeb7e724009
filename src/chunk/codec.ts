/**
 * How a chunk lies in the store: a header, then a body that gives the payload which its name hashes.
 *
 * ```
 * version   1 byte    of this header, which tells the body's form
 * epoch     varint    the highest collection epoch under which a writer vouched for the chunk
 * createdAt varint    when this store first saw it, in ms since 1970; kept when the epoch is raised
 * check     1 byte    of what no hash covers: the CRC-8 of the header before it, and of a note or a delta
 * ```
 *
 * | version | body |
 * |---|---|
 * | 1 | the payload. Of stores in format "vkv 1"; has no check |
 * | 2 | the payload |
 * | 4 | the payload's length as a varint, the payload, and a note: what else is known of a commit, outside its name |
 * | 7 | the name of another chunk, and a delta that makes the payload from that one's |
 */
import { CorruptionError, FormatVersionError } from "../errors.ts";
import { HASH_BYTES, type Hash, readHash, writeHash } from "./hash.ts";
import { ByteReader, varintLength, writeVarint } from "./varint.ts";

/** The body's forms, by the header's version. None becomes another one by one changed bit. */
const VERSION = { unchecked: 1, whole: 2, noted: 4, delta: 7 } as const;
const VERSIONS: ReadonlySet<number> = /* @__PURE__ */ new Set(/* @__PURE__ */ Object.values(VERSION));

/**
 * What CRC-8 makes of each byte; the polynomial is x⁸ + x² + x + 1. It finds any one byte that changed, and any three bits;
 * of other damage all but 1 in 256.
 */
const CRC = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80 ? 0x07 : 0);
  return crc;
});

/** How many bytes the arrays have in which several chunks lie on their way to the store; one that is larger has its own. */
const SLAB = 64 * 1024;

/** What a chunk's header says. */
interface Header {
  readonly epoch: number;
  readonly createdAt: number;
}

/** A payload as a difference from that of another chunk (`delta.ts`). */
export interface Delta {
  readonly base: Hash;
  readonly delta: Uint8Array;
}

/** The form in which a chunk's body gives the payload. */
export type Body =
  | { readonly payload: Uint8Array; readonly note?: Uint8Array | undefined; readonly base?: undefined }
  | Delta;

/** A chunk as it lies in the store. Its arrays are views into the stored bytes. */
export type StoredChunk = Header & Body;

/** The stored bytes of a chunk. */
export function encodeChunk(chunk: StoredChunk): Uint8Array {
  const head = headOf(chunk);
  return fill(new Uint8Array(head.length + bodyLength(chunk)), head, chunk);
}

/** The stored bytes of several chunks with the same header, as views of a few larger arrays: to make one for each would cost more than to fill it. */
export function encodeChunks(header: Header, bodies: readonly Body[]): Uint8Array[] {
  const head = headOf(header);
  const lengths = bodies.map((body) => head.length + bodyLength(body));
  let slab = new Uint8Array(0);
  let at = 0;
  return bodies.map((body, i) => {
    const length = lengths[i] ?? 0;
    if (at + length > slab.length) {
      slab = new Uint8Array(slabLength(lengths, i));
      at = 0;
    }
    at += length;
    return fill(slab.subarray(at - length, at), head, body);
  });
}

/** How many bytes the next array is for: those of as many chunks as it holds, but of one at least. */
function slabLength(lengths: readonly number[], from: number): number {
  let sum = lengths[from] ?? 0;
  for (let i = from + 1; i < lengths.length && sum + (lengths[i] ?? 0) <= SLAB; i++) sum += lengths[i] ?? 0;
  return sum;
}

/** The bytes before a body, but for the version and the check. */
function headOf({ epoch, createdAt }: Header): Uint8Array {
  const head = new Uint8Array(2 + varintLength(epoch) + varintLength(createdAt));
  writeVarint(createdAt, head, writeVarint(epoch, head, 1));
  return head;
}

function fill(bytes: Uint8Array, head: Uint8Array, body: Body): Uint8Array {
  bytes.set(head);
  let at = head.length;
  if (body.base !== undefined) {
    bytes[0] = VERSION.delta;
    writeHash(body.base, bytes, at);
    bytes.set(body.delta, at + HASH_BYTES);
  } else if (body.note !== undefined) {
    bytes[0] = VERSION.noted;
    at = writeVarint(body.payload.length, bytes, at);
    bytes.set(body.payload, at);
    bytes.set(body.note, at + body.payload.length);
  } else {
    bytes[0] = VERSION.whole;
    bytes.set(body.payload, at);
  }
  const unhashed = body.base === undefined ? (body.note?.length ?? 0) : bodyLength(body);
  bytes[head.length - 1] = checkOf(bytes, head.length - 1, unhashed);
  return bytes;
}

function bodyLength(body: Body): number {
  if (body.base !== undefined) return HASH_BYTES + body.delta.length;
  const { payload, note } = body;
  return payload.length + (note === undefined ? 0 : varintLength(payload.length) + note.length);
}

/** Reads what `encodeChunk` wrote; the payload is not verified. `CorruptionError` or `FormatVersionError` for anything else. */
export function decodeChunk(bytes: Uint8Array): StoredChunk {
  if (bytes.length === 0) throw new CorruptionError("A stored chunk is empty.");
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (!VERSIONS.has(version)) {
    throw new FormatVersionError(`chunk header ${version}`, `chunk header ${VERSION.delta}`);
  }
  const epoch = reader.varint();
  const createdAt = reader.varint();
  if (version === VERSION.unchecked) return { epoch, createdAt, payload: bytes.subarray(reader.at) };
  const checkAt = reader.at;
  const found = reader.byte();
  const check = (unhashed: number): void => {
    if (found !== checkOf(bytes, checkAt, unhashed)) throw new CorruptionError("A stored chunk's header is damaged.");
  };
  if (version === VERSION.delta) {
    check(bytes.length - reader.at);
    const base = readHash(bytes, reader.skip(HASH_BYTES));
    return { epoch, createdAt, base, delta: bytes.subarray(reader.at) };
  }
  if (version === VERSION.whole) {
    check(0);
    return { epoch, createdAt, payload: bytes.subarray(reader.at) };
  }
  const payload = reader.take(reader.varint());
  check(bytes.length - reader.at);
  return { epoch, createdAt, payload, note: bytes.subarray(reader.at) };
}

/** The check of a stored chunk: of the bytes before it, and of the last ones, which no hash covers. */
function checkOf(bytes: Uint8Array, checkAt: number, unhashed: number): number {
  return crc8(bytes, bytes.length - unhashed, bytes.length, crc8(bytes, 0, checkAt));
}

/** The chunk that a stored one is a difference from; `undefined` also where that cannot be read. */
export function baseOf(bytes: Uint8Array): Hash | undefined {
  if (bytes[0] !== VERSION.delta) return undefined;
  try {
    return decodeChunk(bytes).base;
  } catch {
    return undefined;
  }
}

/** The CRC-8 of some bytes. @param before that of bytes in front of them */
export function crc8(bytes: Uint8Array, start = 0, end: number = bytes.length, before = 0): number {
  let crc = before;
  for (let i = start; i < end; i++) crc = CRC[crc ^ (bytes[i] ?? 0)] ?? 0;
  return crc;
}
