/**
 * One of several processes that write on one branch of a store on a server until they are told to stop. Each step raises
 * a counter that all share by one, and sets a key of its own. Arguments: where the store is (`Place` as JSON), its name,
 * this writer's name.
 */
import { writeSync } from "node:fs";
import { counter } from "../../../../src/content-types/counter.ts";
import { VkvError } from "../../../../src/errors.ts";
import { Versioned } from "../../../../src/versioned/versioned.ts";
import { connectTo, type Place } from "../open.ts";
import { COUNT, type Told } from "../writers.ts";

const [, , place = "", name = "", writer = ""] = process.argv;
const count = counter();
let stopped = false;
process.once("message", () => {
  stopped = true;
});

function tell(told: Told): void {
  writeSync(1, `${JSON.stringify(told)}\n`);
}

const remote = await connectTo(JSON.parse(place) as Place);
const v = await Versioned.open(await remote.open(name));
v.setContentType(COUNT, count);

async function step(on: Versioned, key: string): Promise<void> {
  const before = await on.get(COUNT);
  const raised = (before === undefined ? 0n : count.decode(before)) + 1n;
  await on.snapshot({ [COUNT]: count.encode(raised), [key]: new Uint8Array(200).fill(7) });
}

/** Drops local work, as soon as the server answers. */
async function reset(): Promise<void> {
  for (;;) {
    try {
      return await v.reset();
    } catch (error) {
      if (!(error instanceof VkvError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

tell({ ready: true });
for (let i = 0; !stopped; i++) {
  const key = `${writer}/${i}`;
  try {
    if (i % 2 === 0) await v.transact((tx) => step(tx, key));
    else {
      await step(v, key);
      await v.merge();
    }
    tell({ done: key });
  } catch (error) {
    // All that a driver may throw is in an error of ours.
    if (!(error instanceof VkvError)) throw error;
    tell({ failed: key, code: error.code });
    await reset();
  }
}
await remote.close();
process.disconnect?.();
