/** The simulation as a worker: runs seeds, and says what came of them. */
import { parentPort, workerData } from "node:worker_threads";
import { type Figures, noFigures } from "./figures.ts";
import { type RunOptions, simulate } from "./run.ts";

/** What a worker is to do. */
export interface Task extends RunOptions {
  readonly from: number;
  readonly count: number;
  /** Begins no seed after so many failed. */
  readonly failures: number;
}

/** A seed in which something was wrong. */
export interface Failure {
  readonly seed: number;
  readonly violation: string;
}

/** What a worker found. */
export interface Found {
  readonly figures: Figures;
  readonly failures: readonly Failure[];
  /** What happened in the last seed, if it was asked for. */
  readonly trace: readonly string[];
}

const task = workerData as Task;
const figures = noFigures();
const failures: Failure[] = [];
let trace: readonly string[] = [];
for (let i = 0; i < task.count && failures.length < task.failures; i++) {
  const run = await simulate(task.from + i, task);
  trace = run.trace;
  for (const name of Object.keys(figures) as (keyof Figures)[]) figures[name] += run.figures[name];
  if (run.violation !== undefined) failures.push({ seed: run.seed, violation: run.violation });
}
const found: Found = { figures, failures, trace };
parentPort?.postMessage(found);
