import { describe } from "../bytes.ts";
import type { ContentType } from "../versioned/content-type.ts";

/**
 * Any bytes, of which a merge takes *theirs*: what HEAD has in `merge`, what the source has in `mergeFrom`. If they
 * removed the key, it is removed.
 *
 * Its `encode` and `decode` throw a `TypeError` for what is no `Uint8Array`.
 *
 * @example
 * import { lastWriterWins } from "vkv";
 *
 * await lastWriterWins().merge(undefined, new Uint8Array([1]), new Uint8Array([2])); // → new Uint8Array([2])
 */
export function lastWriterWins(): ContentType<Uint8Array> {
  return { encode: checked, decode: checked, merge: (_old, _ours, theirs) => theirs };
}

function checked(value: Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`The value must be a Uint8Array, not ${describe(value)}.`);
}
