import { describe } from "../bytes.ts";
import { InvalidKeyError } from "../errors.ts";
import { checkFlag, checkOptions } from "../options.ts";
import { compareKeys, keyBytes, prefixEnd } from "../tree/key-bytes.ts";
import { keyAfter, type Range } from "../tree/scan.ts";
import type { KeyRange } from "./types.ts";

/** A checked range. */
export interface ParsedRange {
  readonly range: Range;
  readonly reverse: boolean;
  readonly limit: number;
}

/** Checks a range, and turns its bounds into bytes. `TypeError`, `RangeError` (of the limit) or `InvalidKeyError` for what is none. */
export function parseRange(range: KeyRange = {}): ParsedRange {
  checkOptions(range, "a scan", ["prefix", "gte", "gt", "lt", "lte", "reverse", "limit"]);
  const reverse = checkFlag(range.reverse, "reverse", false);
  const prefix = bound("prefix", range.prefix);
  const gt = bound("gt", range.gt);
  const lte = bound("lte", range.lte);
  const starts = [prefix, bound("gte", range.gte), gt && keyAfter(gt)];
  const ends = [prefix && prefixEnd(prefix), bound("lt", range.lt), lte && keyAfter(lte)];
  return {
    range: { start: pick(starts, 1), end: pick(ends, -1) },
    reverse,
    limit: parseLimit(range.limit),
  };
}

/** Checks a limit; a `RangeError` for what is no whole number from 0 on. */
export function parseLimit(limit: number | undefined): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  if (typeof limit !== "number") throw new TypeError(`limit must be a number, not ${describe(limit)}.`);
  if (limit !== Number.POSITIVE_INFINITY && (!Number.isInteger(limit) || limit < 0)) {
    throw new RangeError(`limit must be a whole number from 0 on, not ${limit}.`);
  }
  return limit;
}

function bound(name: string, text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (typeof text !== "string") throw new TypeError(`${name} must be a string, not ${describe(text)}.`);
  if (!text.isWellFormed()) throw new InvalidKeyError(text, "it has a lone surrogate");
  return keyBytes(text);
}

/** The largest (1) or smallest (-1) of some bounds. */
function pick(bounds: readonly (Uint8Array | undefined)[], sign: 1 | -1): Uint8Array | undefined {
  let picked: Uint8Array | undefined;
  for (const each of bounds) {
    if (each !== undefined && (picked === undefined || sign * compareKeys(each, picked) > 0)) picked = each;
  }
  return picked;
}
