/** Runs workloads on systems: a process for each, the systems taking turns. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install } from "./install.mjs";
import { count } from "./options.mjs";
import { runTask } from "./spawn.mjs";

export class Runner {
  #systems;
  #options;
  #scratch = mkdtempSync(join(tmpdir(), "vkv-bench-"));
  #stores = new Map();
  #skipped = new Map();

  /**
   * @param options.runs how many processes of each system
   * @param options.patience a run that took longer (seconds) is not repeated
   * @param options.profiles the folder for CPU profiles, or undefined
   */
  constructor(systems, options) {
    this.#systems = systems;
    this.#options = options;
    for (const system of systems) {
      const why = install(system);
      if (why !== undefined) this.#skipped.set(system.name, why);
    }
  }

  /** The metrics of every run, by the names of the systems that can do it. */
  async measure(workload, n) {
    const found = new Map();
    const over = new Set();
    for (let run = 0; run < (workload.onceOnly ? 1 : this.#options.runs); run++) {
      for (const system of this.#systems) {
        if (over.has(system) || this.#skipped.has(system.name) || !canDo(system, workload, n)) continue;
        show(`${workload.id} ${count(n)}: run ${run + 1}, ${system.name}`);
        const result = await this.#run(system, workload, n);
        if (result?.metrics === undefined || result.seconds > this.#options.patience) over.add(system);
        if (result?.metrics !== undefined) found.set(system.name, [...(found.get(system.name) ?? []), result.metrics]);
      }
    }
    show("");
    return found;
  }

  /** Removes what was made, and says who was skipped. */
  close() {
    rmSync(this.#scratch, { recursive: true, force: true });
    for (const [name, why] of this.#skipped) console.log(`${name} was skipped: ${why}`);
  }

  async #run(system, workload, n) {
    const { quick, profiles } = this.#options;
    const folder = workload.prepared ? await this.#store(system, n) : mkdtempSync(join(this.#scratch, "run-"));
    if (folder === undefined) return undefined;
    const profile = profiles === undefined ? undefined : join(profiles, `${workload.id}-${n}.cpuprofile`);
    const result = await runTask(system, { workload: workload.id, n, quick, folder, profile });
    if (!workload.prepared) rmSync(folder, { recursive: true, force: true });
    this.#report(system, result, ` in ${workload.id}`);
    if (profile !== undefined) console.log(`${result.errors}${profile}\n`);
    return result;
  }

  /** The folder with the store of a system, made once; undefined if it cannot be. */
  async #store(system, n) {
    const name = `${system.name}-${n}`;
    if (!this.#stores.has(name)) {
      show(`${system.name}: a store of ${count(n)} keys`);
      const folder = mkdtempSync(join(this.#scratch, "store-"));
      const result = await runTask(system, { n, quick: this.#options.quick, folder });
      this.#report(system, result);
      this.#stores.set(name, result.metrics === undefined ? undefined : folder);
    }
    return this.#stores.get(name);
  }

  #report(system, { missing, error }, where = "") {
    if (missing !== undefined) this.#skipped.set(system.name, missing);
    if (error !== undefined) console.error(`${system.name}${where} failed: ${error}`);
  }
}

function canDo({ maxKeys, durable, forks }, workload, n) {
  if (workload.durable === true && durable !== true) return false;
  if (workload.ownMemory === true && forks === true) return false;
  return n <= (maxKeys ?? n);
}

/** What is being done, on a line that the next one replaces. */
function show(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
