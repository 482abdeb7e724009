/** Writers, collectors and cuts at once, in an order that a seed decides; see `run.ts`. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { patched } from "./bundle.ts";
import { MUTANTS } from "./mutants.ts";
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

it.each(Object.entries(MUTANTS))("the rule is still there that is removed to show: %s", async (_, { patches }) => {
  for (const { file } of patches) {
    const source = await readFile(new URL(`../../src/${file}`, import.meta.url), "utf8");
    expect(patched(source, file, patches)).not.toBe(source);
  }
});
