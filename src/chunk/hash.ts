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

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Reads the 32 bytes of a hash at `offset`. */
export function readHash(bytes: Uint8Array, offset: number): Hash {
  let hex = "";
  for (let i = offset; i < offset + HASH_BYTES; i++) hex += HEX[bytes[i] ?? 0];
  return hex as Hash;
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
