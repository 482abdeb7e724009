import { sha256Hex } from "#sha256";

declare const brand: unique symbol;

/** The SHA-256 of a chunk's payload, as 64 lower-case hexadecimal digits: its name. */
export type Hash = string & { readonly [brand]: "Hash" };

/** How many bytes a hash takes inside a chunk. */
export const HASH_BYTES = 32;

/** The hash of `payload`. */
export function hashOf(payload: Uint8Array): Hash {
  return sha256Hex(payload) as Hash;
}

/** Whether `text` has the form of a hash. */
export function isHash(text: string): text is Hash {
  return /^[0-9a-f]{64}$/.test(text);
}

const DIGITS = /* @__PURE__ */ Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
/** The digits of the hash that is being read. */
const digits: number[] = /* @__PURE__ */ Array.from({ length: 2 * HASH_BYTES }, () => 0);

/** Reads the 32 bytes of a hash at `offset`. (In one go: a string that was put together from parts takes ten times the memory.) */
export function readHash(bytes: Uint8Array, offset: number): Hash {
  for (let i = 0; i < HASH_BYTES; i++) {
    const byte = bytes[offset + i] ?? 0;
    digits[2 * i] = DIGITS[byte >> 4] ?? 0;
    digits[2 * i + 1] = DIGITS[byte & 15] ?? 0;
  }
  return String.fromCharCode.apply(null, digits) as Hash;
}

/** Writes the 32 bytes of `hash` at `offset`. */
export function writeHash(hash: Hash, bytes: Uint8Array, offset: number): void {
  for (let i = 0; i < HASH_BYTES; i++) {
    bytes[offset + i] = (hexDigit(hash.charCodeAt(2 * i)) << 4) | hexDigit(hash.charCodeAt(2 * i + 1));
  }
}

function hexDigit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
