/**
 * Values outside the leaves. Up to `PIECE_BYTES.largest` a value is one chunk; a larger one is cut where its content says
 * ("gear" rolling hash, Xia et al., "Ddelta: a deduplication-inspired fast delta compression approach", 2014), so that
 * a small edit of a large value leaves most pieces as they were, and its pieces are listed in a chunk; long lists are
 * cut and listed in turn.
 *
 * ```
 * piece    2, then bytes
 * list     3, then for each piece (or list below): its hash, and the value bytes it stands for as a varint
 * ```
 */
import { HASH_BYTES, type Hash, hashOf, readHash, writeHash } from "../chunk/hash.ts";
import { type Chunk, type ChunkStore, missingChunk } from "../chunk/store.ts";
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";
import { boundaryHash } from "./boundary.ts";
import { type BlobRef, blobOf, MAX_VALUE_BYTES } from "./slot.ts";

/** The first byte of a piece's payload. */
export const PIECE_KIND = 2;
/** The first byte of a list's payload. */
export const LIST_KIND = 3;
/** How large the pieces of a value are, in bytes; on average the smallest and 32 KiB more. */
const PIECE_BYTES = { smallest: 8 * 1024, largest: 128 * 1024 };
/** A piece ends where the top 15 bits of the rolling hash are zero. */
const PIECE_MASK = 0xfffe0000;
/** A list of pieces ends after one whose hash begins with a zero byte, and after so many. */
const LONGEST_LIST = 1024;
const GEAR = /* @__PURE__ */ Int32Array.from({ length: 256 }, (_, byte) =>
  boundaryHash(new Uint8Array([byte]), 0, 1, 0),
);

/** A part of a value: a piece, or a list of parts. */
interface Part {
  readonly hash: Hash;
  readonly size: number;
}

/** The chunks that hold `value`. A `RangeError` for more than `MAX_VALUE_BYTES`. */
export function storeBlob(value: Uint8Array): { ref: BlobRef; chunks: Chunk[] } {
  if (value.length > MAX_VALUE_BYTES) throw new RangeError(`A value is longer than ${MAX_VALUE_BYTES} bytes.`);
  const chunks: Chunk[] = [];
  const add = (payload: Uint8Array, size: number): Part => {
    const hash = hashOf(payload);
    chunks.push({ kind: "node", hash, payload });
    return { hash, size };
  };
  let parts = pieces(value).map((piece) => add(piecePayload(piece), piece.length));
  let depth = 0;
  for (; parts.length > 1; depth++) {
    parts = lists(parts).map((list) =>
      add(
        listPayload(list),
        list.reduce((sum, part) => sum + part.size, 0),
      ),
    );
  }
  const [whole] = parts;
  if (whole === undefined) throw new RangeError("A value outside its leaf is not empty.");
  return { ref: { ...whole, depth }, chunks };
}

/** Where a value is cut. */
function pieces(value: Uint8Array): Uint8Array[] {
  if (value.length <= PIECE_BYTES.largest) return [value];
  const cuts: Uint8Array[] = [];
  let start = 0;
  while (start < value.length) {
    const end = pieceEnd(value, start);
    cuts.push(value.subarray(start, end));
    start = end;
  }
  return cuts;
}

function pieceEnd(value: Uint8Array, start: number): number {
  const end = Math.min(value.length, start + PIECE_BYTES.largest);
  let hash = 0;
  for (let at = start + PIECE_BYTES.smallest; at < end; at++) {
    hash = ((hash << 1) + (GEAR[value[at] ?? 0] ?? 0)) | 0;
    if ((hash & PIECE_MASK) === 0) return at + 1;
  }
  return end;
}

function lists(parts: readonly Part[]): Part[][] {
  const cuts: Part[][] = [[]];
  for (const part of parts) {
    const last = cuts.at(-1) ?? [];
    last.push(part);
    if (last.length === LONGEST_LIST || (last.length > 1 && part.hash.startsWith("00"))) cuts.push([]);
  }
  return cuts.filter((list) => list.length > 0);
}

function piecePayload(piece: Uint8Array): Uint8Array {
  const payload = new Uint8Array(1 + piece.length);
  payload[0] = PIECE_KIND;
  payload.set(piece, 1);
  return payload;
}

function listPayload(parts: readonly Part[]): Uint8Array {
  const length = parts.reduce((sum, { size }) => sum + HASH_BYTES + varintLength(size), 1);
  const payload = new Uint8Array(length);
  payload[0] = LIST_KIND;
  let at = 1;
  for (const { hash, size } of parts) {
    writeHash(hash, payload, at);
    at = writeVarint(size, payload, at + HASH_BYTES);
  }
  return payload;
}

/** The parts that a list's payload names; none is empty. */
export function decodeList(hash: Hash, payload: Uint8Array): Part[] {
  if (payload[0] !== LIST_KIND) throw new CorruptionError(`Chunk ${hash} is no list of pieces.`, { at: hash });
  const reader = new ByteReader(payload, 1);
  const parts: Part[] = [];
  while (!reader.done) {
    const part = { hash: readHash(reader.take(HASH_BYTES), 0), size: reader.varint() };
    if (part.size === 0) throw new CorruptionError(`Chunk ${hash} lists a part without bytes.`, { at: hash });
    parts.push(part);
  }
  if (parts.length === 0 || parts.length > LONGEST_LIST) {
    throw new CorruptionError(`Chunk ${hash} lists no parts, or too many.`, { at: hash });
  }
  return parts;
}

/**
 * The values of slots, those that lie outside fetched in one round trip for all, and one more for each level of lists.
 * All share one new array, in which nothing else lies.
 */
export async function readSlots(
  chunks: ChunkStore,
  slots: readonly (Uint8Array | undefined)[],
): Promise<(Uint8Array | undefined)[]> {
  const blobs = new Map<number, BlobRef>();
  slots.forEach((slot, i) => {
    const ref = slot && blobOf(slot);
    if (ref !== undefined) blobs.set(i, ref);
  });
  if (blobs.size === 0) return inlineValues(slots);
  const outside = await readBlobs(chunks, [...blobs.values()]);
  const values = inlineValues(slots.map((slot, i) => (blobs.has(i) ? undefined : slot)));
  [...blobs.keys()].forEach((at, i) => {
    values[at] = outside[i];
  });
  return values;
}

/** Copies of the values that lie in slots themselves. */
export function inlineValues(slots: readonly (Uint8Array | undefined)[]): (Uint8Array | undefined)[] {
  let total = 0;
  for (const slot of slots) if (slot !== undefined) total += slot.length - 1;
  const slab = new Uint8Array(total);
  let at = 0;
  return slots.map((slot) => {
    if (slot === undefined) return undefined;
    const start = at;
    slab.set(slot.subarray(1), start);
    at += slot.length - 1;
    return slab.subarray(start, at);
  });
}

/** A part of one of several values, and where in it. */
interface Placed extends BlobRef {
  readonly of: number;
  readonly start: number;
}

/** A value gets its bytes only when all its parts were read and are what they should be: a list may say anything. */
async function readBlobs(chunks: ChunkStore, refs: readonly BlobRef[]): Promise<Uint8Array[]> {
  const values = refs.map(() => new Uint8Array(0));
  let open = refs.map((ref, of): Placed => ({ ...ref, of, start: 0 }));
  while (open.length > 0) {
    const payloads = await chunks.read("node", [...new Set(open.map(({ hash }) => hash))]);
    const lists: Placed[] = [];
    const pieces = new Map<Placed, Uint8Array>();
    for (const part of open) {
      const { hash, depth, of } = part;
      const payload = payloads.get(hash);
      if (payload === undefined) throw missingChunk(hash);
      if (depth === 0) pieces.set(part, pieceOf(part, payload));
      else for (const each of listed(part, payload, refs[of]?.size ?? 0)) lists.push(each);
    }
    for (const [{ of, start }, piece] of pieces) {
      const size = refs[of]?.size ?? 0;
      const value = values[of]?.length === size ? values[of] : new Uint8Array(size);
      value.set(piece, start);
      values[of] = value;
    }
    open = lists;
  }
  return values;
}

function pieceOf({ hash, size }: Placed, payload: Uint8Array): Uint8Array {
  if (payload[0] !== PIECE_KIND || payload.length !== size + 1) {
    throw new CorruptionError(`Chunk ${hash} is not the part of a value that it should be.`, { at: hash });
  }
  return payload.subarray(1);
}

/** The parts that a list names, each as large as a part can be: a value has no more of them than its size allows. */
function listed({ hash, depth, size, of, start }: Placed, payload: Uint8Array, total: number): Placed[] {
  let at = start;
  const parts = decodeList(hash, payload).map((part): Placed => {
    const placed = { ...part, depth: depth - 1, of, start: at };
    at += part.size;
    const isTooSmall = part.size <= PIECE_BYTES.smallest && at !== total;
    if (isTooSmall || (placed.depth === 0 && part.size > PIECE_BYTES.largest)) {
      throw new CorruptionError(`Chunk ${hash} lists a part of a size that none has.`, { at: hash });
    }
    return placed;
  });
  if (at !== start + size) {
    throw new CorruptionError(`Chunk ${hash} lists parts of other sizes than its value has.`, { at: hash });
  }
  return parts;
}

/** A part of a value, as what names it says. */
export interface ValuePart extends BlobRef {
  /** Whether the value ends with it. */
  readonly isLast: boolean;
}

/** The parts that a part of a value lists: none if it is a piece. A `CorruptionError` if its bytes are not those of that part. */
export function partsOf(part: ValuePart, payload: Uint8Array): ValuePart[] {
  if (part.depth === 0) {
    pieceOf({ ...part, of: 0, start: 0 }, payload);
    return [];
  }
  const total = part.isLast ? part.size : Number.POSITIVE_INFINITY;
  return listed({ ...part, of: 0, start: 0 }, payload, total).map(({ hash, depth, size, start }) => {
    return { hash, depth, size, isLast: start + size === total };
  });
}
