/** JSON data with one encoding, so that equal data has equal bytes: fields in code-point order, no spaces. */
import { describe } from "../bytes.ts";
import { compareText } from "../tree/key-bytes.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The canonical text of JSON data.
 *
 * @param what names the data in messages
 * @param maxDepth how many levels it may be nested
 * @throws TypeError for anything that JSON cannot hold as it is, and for data that contains itself; RangeError if nested too deeply
 */
export function canonicalJson(value: unknown, what: string, maxDepth: number): string {
  const above = new Set<object>();
  const write = (item: unknown): string => {
    if (item === null || typeof item === "boolean") return String(item);
    if (typeof item === "string") {
      if (!item.isWellFormed()) throw new TypeError(`A string in ${what} has a lone surrogate.`);
      return JSON.stringify(item);
    }
    if (typeof item === "number") {
      if (!Number.isFinite(item)) throw new TypeError(`${what} cannot hold ${item}: JSON has no such number.`);
      return JSON.stringify(item);
    }
    if (!Array.isArray(item) && !isPlainObject(item)) {
      throw new TypeError(`${what} cannot hold ${describe(item)}: only JSON values.`);
    }
    if (above.has(item)) throw new TypeError(`${what} contains itself.`);
    if (above.size >= maxDepth) throw new RangeError(`${what} is nested more than ${maxDepth} levels deep.`);
    above.add(item);
    const text = Array.isArray(item)
      ? `[${Array.from(item, write).join(",")}]`
      : `{${Object.entries(item)
          .sort(([a], [b]) => compareText(a, b))
          .map(([name, field]) => `${write(name)}:${write(field)}`)
          .join(",")}}`;
    above.delete(item);
    return text;
  };
  return write(value);
}

/** Whether `value` is an object of no class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
