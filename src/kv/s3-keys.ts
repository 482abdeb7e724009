/**
 * The names of objects. Stores and tools on S3 differ in which characters they can bear, in what `..` or `//` means, and
 * some keep objects as files: those hold no `a` beside `a/b`, and no name of more than 255 bytes. So, of the UTF-8 bytes
 * of a key:
 *
 * - letters, digits, `-`, `_`, `.` and `/` stand for themselves; all others, and a `.` or `/` at the beginning of a
 *   segment, are `!` and two hexadecimal digits;
 * - a segment that grows too long is broken by `!-/`;
 * - `!` at the very end ends the name, and tells it from the segments of longer ones.
 *
 * `b/main` is `b/main!`, `a//é` is `a/!2F!C3!A9!`. What is written for a character depends only on what comes before it,
 * so a prefix of a key gives a prefix of the name.
 */
import { utf8 } from "../bytes.ts";

/** A segment is broken where it has reached so many characters. */
const SEGMENT = 200;
const SLASH = 0x2f;

/** The greatest length of a key for which name and prefix together have at most 1,024 characters, as S3 allows. */
export const MAX_KEY_BYTES = 300;
/** The greatest length of a prefix. */
export const MAX_PREFIX = 100;

/** The name of the object that holds a key. */
export function objectName(key: string): string {
  return `${objectPrefix(key)}!`;
}

/** What the names of all keys begin with that begin with `prefix`, and no other names. */
export function objectPrefix(prefix: string): string {
  let name = "";
  let segment = 0;
  for (const byte of utf8(prefix)) {
    if (byte === SLASH && segment > 0) {
      name += "/";
      segment = 0;
      continue;
    }
    const part = isPlain(byte, segment) ? String.fromCharCode(byte) : `!${hex(byte)}`;
    name += part;
    segment += part.length;
    if (segment >= SEGMENT) {
      name += "!-/";
      segment = 0;
    }
  }
  return name;
}

/** The key that the object of this name holds; `undefined` for an object that is none of ours. */
export function keyOf(name: string): string | undefined {
  if (!name.endsWith("!")) return undefined;
  try {
    const key = decodeURIComponent(name.slice(0, -1).replaceAll("!-/", "").replaceAll("!", "%"));
    return key !== "" && objectName(key) === name ? key : undefined;
  } catch {
    return undefined;
  }
}

function isPlain(byte: number, segment: number): boolean {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9_-]/.test(character) || (character === "." && segment > 0);
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}
