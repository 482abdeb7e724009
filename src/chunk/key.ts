/**
 * Under which key of the store a chunk lies: a letter for its kind, then its hash in base64url, which is 21 bytes
 * shorter than in hexadecimal and needs no escaping on any engine.
 */
import { CHUNK_PREFIXES } from "../kv/chunk-keys.ts";
import type { Hash } from "./hash.ts";

/** Commits have keys of their own, so that they can be listed; `node` is everything else: nodes and pieces of values. */
export type ChunkKind = "commit" | "node";

const PREFIX: Record<ChunkKind, string> = CHUNK_PREFIXES;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const UNITS = /* @__PURE__ */ Array.from(DIGITS, (digit) => digit.charCodeAt(0));
/** The units of the key that is being made. */
const made: number[] = [];

/** The store key of a chunk. */
export function chunkKey(kind: ChunkKind, hash: Hash): string {
  return keyOf(PREFIX[kind], hash);
}

/** The prefix that the store keys of all chunks share whose hash begins with `hex`; they may also be others'. */
export function chunkKeyPrefix(kind: ChunkKind, hex = ""): string {
  const whole = hex.slice(0, Math.floor(hex.length / 3) * 3);
  return keyOf(PREFIX[kind], whole);
}

/** The hash that a store key of that kind names; `undefined` if it is none. */
export function hashOfChunkKey(kind: ChunkKind, key: string): Hash | undefined {
  const prefix = PREFIX[kind];
  if (key.length !== prefix.length + 43 || !key.startsWith(prefix)) return undefined;
  let hex = "";
  for (let i = prefix.length; i < key.length - 1; i += 2) {
    const high = DIGITS.indexOf(key.charAt(i));
    const low = DIGITS.indexOf(key.charAt(i + 1));
    if (high < 0 || low < 0) return undefined;
    hex += ((high << 6) | low).toString(16).padStart(3, "0");
  }
  const last = DIGITS.indexOf(key.charAt(key.length - 1));
  if (last < 0 || (last & 3) !== 0) return undefined;
  return (hex + (last >> 2).toString(16)) as Hash;
}

/** A prefix, and a hash or its beginning in base64url. (In one go: text that is put together from parts takes twice the time.) */
function keyOf(prefix: string, hex: string): string {
  let at = 0;
  for (; at < prefix.length; at++) made[at] = prefix.charCodeAt(at);
  let i = 0;
  // Three hexadecimal digits are twelve bits are two digits of base64url.
  for (; i + 3 <= hex.length; i += 3) {
    const bits = (digit(hex, i) << 8) | (digit(hex, i + 1) << 4) | digit(hex, i + 2);
    made[at++] = UNITS[bits >> 6] ?? 0;
    made[at++] = UNITS[bits & 63] ?? 0;
  }
  if (i < hex.length) made[at++] = UNITS[digit(hex, i) << 2] ?? 0;
  made.length = at;
  return String.fromCharCode.apply(null, made);
}

function digit(hex: string, at: number): number {
  const code = hex.charCodeAt(at);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
