/**
 * Keys and values of model runs. In the model a value is a token, a short name; in the store it is bytes that begin with
 * the token. What a token looks like says how large its value is.
 */
import assert from "node:assert/strict";
import { equalBytes, fromUtf8, utf8 } from "../../src/bytes.ts";

/** The name of a value; `undefined`: no value. */
export type Token = string | undefined;

/** Value sizes by the token's first letter; `e` is the empty value. */
const SIZES: Record<string, number> = { s: 10, m: 600, l: 200_000 };
const known: Map<string, Uint8Array> = new Map();

/** The bytes of a value. */
export function bytesOf(token: string): Uint8Array {
  const cached = known.get(token);
  if (cached !== undefined) return cached;
  const bytes = make(token);
  if (known.size > 2000) known.clear();
  known.set(token, bytes);
  return bytes;
}

function make(token: string): Uint8Array {
  if (token === "e") return new Uint8Array(0);
  const name = utf8(`${token}\n`);
  const bytes = new Uint8Array(Math.max(name.length, SIZES[token.charAt(0)] ?? 0));
  let state = 1;
  for (const byte of name) state = Math.imul(state ^ byte, 0x01000193);
  for (let i = 0; i < bytes.length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    bytes[i] = state >>> 24;
  }
  bytes.set(name);
  return bytes;
}

/** The value that bytes are. */
export function tokenOf(bytes: Uint8Array): string;
export function tokenOf(bytes: Uint8Array | undefined): Token;
export function tokenOf(bytes: Uint8Array | undefined): Token {
  if (bytes === undefined) return undefined;
  if (bytes.length === 0) return "e";
  const token = fromUtf8(bytes.subarray(0, bytes.indexOf(10)));
  assert(equalBytes(bytes, bytesOf(token)), `value ${token} is damaged`);
  return token;
}

/** Which keys a run uses. */
export type Universe = "few" | "many" | "odd";

const ODD = [
  "__proto__",
  "constructor",
  "a",
  "a/",
  "a/b",
  "a/b/__c",
  "a\u0000",
  "\u0000",
  " ",
  "%2f",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "😀",
  "😀😀",
  "\u{10ffff}",
  "é",
  "e\u0301",
  "k".repeat(4096),
  `${"k".repeat(4095)}l`,
];

/** A key of the universe. */
export function keyOf(universe: Universe, index: number): string {
  if (universe === "few") return `k${index % 7}`;
  if (universe === "odd") return ODD[index % ODD.length] ?? "a";
  return `user/${String(index % 600).padStart(4, "0")}/${index % 3 === 0 ? "profile" : "x"}`;
}
