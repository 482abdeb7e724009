/** The processes of a run: who begins, and who comes after one that died. */
import type { Process } from "./scheduler.ts";
import { SimulatedStore } from "./simulated-store.ts";
import type { World } from "./world.ts";
import { Writer } from "./writer.ts";

/** How many processes that died are followed by new ones. */
const MOST_SUCCESSORS = 3;
/** How many steps a collector waits for at most before it begins. */
const LONGEST_WAIT = 60;

/** Lets the processes begin. */
export function startProcesses(world: World): void {
  const { scheduler } = world;
  let successors = 0;
  for (let i = 0; i < scheduler.profile.writers; i++) startWriter(world);
  for (let i = 0; i < scheduler.profile.collectors; i++) startCollector(world);
  scheduler.onCrash = (process) => {
    if (successors++ >= MOST_SUCCESSORS) return;
    if (process.kind === "writer") startWriter(world);
    else startCollector(world);
  };
}

function startWriter(world: World): void {
  const process = world.scheduler.spawn("writer");
  const store = new SimulatedStore(world.shared, process);
  const { tasks, sharing } = world.scheduler.profile;
  const shared = new Writer(world, process, store, 0);
  for (let i = 0; i < tasks; i++) {
    const writer = sharing ? shared : new Writer(world, process, store, i);
    start(world, process, () => writer.run());
  }
}

function startCollector(world: World): void {
  const process = world.scheduler.spawn("collector");
  const store = new SimulatedStore(world.shared, process);
  start(world, process, async () => {
    for (let i = 0; i < world.scheduler.profile.collections; i++) {
      for (let wait = world.random.below(LONGEST_WAIT); wait > 0; wait--) await store.idle();
      await world.collect(process, store);
    }
  });
}

function start({ scheduler }: World, process: Process, work: () => Promise<void>): void {
  scheduler.start({ process, action: undefined }, work).catch((error: unknown) => {
    scheduler.fail(`the simulation itself failed: ${error instanceof Error ? error.stack : String(error)}`);
  });
}
