/** Writers, collectors and cuts at once, in an order that a seed decides; see `run.ts`. */
import { expect, it } from "vitest";
import { simulate } from "./run.ts";
import { runSeeds } from "./seeds.ts";

it("nothing is lost, whatever happens in which order", { timeout: 300_000 }, () => runSeeds(1, 300));

it("a seed decides all that happens", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const [first, second] = [await simulate(seed, { traced: true }), await simulate(seed, { traced: true })];
    expect(first.trace.length).toBeGreaterThan(10);
    expect(second).toEqual(first);
  }
});
