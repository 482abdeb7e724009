import { describe } from "./bytes.ts";

/**
 * Throws a `TypeError` unless the options of a call are an object.
 *
 * @param known the options that there are, for calls of which a misspelt one would not be noticed
 */
export function checkOptions(options: unknown, call: string, known?: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`The options of ${call} must be an object, not ${describe(options)}.`);
  }
  const unknown = known && Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${call} has no option ${JSON.stringify(unknown)}; it has ${known?.join(", ")}.`);
  }
}

/** Throws a `TypeError` unless `signal` is an `AbortSignal`, or not given. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new TypeError(`signal must be an AbortSignal, not ${describe(signal)}.`);
}

/** Throws a `TypeError` unless `onProgress` is a function, or not given. */
export function checkProgress(onProgress: unknown): void {
  if (onProgress === undefined || typeof onProgress === "function") return;
  throw new TypeError(`onProgress must be a function, not ${describe(onProgress)}.`);
}

/** Checks a number of milliseconds: a `TypeError` for what is no number, a `RangeError` below 0. */
export function checkMilliseconds(value: unknown, name: string): void {
  if (typeof value !== "number")
    throw new TypeError(`${name} must be a number of milliseconds, not ${describe(value)}.`);
  if (!(value >= 0)) throw new RangeError(`${name} must be a number of milliseconds from 0 on, not ${value}.`);
}

/** An option that is `true` or `false`, if it is given; a `TypeError` for anything else. */
export function checkFlag(value: boolean | undefined, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") throw new TypeError(`${name} must be a boolean, not ${describe(value)}.`);
  return value;
}
