/** Runs a task in a process of its own, and reads its result. */
import { spawn } from "node:child_process";
import { command } from "./systems.mjs";

/** How long one run may take. */
const LIMIT = 30 * 60 * 1000;

/** The result that the process printed in its last line, and how long it took in seconds. */
export function runTask(system, task) {
  const start = performance.now();
  return new Promise((resolve) => {
    const [file, args] = command(system, task);
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      errors += data;
    });
    child.on("error", (error) => resolve({ missing: error.message, seconds: 0 }));
    child.on("close", (status) => {
      const seconds = (performance.now() - start) / 1000;
      try {
        resolve({ ...JSON.parse(output.trimEnd().split("\n").at(-1)), errors, seconds });
      } catch {
        resolve({ error: `ended with ${status}: ${errors.slice(-1000)}`, seconds });
      }
    });
  });
}
