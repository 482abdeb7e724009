import { InvalidKeyError } from "./errors.ts";

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of UTF-8 `bytes`; a `TypeError` if they are not well-formed. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** How many bytes `text` takes in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit < 0xe000) length += 2;
    else length += 3;
  }
  return length;
}

/** Whether two byte arrays hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** Whether two values hold the same bytes, or are both absent. */
export function equalValues(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return equalBytes(a, b);
}

/** Throws unless `key` is a non-empty, well-formed string of at most `maxBytes` UTF-8 bytes: `TypeError` for what is no string, else `InvalidKeyError`. */
export function checkKey(key: unknown, maxBytes: number): asserts key is string {
  if (typeof key !== "string") throw new TypeError(`A key must be a string, not ${describe(key)}.`);
  if (key.length === 0) throw new InvalidKeyError(key, "it is empty");
  if (key.length * 3 > maxBytes && utf8Length(key) > maxBytes) {
    throw new InvalidKeyError(key, `it is longer than ${maxBytes} bytes`);
  }
  if (!key.isWellFormed()) throw new InvalidKeyError(key, "it has a lone surrogate");
}

/** Throws a `TypeError` unless `value` is a `Uint8Array`. */
export function checkValue(value: unknown, key: string): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`The value of ${JSON.stringify(key)} must be a Uint8Array, not ${describe(value)}.`);
  }
}

/** A few words on what `value` is, for error messages. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return Array.isArray(value) ? "an array" : `a ${value.constructor?.name ?? "null-prototype object"}`;
}
