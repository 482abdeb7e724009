/** The tests that every `KVStore` must pass, as data. */
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

/**
 * Every case, to be run in any test runner.
 *
 * @example
 * import { test } from "node:test";
 * import { Memory } from "vkv";
 * import { canRun, conformance, type StoreFactory } from "vkv/conformance";
 *
 * const factory: StoreFactory = { create: () => new Memory() }; // a store of your own instead
 * for (const each of conformance) {
 *   test(`${each.topic}: ${each.name}`, { skip: !canRun(each, factory) }, () => each.run(factory));
 * }
 */
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
