import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** The SHA-256 of `data`, as 64 lower-case hexadecimal digits. For every platform but Node, whose own is faster. */
export function sha256Hex(data: Uint8Array): string {
  return bytesToHex(sha256(data));
}
