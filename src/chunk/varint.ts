/**
 * Unsigned integers of up to 53 bits in base 128, low digits first (LEB128), always in the fewest bytes:
 * a number has one encoding.
 */
import { CorruptionError } from "../errors.ts";

/** How many bytes `value` takes; a `CorruptionError` for more than 53 bits, which only adding to false numbers gives. */
export function varintLength(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER) throw new CorruptionError("A number is too large to be stored.");
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Writes `value` at `offset`; returns the offset after it. */
export function writeVarint(value: number, bytes: Uint8Array, offset: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

/** Reads encoded values one after another, and checks what it reads: a `CorruptionError` for what is no valid encoding. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at === this.end;
  }

  byte(): number {
    if (this.at >= this.end) throw tooShort();
    return this.bytes[this.at++] ?? 0;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      // What `byte` does: a call for each takes longer than all else.
      if (this.at >= this.end) throw tooShort();
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if ((byte === 0 && i > 0) || value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new CorruptionError("A stored number is not in its canonical form.");
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, this.at);
  }

  /** Passes over the next `length` bytes; returns where they begin. */
  skip(length: number): number {
    if (length > this.end - this.at) throw tooShort();
    this.at += length;
    return this.at - length;
  }

  /** Throws unless everything was read. */
  finish(): void {
    if (!this.done) throw new CorruptionError("Stored bytes go on after their end.");
  }
}

function tooShort(): CorruptionError {
  return new CorruptionError("Stored bytes end too early.");
}
