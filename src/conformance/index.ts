/**
 * The tests that every `KVStore` must pass, as data: run them in any test runner.
 *
 * @example
 * for (const test of conformance) {
 *   it.skipIf(!canRun(test, factory))(`${test.topic}: ${test.name}`, () => test.run(factory));
 * }
 */
import { basic } from "./basic.ts";
import { batch } from "./batch.ts";
import { values } from "./bytes.ts";
import { cas } from "./cas.ts";
import type { ConformanceCase } from "./case.ts";
import { input } from "./input.ts";
import { keys } from "./keys.ts";
import { lifecycle } from "./lifecycle.ts";
import { races } from "./races.ts";

export { type ConformanceCase, canRun, type Need, type StoreFactory } from "./case.ts";

/** Every case. */
export const conformance: readonly ConformanceCase[] = [
  ...basic,
  ...input,
  ...batch,
  ...values,
  ...cas,
  ...keys,
  ...races,
  ...lifecycle,
];
