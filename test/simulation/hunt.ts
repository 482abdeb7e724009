/** Runs seeds in a worker of its own. */
import { Worker } from "node:worker_threads";
import { bundle, type Patch } from "./bundle.ts";
import type { Found, Task } from "./worker.ts";

/** Runs seeds on the sources, changed or as they are. */
export async function hunt(task: Task, patches: readonly Patch[] = []): Promise<Found> {
  const program = Buffer.from(await bundle(patches)).toString("base64");
  const worker = new Worker(new URL(`data:text/javascript;base64,${program}`), { workerData: task });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`The worker ended with code ${code}.`)));
  });
}
