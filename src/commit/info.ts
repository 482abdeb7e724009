/**
 * What a commit or a tag says about itself: JSON data with one encoding, so that the same info gives the same commit id
 * whatever the order of its fields.
 */
import { describe, fromUtf8, utf8 } from "../bytes.ts";
import { CorruptionError } from "../errors.ts";
import { canonicalJson, isPlainObject, type Json } from "./json.ts";

/** JSON data under names. */
export type Info = { readonly [key: string]: Json };

/** How deeply info may be nested. */
const MAX_DEPTH = 100;
/** How long its encoding may be, in bytes. */
const MAX_BYTES = 1024 * 1024;

/** The canonical encoding of `info`. A `TypeError` for anything that is no JSON object, a `RangeError` for one nested more than 100 levels deep or longer than 1 MiB. */
export function encodeInfo(info: Info): Uint8Array {
  if (!isPlainObject(info)) throw new TypeError(`info must be a plain object, not ${describe(info)}.`);
  const bytes = utf8(canonicalJson(info, "info", MAX_DEPTH));
  if (bytes.length > MAX_BYTES) throw new RangeError(`info is longer than ${MAX_BYTES} bytes.`);
  return bytes;
}

/** A frozen copy of `info`, checked as by `encodeInfo`. */
export function checkInfo(info: Info | undefined): Info | undefined {
  return info === undefined ? undefined : decodeInfo(encodeInfo(info));
}

/** Reads what `encodeInfo` wrote; frozen. A `CorruptionError` for what is no JSON object. */
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
