import { describe } from "../bytes.ts";
import { checkOptions } from "../options.ts";
import type { ContentType } from "../versioned/content-type.ts";

/** How a counter is written. */
export interface CounterOptions {
  /** Which byte comes first: the most significant (`"big"`, the default) or the least (`"little"`). */
  readonly byteOrder?: "big" | "little";
  /** How many bytes it takes: 1 to 64; 8 unless given. */
  readonly byteLength?: number;
}

/** The longest counter, in bytes. */
const MAX_BYTES = 64;

/**
 * A count that both sides of a merge may change: what each added since the base is added up. Written as a signed whole
 * number (two's complement) of a fixed length.
 *
 * In a merge a count that was absent in the base began at 0. A side that removed the count added nothing, so the other
 * side's count is kept as it is; removed by both, it stays removed.
 *
 * Its `encode`, `decode` and `merge` throw a `RangeError` for a count that does not fit, and for bytes of another
 * length; in a merge of commits that makes the key a conflict.
 *
 * @throws TypeError for another byte order; RangeError for a byte length that is no whole number from 1 to 64
 *
 * @example
 * import { counter } from "vkv";
 *
 * const hits = counter();
 * await hits.merge(10n, 13n, 15n); // → 18n
 */
export function counter(options: CounterOptions = {}): ContentType<bigint> {
  checkOptions(options, "counter");
  const { byteOrder = "big", byteLength = 8 } = options;
  if (byteOrder !== "big" && byteOrder !== "little") {
    throw new TypeError(`byteOrder must be "big" or "little", not ${describe(byteOrder)}.`);
  }
  if (!Number.isInteger(byteLength) || byteLength < 1 || byteLength > MAX_BYTES) {
    throw new RangeError(`byteLength must be a whole number from 1 to ${MAX_BYTES}, not ${String(byteLength)}.`);
  }
  const bits = 8 * byteLength;
  const place = (i: number): number => (byteOrder === "big" ? byteLength - 1 - i : i);

  const checked = (value: bigint): bigint => {
    if (typeof value !== "bigint") throw new TypeError(`A counter must be a bigint, not ${describe(value)}.`);
    if (BigInt.asIntN(bits, value) !== value) {
      throw new RangeError(`${value} does not fit into a counter of ${byteLength} bytes.`);
    }
    return value;
  };

  return {
    encode(value) {
      const bytes = new Uint8Array(byteLength);
      let rest = BigInt.asUintN(bits, checked(value));
      for (let i = 0; i < byteLength; i++, rest >>= 8n) bytes[place(i)] = Number(rest & 0xffn);
      return bytes;
    },
    decode(bytes) {
      if (!(bytes instanceof Uint8Array)) throw new TypeError(`A counter is read from bytes, not ${describe(bytes)}.`);
      if (bytes.length !== byteLength) {
        throw new RangeError(`A counter of ${byteLength} bytes cannot be read from ${bytes.length} bytes.`);
      }
      let value = 0n;
      for (let i = byteLength - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[place(i)] ?? 0);
      return BigInt.asIntN(bits, value);
    },
    merge(old, ours, theirs) {
      if (ours === undefined || theirs === undefined) return ours ?? theirs;
      return checked(ours + theirs - (old ?? 0n));
    },
  };
}
