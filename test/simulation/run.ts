/** One run: everything it does follows from its seed. */
import { Audit } from "./audit.ts";
import { endCheck } from "./end-check.ts";
import type { Figures } from "./figures.ts";
import { startProcesses } from "./processes.ts";
import { drawProfile, type Profile } from "./profile.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import { Shared } from "./simulated-store.ts";
import { withVirtualGlobals } from "./virtual-globals.ts";
import { World } from "./world.ts";

/** What came of a run. */
export interface Run {
  readonly seed: number;
  readonly profile: Profile;
  readonly figures: Figures;
  /** What was found to be wrong. */
  readonly violation: string | undefined;
  /** All that happened, if it was asked for. */
  readonly trace: readonly string[];
}

/** How to run a seed. */
export interface RunOptions {
  /** The sort of the run; else the seed chooses it. */
  readonly sort?: string | undefined;
  /** Whether to say all that happened. */
  readonly traced?: boolean;
}

/** Runs a seed. */
export async function simulate(seed: number, options: RunOptions = {}): Promise<Run> {
  const random = new Random(seed);
  const profile = drawProfile(random, options.sort);
  const scheduler = new Scheduler(random.fork(), profile, options.traced === true);
  const values = new Map<string, Uint8Array>();
  const audit = new Audit(scheduler, values);
  const world = new World(new Shared(scheduler, audit, values), random.fork());
  await withVirtualGlobals(scheduler, random.fork(), async () => {
    startProcesses(world);
    await scheduler.run();
  });
  if (scheduler.violation === undefined) await endCheck(world);
  const { failed, late, crashes } = scheduler.faults;
  const { removed, stored } = audit;
  const steps = scheduler.count;
  const figures = { ...world.figures, seeds: 1, steps, failures: failed, late, crashes, removed, ...stored };
  return { seed, profile, figures, violation: scheduler.violation, trace: scheduler.trace ?? [] };
}
