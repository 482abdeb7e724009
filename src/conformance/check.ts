import { equalValues } from "../bytes.ts";
import type { KVStore } from "../kv/store.ts";

/** Throws an `Error` with `message` unless `condition` holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Throws unless two values hold the same bytes, or are both `undefined`. */
export function checkBytes(actual: Uint8Array | undefined, expected: Uint8Array | undefined, what: string): void {
  const isValue = actual === undefined || actual instanceof Uint8Array;
  if (isValue && equalValues(actual, expected)) return;
  throw new Error(`${what}: expected ${show(expected)}, got ${isValue ? show(actual) : typeof actual}.`);
}

/** Throws unless two lists have the same strings, in any order. */
export function checkSame(actual: Iterable<string>, expected: Iterable<string>, what: string): void {
  const [found, wanted] = [[...actual], [...expected]];
  const extra = without(found, wanted);
  const missing = without(wanted, found);
  check(missing.length === 0, `${what}: ${list(missing)} missing.`);
  check(extra.length === 0, `${what}: ${list(extra)} too many.`);
}

/** Throws unless the store holds exactly `expected`. */
export async function checkContents(
  store: KVStore,
  expected: ReadonlyMap<string, Uint8Array>,
  what: string,
): Promise<void> {
  const found = new Map<string, Uint8Array>();
  for await (const [key, value] of store.entries()) found.set(key, value);
  checkSame(found.keys(), expected.keys(), `${what}, its keys`);
  for (const [key, value] of expected) checkBytes(found.get(key), value, `${what}, the value of ${name(key)}`);
}

/** What an error must be: a `TypeError` or `RangeError` by its name, others by their `code`. */
export type ErrorKind = "TypeError" | "RangeError" | "VKV_INVALID_KEY" | "VKV_STORE_CLOSED";

/** Throws unless `work` throws, or returns a promise or an iterable that rejects or throws, with an error of that kind. */
export async function checkFails(work: () => unknown, kind: ErrorKind, what: string): Promise<void> {
  let failure: unknown;
  try {
    const result = await work();
    if (isIterable(result)) for await (const _ of result) break;
  } catch (error) {
    failure = error;
  }
  check(failure !== undefined, `${what}: expected ${kind}, but it succeeded.`);
  const isKind = failure instanceof Error && (failure.name === kind || ("code" in failure && failure.code === kind));
  check(isKind, `${what}: expected ${kind}, got ${String(failure)}.`);
}

/** Every key that a listing yields. */
export async function collect(keys: Iterable<string> | AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

/** Bytes from numbers. */
export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** A key for messages, shortened. */
export function name(key: unknown): string {
  if (typeof key !== "string") return String(key);
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

/** Those of `items` beyond what `others` has of them. */
function without(items: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(other, (left.get(other) ?? 0) + 1);
  return items.filter((item) => {
    const count = left.get(item) ?? 0;
    left.set(item, count - 1);
    return count <= 0;
  });
}

function list(keys: readonly string[]): string {
  const shown = keys.slice(0, 3).map(name).join(", ");
  return keys.length > 3 ? `${shown} and ${keys.length - 3} more` : shown;
}

function show(value: Uint8Array | undefined): string {
  if (value === undefined) return "no value";
  return value.length > 16 ? `${value.length} bytes [${value.subarray(0, 16)}, …]` : `[${value}]`;
}
