import { describe } from "./bytes.ts";

/** Throws a `TypeError` unless the options of a call are an object. */
export function checkOptions(options: unknown, call: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`The options of ${call} must be an object, not ${describe(options)}.`);
  }
}

/** An option that is `true` or `false`, if it is given; a `TypeError` for anything else. */
export function checkFlag(value: boolean | undefined, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") throw new TypeError(`${name} must be a boolean, not ${describe(value)}.`);
  return value;
}
