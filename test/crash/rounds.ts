/**
 * Crash runs: writers and a collector work on one store in a folder, some of them are killed, and after each round the
 * store must hold all that was acknowledged and nothing that was refused.
 */
import { appendFileSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { verify } from "../../src/commit/verify.ts";
import { Disk } from "../../src/kv/disk.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { bundleProgram, linkPackages } from "../support/child.ts";
import { randomFrom } from "../support/tree.ts";
import { type Figures, noFigures } from "./figures.ts";
import { Ledger } from "./ledger.ts";
import { Member } from "./member.ts";
import { bytesFor, holds, type Report } from "./report.ts";

/** What to run. */
export interface CrashRun {
  /** An empty folder. */
  readonly folder: string;
  readonly seed: number;
  readonly durable: boolean;
  /** How many rounds, unless the time is over before. */
  readonly rounds: number;
  /** In ms. */
  readonly time?: number;
}

/** How long the processes work in a round at most, in ms. */
const ROUND_MS = 300;
/** How many numbers a writer's step uses at most. */
const NUMBERS_A_STEP = 3;
const COLLECTOR = "collector";

/** Runs rounds until something is wrong; adds to `figures`. */
export async function crashRounds(run: CrashRun, figures: Figures = noFigures()): Promise<Figures> {
  const programs = join(run.folder, "programs");
  mkdirSync(programs);
  linkPackages(programs);
  const [writer, collector] = await Promise.all([
    bundleProgram(new URL("children/writer.ts", import.meta.url), programs),
    bundleProgram(new URL("children/collector.ts", import.meta.url), programs),
  ]);
  const crew = new Crew(run, figures, { writer, collector });
  const end = performance.now() + (run.time ?? Number.POSITIVE_INFINITY);
  try {
    for (let round = 0; round < run.rounds && performance.now() < end && figures.losses.length === 0; round++) {
      await crew.round();
      if (figures.losses.length === 0) await crew.check(round);
    }
  } finally {
    await crew.dismiss();
  }
  return figures;
}

/** The processes of a run. */
class Crew {
  readonly #run: CrashRun;
  readonly #figures: Figures;
  readonly #programs: { readonly writer: string; readonly collector: string };
  readonly #store: string;
  readonly #ledger: Ledger = new Ledger();
  readonly #random: (below: number) => number;
  readonly #names: readonly string[];
  readonly #members: Map<string, Member> = new Map();
  /** How many numbers each writer may have used. */
  readonly #numbers: Map<string, number> = new Map();

  constructor(run: CrashRun, figures: Figures, programs: { writer: string; collector: string }) {
    this.#run = run;
    this.#figures = figures;
    this.#programs = programs;
    this.#store = join(run.folder, "store");
    this.#random = randomFrom(Math.imul(run.seed + 1, 0x9e3779b9));
    const writers = 2 + this.#random(3);
    this.#names = [...Array.from({ length: writers }, (_, i) => `w${i}`), COLLECTOR];
  }

  /** All work for a while, in which some are killed. */
  async round(): Promise<void> {
    const random = this.#random;
    const ms = 50 + random(ROUND_MS - 50);
    for (const name of this.#names) if (!this.#members.has(name)) this.#members.set(name, this.#start(name));
    // Otherwise some are killed while they start.
    if (random(4) > 0) await this.#rest();
    for (const member of this.#members.values()) member.tell({ ms });
    const together = random(5) === 0 ? random(ms) : undefined;
    const victims = [...this.#members.values()].filter(() => together !== undefined || random(4) === 0);
    await Promise.all(victims.map(async (member) => this.#killAfter(together ?? random(ms), member)));
    await this.#rest();
    this.#figures.rounds++;
  }

  /** What must be true while nobody writes. */
  async check(round: number): Promise<void> {
    const { losses } = this.#figures;
    const store = new Disk(this.#store, { durable: this.#run.durable });
    try {
      losses.push(...(await verify(store)).problems.map(({ key, message }) => `${key}: ${message}`));
      const { wrong, happened, vanished } = await this.#ledger.check(store);
      losses.push(...wrong);
      this.#figures.happened += happened;
      this.#figures.vanished += vanished;
      await this.#goOn(store, `s${round}`);
    } catch (error) {
      losses.push(`after round ${round}: ${error instanceof Error ? error.stack : String(error)}`);
    } finally {
      await store.close();
    }
    const { size } = statSync(join(this.#store, "data.mdb"));
    this.#figures.fileBytes = Math.max(this.#figures.fileBytes, size);
  }

  /** Ends all processes. */
  async dismiss(): Promise<void> {
    const members = [...this.#members.values()];
    for (const member of members) member.kill();
    await Promise.all(members.map(async ({ ended }) => ended));
  }

  /** A write after a round. */
  async #goOn(store: Disk, token: string): Promise<void> {
    const v = await Versioned.open(store);
    await v.snapshot({ "after the round": bytesFor(token) });
    await v.merge();
    const again = await Versioned.open(store, { create: false });
    if (!holds(await again.get("after the round"), token)) this.#figures.losses.push(`${token} was not written`);
  }

  #start(name: string): Member {
    const { collector, writer } = this.#programs;
    const args = [this.#store, String(this.#run.durable), String(1 + this.#random(1e9))];
    if (name === COLLECTOR) return new Member(collector, args, (line) => this.#hear(name, line));
    return new Member(writer, [...args, name, String(this.#numbers.get(name) ?? 0)], (line) => this.#hear(name, line));
  }

  #hear(name: string, line: Exclude<Report, { idle: true }>): void {
    const figures = this.#figures;
    appendFileSync(join(this.#run.folder, "reports"), `${figures.rounds} ${name} ${JSON.stringify(line)}\n`);
    if ("begin" in line) {
      this.#ledger.begin(name, line.begin);
      this.#numbers.set(name, (this.#numbers.get(name) ?? 0) + NUMBERS_A_STEP);
    } else if ("done" in line) {
      this.#ledger.settle(name, `acknowledged with ${line.done}`);
      figures.acknowledged++;
    } else if ("undone" in line) {
      this.#ledger.settle(name, undefined);
      figures.refused[line.undone] = (figures.refused[line.undone] ?? 0) + 1;
    } else if ("cut" in line) {
      figures.cuts += line.cut;
    } else if (line.collected) {
      figures.collections++;
    } else {
      figures.superseded++;
    }
  }

  async #killAfter(ms: number, member: Member): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    member.kill();
    this.#figures.kills++;
  }

  /** Until all processes are idle or gone. */
  async #rest(): Promise<void> {
    await Promise.all(
      [...this.#members].map(async ([name, member]) => {
        const state = await member.rest(() => this.#figures.wakings++);
        if (state === "idle") return;
        this.#members.delete(name);
        if (state === "killed") return;
        this.#figures.losses.push(`${name}: ${state === "done" ? "it ended by itself" : state.failure}`);
        member.kill();
      }),
    );
  }
}
