/**
 * What a commit or a tag says about itself: JSON data with one encoding, so that the same info gives the same commit id
 * whatever the order of its fields.
 */
import { describe, equalBytes, fromUtf8, utf8, utf8Length } from "../bytes.ts";
import { CorruptionError } from "../errors.ts";
import { canonicalJson, isPlainObject, type Json } from "./json.ts";

/** What a commit or a tag says about itself: JSON data under names, up to 1 MiB of JSON, and 100 levels. */
export type Info = { readonly [key: string]: Json };

/** How deeply info may be nested. */
const MAX_DEPTH = 100;
/** How long its encoding may be, in bytes. */
const MAX_BYTES = 1024 * 1024;

/** The canonical encoding of `info`. A `TypeError` for anything that is no JSON object, a `RangeError` for one nested more than 100 levels deep or longer than 1 MiB. */
export function encodeInfo(info: Info): Uint8Array {
  return utf8(canonicalText(info));
}

function canonicalText(info: Info): string {
  if (!isPlainObject(info)) throw new TypeError(`info must be a plain object, not ${describe(info)}.`);
  const text = canonicalJson(info, "info", MAX_DEPTH);
  if (utf8Length(text) > MAX_BYTES) throw new RangeError(`info is longer than ${MAX_BYTES} bytes.`);
  return text;
}

/** A frozen copy of `info`, checked as by `encodeInfo`. */
export function checkInfo(info: Info | undefined): Info | undefined {
  return info === undefined ? undefined : frozen(JSON.parse(canonicalText(info)) as Info);
}

/** Reads what `encodeInfo` wrote; frozen. A `CorruptionError` for anything else, another encoding of the same data included. */
export function decodeInfo(bytes: Uint8Array): Info {
  if (bytes.length > MAX_BYTES) throw new CorruptionError("Stored info is too long.");
  let info: Info;
  try {
    info = JSON.parse(fromUtf8(bytes)) as Info;
    if (!equalBytes(encodeInfo(info), bytes)) throw new TypeError("It is not in its canonical form.");
  } catch (cause) {
    throw new CorruptionError("Stored info is not as it was written.", { cause });
  }
  return frozen(info);
}

/** Freezes data that is known to be no deeper than info may be. */
function frozen<T extends Json>(data: T): T {
  if (typeof data === "object" && data !== null) Object.values(data).forEach(frozen);
  return Object.freeze(data);
}
