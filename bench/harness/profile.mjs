/** A CPU profile of the timed part of a workload: a file for a viewer, and the functions that took longest, printed. */
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { basename } from "node:path";

const SHOWN = 20;

export class Profile {
  #session = new Session();
  #file;

  constructor(file) {
    this.#file = file;
  }

  async start() {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", { interval: 200 });
    await this.#session.post("Profiler.start");
  }

  async stop() {
    const { profile } = await this.#session.post("Profiler.stop");
    writeFileSync(this.#file, JSON.stringify(profile));
    console.error(selfTimes(profile).join("\n"));
  }
}

/** One line for each of the functions in which most of the samples fell. */
function selfTimes({ nodes, samples }) {
  const byNode = new Map();
  for (const id of samples) byNode.set(id, (byNode.get(id) ?? 0) + 1);
  const byFunction = new Map();
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const place = url === "" ? "" : ` ${basename(url)}:${lineNumber + 1}`;
    const name = `${functionName === "" ? "(anonymous)" : functionName}${place}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + (byNode.get(id) ?? 0));
  }
  return [...byFunction]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, count]) => `${((100 * count) / samples.length).toFixed(1).padStart(6)} %  ${name}`);
}
