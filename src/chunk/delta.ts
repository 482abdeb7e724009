/**
 * A chunk's payload as what differs from that of another one, its base: copies of stretches of the base, in their order,
 * and new bytes between them. Repeated to the end:
 *
 * ```
 * new     varint, then so many bytes
 * skipped varint   bytes of the base that are passed over
 * copied  varint   bytes of the base that follow
 * ```
 *
 * The payload is checked by its hash, as any other.
 */
import { CorruptionError } from "../errors.ts";
import { ByteReader, varintLength, writeVarint } from "./varint.ts";

/** The largest payload that a delta may give, in bytes: far more than any node has. */
const MAX_PAYLOAD = 16 * 2 ** 20;
/** Stretches of so many bytes are not divided: saying so takes as many. */
const SHORT = 4;

/** Bytes of the new payload, and the stretch of the base that follows them. */
interface Step {
  readonly start: number;
  end: number;
  copyStart: number;
  copyEnd: number;
}

/** Puts a delta together, from the start of the new payload to its end. */
export class DeltaWriter {
  readonly #base: Uint8Array;
  readonly #payload: Uint8Array;
  readonly #steps: Step[] = [];

  constructor(base: Uint8Array, payload: Uint8Array) {
    this.#base = base;
    this.#payload = payload;
  }

  /**
   * Adds the next stretch of the payload, as what differs from a stretch of the base: a common beginning and a common end are copied.
   * Stretches of the base must not go back.
   */
  add(start: number, end: number, baseStart: number, baseEnd: number): void {
    const base = this.#base;
    const payload = this.#payload;
    const most = Math.min(end - start, baseEnd - baseStart);
    let head = 0;
    while (head < most && payload[start + head] === base[baseStart + head]) head++;
    if (head < most && most <= SHORT) {
      this.insert(start, end);
      return;
    }
    let tail = 0;
    while (tail < most - head && payload[end - 1 - tail] === base[baseEnd - 1 - tail]) tail++;
    this.#copy(baseStart, baseStart + head);
    this.insert(start + head, end - tail);
    this.#copy(baseEnd - tail, baseEnd);
  }

  /** Adds the next stretch of the payload as it is. */
  insert(start: number, end: number): void {
    if (start === end) return;
    const last = this.#steps.at(-1);
    if (last !== undefined && last.copyStart === last.copyEnd) last.end = end;
    else this.#steps.push({ start, end, copyStart: 0, copyEnd: 0 });
  }

  #copy(start: number, end: number): void {
    if (start === end) return;
    const last = this.#steps.at(-1);
    if (last !== undefined && last.copyStart < last.copyEnd && last.copyEnd === start) {
      last.copyEnd = end;
    } else if (last !== undefined && last.copyStart === last.copyEnd) {
      last.copyStart = start;
      last.copyEnd = end;
    } else {
      this.#steps.push({ start: 0, end: 0, copyStart: start, copyEnd: end });
    }
  }

  /** The delta. */
  finish(): Uint8Array {
    let length = 0;
    let at = 0;
    for (const { start, end, copyStart, copyEnd } of this.#steps) {
      const skipped = copyEnd === copyStart ? 0 : copyStart - at;
      length += varintLength(end - start) + end - start + varintLength(skipped) + varintLength(copyEnd - copyStart);
      at += skipped + copyEnd - copyStart;
    }
    const delta = new Uint8Array(length);
    let offset = 0;
    at = 0;
    for (const { start, end, copyStart, copyEnd } of this.#steps) {
      offset = writeVarint(end - start, delta, offset);
      if (start < end) delta.set(this.#payload.subarray(start, end), offset);
      const skipped = copyEnd === copyStart ? 0 : copyStart - at;
      offset = writeVarint(skipped, delta, offset + end - start);
      offset = writeVarint(copyEnd - copyStart, delta, offset);
      at += skipped + copyEnd - copyStart;
    }
    return delta;
  }
}

/** How many bytes a delta makes of its base; a `CorruptionError` for bytes that are none for it. */
function lengthAfter(base: Uint8Array, delta: Uint8Array): number {
  const reader = new ByteReader(delta);
  let length = 0;
  let at = 0;
  while (!reader.done) {
    const fresh = reader.varint();
    reader.skip(fresh);
    at += reader.varint();
    const copied = reader.varint();
    at += copied;
    length += fresh + copied;
    if (at > base.length) throw new CorruptionError("A stored delta copies more than its base has.");
    if (length > MAX_PAYLOAD) throw new CorruptionError("A stored delta gives too many bytes.");
  }
  return length;
}

/** The payload that a delta makes of its base; a `CorruptionError` for bytes that are none for it. */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array {
  const payload = new Uint8Array(lengthAfter(base, delta));
  const reader = new ByteReader(delta);
  let offset = 0;
  let at = 0;
  while (!reader.done) {
    const fresh = reader.varint();
    if (fresh > 0) payload.set(reader.take(fresh), offset);
    offset += fresh;
    at += reader.varint();
    const copied = reader.varint();
    if (copied > 0) payload.set(base.subarray(at, at + copied), offset);
    offset += copied;
    at += copied;
  }
  return payload;
}
