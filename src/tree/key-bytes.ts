/**
 * Keys inside the tree are UTF-8 bytes, whose order is the order of code points on every platform.
 */

import { fromUtf8 } from "../bytes.ts";
import { CorruptionError } from "../errors.ts";

/** The longest user key, in UTF-8 bytes. */
export const MAX_KEY_BYTES = 4096;

/** Writes the UTF-8 bytes of a well-formed `text` at `offset`, where there is room for three bytes a unit; returns the offset after them. */
export function writeUtf8(text: string, target: Uint8Array, offset: number): number {
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      target[at++] = code;
    } else if (code < 0x800) {
      target[at++] = 0xc0 | (code >> 6);
      target[at++] = 0x80 | (code & 0x3f);
    } else if (code < 0xd800 || code > 0xdbff) {
      target[at++] = 0xe0 | (code >> 12);
      target[at++] = 0x80 | ((code >> 6) & 0x3f);
      target[at++] = 0x80 | (code & 0x3f);
    } else {
      code = 0x10000 + ((code - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
      target[at++] = 0xf0 | (code >> 18);
      target[at++] = 0x80 | ((code >> 12) & 0x3f);
      target[at++] = 0x80 | ((code >> 6) & 0x3f);
      target[at++] = 0x80 | (code & 0x3f);
    }
  }
  return at;
}

/** Where keys that are looked up lie meanwhile: an array of their own would cost more than the look-up. */
export const LOOKED_UP: Uint8Array = /* @__PURE__ */ new Uint8Array(3 * MAX_KEY_BYTES);

/** The UTF-8 bytes of a key. */
export function keyBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length * 3);
  return bytes.subarray(0, writeUtf8(key, bytes, 0));
}

/** The key that `bytes` hold; a `CorruptionError` if they are no UTF-8. */
export function keyText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new CorruptionError("A stored key is not well-formed.", { cause });
  }
}

/**
 * Puts the keys that end in `bytes` at the first `count` of `ends` into `texts`, from the index `at` on. To decode them together and cut the text takes
 * 25 ns a key, to decode each 100; a key then holds the text of all, so that they should be few.
 */
export function putKeyTexts(
  bytes: Uint8Array,
  ends: readonly number[],
  count: number,
  texts: string[],
  at: number,
): void {
  const text = keyText(bytes);
  const isAscii = text.length === bytes.length;
  let start = 0;
  for (let i = 0; i < count; i++) {
    const end = ends[i] ?? 0;
    texts[at + i] = isAscii ? text.substring(start, end) : keyText(bytes.subarray(start, end));
    start = end;
  }
}

/** The order of two keys: negative, zero or positive. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = (a[i] ?? 0) - (b[i] ?? 0);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** The order of two strings by code point, which is the order of their UTF-8 bytes; `<` orders by UTF-16 unit. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      const surrogateX = x >= 0xd800 && x < 0xe000;
      const surrogateY = y >= 0xd800 && y < 0xe000;
      return surrogateX === surrogateY ? x - y : surrogateX ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/** The first key after every key that begins with `prefix`; `undefined` if there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1] ?? 0;
    if (last < 0xff) {
      const end = prefix.slice(0, length);
      end[length - 1] = last + 1;
      return end;
    }
  }
  return undefined;
}
