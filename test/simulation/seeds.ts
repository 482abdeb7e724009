/** Runs seeds in this process, for tests. */
import { propertyOptions } from "../support/seed.ts";
import { simulate } from "./run.ts";

/** Runs `count` seeds from one on, or the one of `VKV_SEED`; throws at the first in which something is wrong. */
export async function runSeeds(from: number, count: number): Promise<void> {
  const { numRuns, seed } = propertyOptions({ numRuns: count });
  const first = seed ?? from;
  const end = first + (seed === undefined ? numRuns : 1);
  for (let at = first; at < end; at++) {
    const { violation, profile } = await simulate(at);
    if (violation === undefined) continue;
    throw new Error(
      `Seed ${at} (${profile.name}): ${violation}\nnpm run simulate -- --seed ${at} --trace shows all that happened.`,
    );
  }
}
