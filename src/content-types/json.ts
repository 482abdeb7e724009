import { describe, equalBytes, fromUtf8, utf8 } from "../bytes.ts";
import { canonicalJson, type Json } from "../commit/json.ts";
import type { Awaitable } from "../kv/store.ts";
import { checkOptions } from "../options.ts";
import type { ContentType } from "../versioned/content-type.ts";
import { checkSchema, type StandardSchema, validated } from "./standard-schema.ts";

/** What JSON values of a key are like. */
export interface JsonOptions<T> {
  /**
   * What a value that both sides changed becomes, also when they changed it alike; `undefined` in: absent or removed,
   * out: remove the key. Without it equal values are taken, and different ones are a conflict.
   */
  readonly merge?: (old: T | undefined, ours: T | undefined, theirs: T | undefined) => Awaitable<T | undefined>;
  /** Any Standard Schema that answers synchronously. Values are what it makes of them, when written and when read. */
  readonly schema?: StandardSchema<T>;
}

/** How deeply a value may be nested. */
export const MAX_DEPTH = 1000;

/**
 * JSON values. Equal values have equal bytes: fields are written in code-point order.
 *
 * Its `encode` throws a `TypeError` for what JSON cannot hold as it is (`undefined`, `NaN`, dates, bigints, lone
 * surrogates, data that contains itself), and a `RangeError` for more than 1,000 levels; its `decode` throws a `TypeError`
 * for bytes that are no JSON; both throw a `TypeError` for what does not fit the schema. In a merge of commits that makes
 * the key a conflict.
 *
 * @throws TypeError for a `merge` that is no function, a `schema` that is no Standard Schema
 *
 * @example
 * import { json } from "vkv";
 *
 * const settings = json();
 * settings.decode(settings.encode({ theme: "dark" })); // → { theme: "dark" }
 */
export function json<T = Json>(options: JsonOptions<T> = {}): ContentType<T> {
  checkOptions(options, "json");
  const { merge, schema } = options;
  if (merge !== undefined && typeof merge !== "function") {
    throw new TypeError(`merge must be a function, not ${describe(merge)}.`);
  }
  if (schema !== undefined) checkSchema(schema);
  const fitted = (value: unknown): T => (schema === undefined ? (value as T) : validated(schema, value));
  const encode = (value: T): Uint8Array => utf8(canonicalJson(fitted(value), "A JSON value", MAX_DEPTH));

  return {
    encode,
    decode: (bytes) => fitted(parse(bytes)),
    merge:
      merge ??
      ((_old, ours, theirs) => {
        if (ours === undefined && theirs === undefined) return undefined;
        if (ours !== undefined && theirs !== undefined && equalBytes(encode(ours), encode(theirs))) return theirs;
        throw new Error("Both sides changed the JSON value, and its type has no `merge` to decide.");
      }),
  };
}

function parse(bytes: Uint8Array): unknown {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`Stored JSON must be a Uint8Array, not ${describe(bytes)}.`);
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    throw new TypeError(`The stored bytes are no JSON.`, { cause });
  }
}
