/**
 * Shows that the simulation finds what it is there to find: each rule of the protocol is removed from the sources in turn,
 * and some seed must then fail that passes on the sources as they are.
 */
import { describe, expect, it } from "vitest";
import { hunt } from "./hunt.ts";
import { MUTANTS } from "./mutants.ts";
import { simulate } from "./run.ts";

/** How many seeds a mutant must not survive. */
const BUDGET = 3000;

describe("a protocol without one of its rules is found:", () => {
  it.each(Object.entries(MUTANTS))("%s", async (_, { sort, patches }) => {
    const { failures } = await hunt({ from: 1, count: BUDGET, failures: 1, sort }, patches);
    expect(failures).toHaveLength(1);
    for (const { seed } of failures) expect((await simulate(seed, { sort })).violation).toBeUndefined();
  });
});
