/**
 * What a commit or a tag says about itself: JSON data with one encoding, so that the same info gives the same commit id
 * whatever the order of its fields.
 */
import { describe, fromUtf8, utf8 } from "../bytes.ts";
import { CorruptionError } from "../errors.ts";
import { compareText } from "../tree/key-bytes.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** JSON data under names. */
export type Info = { readonly [key: string]: Json };

/** How deeply info may be nested. */
const MAX_DEPTH = 100;
/** How long its encoding may be, in bytes. */
const MAX_BYTES = 1024 * 1024;

/** The canonical encoding of `info`. A `TypeError` for anything that is no JSON object, a `RangeError` for one nested more than 100 levels deep or longer than 1 MiB. */
export function encodeInfo(info: Info): Uint8Array {
  if (!isPlainObject(info)) throw new TypeError(`info must be a plain object, not ${describe(info)}.`);
  const bytes = utf8(canonical(info, 0));
  if (bytes.length > MAX_BYTES) throw new RangeError(`info is longer than ${MAX_BYTES} bytes.`);
  return bytes;
}

/** A frozen copy of `info`, checked as by `encodeInfo`. */
export function checkInfo(info: Info | undefined): Info | undefined {
  return info === undefined ? undefined : decodeInfo(encodeInfo(info));
}

/** Reads what `encodeInfo` wrote; frozen. A `CorruptionError` for anything else. */
export function decodeInfo(bytes: Uint8Array): Info {
  let info: unknown;
  try {
    info = JSON.parse(fromUtf8(bytes), (_, value: unknown) => Object.freeze(value));
  } catch (cause) {
    throw new CorruptionError("Stored info is no JSON.", { cause });
  }
  if (!isPlainObject(info)) throw new CorruptionError("Stored info is no object.");
  return info as Info;
}

function canonical(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`info is nested more than ${MAX_DEPTH} levels deep.`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("A string in info has a lone surrogate.");
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`info cannot hold ${value}: JSON has no such number.`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item) => canonical(item, depth + 1)).join(",")}]`;
  }
  if (isPlainObject(value)) {
    const fields = Object.entries(value).sort(([a], [b]) => compareText(a, b));
    return `{${fields.map(([name, item]) => `${canonical(name, depth)}:${canonical(item, depth + 1)}`).join(",")}}`;
  }
  throw new TypeError(`info cannot hold ${describe(value)}: only JSON values.`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
