/** Many processes that raise one counter on one branch. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { counter } from "../../src/content-types/counter.ts";
import { Disk } from "../../src/kv/disk.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { bundleProgram, Child, linkPackages } from "../support/child.ts";

/** How the counter is raised: in a transaction, by a commit and a merge with a rule, or without versions, by `cas` alone. */
export type Kind = "transact" | "merge" | "cas";

/** What a process reports: how often it has raised the counter, and how many tries each took since its last report. */
export interface Progress {
  readonly done: number;
  readonly tries: readonly number[];
}

/** What to run. */
export interface Contention {
  /** An empty folder. */
  readonly folder: string;
  readonly durable: boolean;
  readonly kind: Kind;
  readonly processes: number;
  /** How often each process raises the counter. */
  readonly times: number;
}

/** What came of it. */
export interface Measured {
  /** What the counter says in the end. */
  readonly count: bigint;
  /** From the beginning until the last process was done, in s. */
  readonly seconds: number;
  /** Increments of all processes in a second. */
  readonly perSecond: number;
  /** How many tries an increment took. */
  readonly tries: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
  /** When the first process was done: what the slowest had done by then, as a part of the mean. 1: all the same. */
  readonly slowest: number;
  /** When each process was done, in s, sorted. */
  readonly finished: readonly number[];
}

/** Lets several processes raise one counter, and measures how they get on. */
export async function contend({ folder, durable, kind, processes, times }: Contention): Promise<Measured> {
  const programs = join(folder, "programs");
  mkdirSync(programs);
  linkPackages(programs);
  const program = await bundleProgram(new URL("children/incrementer.ts", import.meta.url), programs);
  const path = join(folder, "store");
  const racers = Array.from(
    { length: processes },
    () => new Racer(program, [path, String(durable), kind, String(times)]),
  );
  try {
    await Promise.all(racers.map(async ({ ready }) => ready));
    const start = performance.now();
    for (const racer of racers) racer.start();
    await Promise.race(racers.map(async (racer) => racer.done(times)));
    const standings = racers.map(({ progress }) => progress);
    const mean = standings.reduce((sum, done) => sum + done, 0) / processes;
    await Promise.all(racers.map(async (racer) => racer.done(times)));
    const finished = racers.map((racer) => (racer.finishedAt - start) / 1000).sort((a, b) => a - b);
    const seconds = finished.at(-1) ?? 0;
    const tries = racers.flatMap((racer) => racer.tries).sort((a, b) => a - b);
    const at = (part: number): number => tries[Math.min(tries.length - 1, Math.floor(part * tries.length))] ?? 0;
    return {
      count: await readCount(path, durable, kind),
      seconds,
      perSecond: (processes * times) / seconds,
      tries: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
      slowest: Math.min(...standings) / mean,
      finished,
    };
  } finally {
    for (const racer of racers) racer.kill();
    await Promise.all(racers.map(async ({ ended }) => ended));
  }
}

async function readCount(path: string, durable: boolean, kind: Kind): Promise<bigint> {
  await using store = new Disk(path, { durable });
  const value = kind === "cas" ? store.get("count") : await (await Versioned.open(store)).get("count");
  return value === undefined ? 0n : counter().decode(value);
}

/** One of the processes. */
class Racer {
  readonly ready: Promise<void>;
  readonly tries: number[] = [];
  progress = 0;
  finishedAt = 0;
  readonly #child: Child<Progress>;

  constructor(program: string, args: readonly string[]) {
    let isReady = (): void => {};
    this.ready = new Promise((resolve) => {
      isReady = resolve;
    });
    this.#child = new Child<Progress>(program, args, ({ done, tries }) => {
      isReady();
      this.tries.push(...tries);
      this.progress = done;
      this.finishedAt = performance.now();
    });
  }

  start(): void {
    this.#child.send({ start: true });
  }

  kill(): void {
    this.#child.kill();
  }

  get ended(): Promise<unknown> {
    return this.#child.ended;
  }

  /** Until the process is gone; rejects unless it did all it should. */
  async done(times: number): Promise<void> {
    const ending = await this.#child.ended;
    if (ending !== "done" || this.progress !== times) {
      throw new Error(`It ended after ${this.progress} of ${times}: ${JSON.stringify(ending)}`);
    }
  }
}
