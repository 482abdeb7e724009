import type { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";

/**
 * Runs `work` with a clock, timers and chance that the scheduler drives; for the code of its processes only, so that
 * a test runner beside them keeps its own.
 */
export async function withVirtualGlobals<T>(scheduler: Scheduler, random: Random, work: () => Promise<T>): Promise<T> {
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = Date;
  const { random: chance } = Math;
  const virtual = {
    setTimeout(run: () => void, ms = 0): unknown {
      const process = Scheduler.context?.process;
      return process === undefined ? setTimeout(run, ms) : scheduler.addTimer(process, run, ms);
    },
    clearTimeout(id: never): void {
      if (Scheduler.context === undefined) clearTimeout(id);
      else if (id !== undefined) scheduler.removeTimer(id);
    },
  };
  Object.assign(globalThis, virtual);
  Date.now = () => (Scheduler.context === undefined ? now() : scheduler.now);
  Math.random = () => (Scheduler.context === undefined ? chance() : random.next());
  try {
    return await work();
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = now;
    Math.random = chance;
  }
}
