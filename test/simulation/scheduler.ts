/**
 * Decides what happens next. Everything that a process asks of its store waits here as a step; one step at a time takes
 * effect, in an order drawn from the seed. Between two steps all that can run without an answer runs to its end, so
 * that a run depends on nothing but its seed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Action } from "./action.ts";
import type { Profile } from "./profile.ts";
import type { Random } from "./random.ts";

/** What a store throws when the simulation makes it fail. */
export class SimulatedFailure extends Error {}

/** Something that a process waits for. */
export interface Step {
  /** What it is, for the trace. */
  readonly label: string;
  /** Whether it can fail. */
  readonly canFail: boolean;
  /** Whether it is one that races are about: before and after it its process may stop for long. */
  readonly isDelicate: boolean;
  /** Has its effect, and returns what the trace says of it. */
  effect(): string;
  /** Gives the process its answer: the effect's result. */
  answer(): void;
  /** Gives the process an error instead. */
  fail(error: SimulatedFailure): void;
}

/** A process: a thread of control over its own store object, which can die. */
export class Process {
  readonly name: string;
  readonly kind: "writer" | "collector";
  readonly steps: Step[] = [];
  alive = true;
  /** How often its steps are chosen, against those of others. */
  speed: number;
  /** Before this step of the run none of its own is chosen. */
  sleepsUntil = 0;

  constructor(name: string, kind: Process["kind"], speed: number) {
    this.name = name;
    this.kind = kind;
    this.speed = speed;
  }
}

/** On whose behalf code runs. */
export interface Context {
  readonly process: Process;
  readonly action: Action | undefined;
}

interface Timer {
  readonly due: number;
  readonly process: Process;
  readonly run: () => void;
}

/** An effect that nobody waits for any more. */
interface Ghost {
  readonly process: Process;
  readonly step: Step;
  readonly from: number;
}

/** After so many steps nothing goes wrong any more and nobody sleeps: a run must end. */
const STORMY_STEPS = 3000;
/** After so many the run is taken for one that never ends. */
const MOST_STEPS = 60_000;
/** The longest sleep, in steps. */
const LONGEST_SLEEP = 400;

const context = new AsyncLocalStorage<Context>();
const { setImmediate } = globalThis;

/** Orders the steps of all processes. */
export class Scheduler {
  readonly random: Random;
  readonly profile: Profile;
  readonly processes: Process[] = [];
  /** The time, in ms since 1970. */
  now = 1_750_000_000_000;
  /** How many steps have been made. */
  count = 0;
  /** Nothing goes wrong any more. */
  calm = false;
  readonly trace: string[] | undefined;
  /** What was found to be wrong: the run stops. */
  violation: string | undefined;
  readonly faults: { failed: number; late: number; crashes: number } = { failed: 0, late: 0, crashes: 0 };
  /** Told of each process that dies. */
  onCrash: (process: Process) => void = () => undefined;
  readonly #timers: Map<object, Timer> = new Map();
  readonly #ghosts: Set<Ghost> = new Set();

  constructor(random: Random, profile: Profile, traced: boolean) {
    this.random = random;
    this.profile = profile;
    this.trace = traced ? [] : undefined;
  }

  /** A new process. */
  spawn(kind: Process["kind"]): Process {
    const number = this.processes.filter((each) => each.kind === kind).length + 1;
    const process = new Process(`${kind}${number}`, kind, this.#speed());
    this.processes.push(process);
    return process;
  }

  #speed(): number {
    return this.random.pick([1, 1, 1, 0.3, 0.05]);
  }

  /** Starts work on behalf of a process. */
  start<T>(on: Context, work: () => Promise<T>): Promise<T> {
    return context.run(on, work);
  }

  /** On whose behalf the running code was called; `undefined` for what is no part of the simulation. */
  static get context(): Context | undefined {
    return context.getStore();
  }

  /** Adds a step. */
  add(process: Process, step: Step): void {
    if (!process.alive) return;
    process.steps.push(step);
    if (step.isDelicate) this.#doze(process);
  }

  #doze(process: Process): void {
    const { sleepy } = this.profile;
    const chance = process.kind === "writer" ? sleepy.writers : sleepy.collectors;
    if (!this.calm && this.random.chance(chance)) {
      process.sleepsUntil = this.count + this.random.below(this.random.pick([30, 100, LONGEST_SLEEP]));
    }
  }

  /** Calls `run` after `ms` of virtual time. */
  addTimer(process: Process, run: () => void, ms: number): object {
    const id = { [Symbol.toPrimitive]: (): number => 0, unref: (): undefined => undefined };
    if (process.alive) this.#timers.set(id, { due: this.now + ms, process, run });
    return id;
  }

  /** Forgets a timer. */
  removeTimer(id: object): void {
    this.#timers.delete(id);
  }

  /** Says something in the trace. */
  note(by: Process | undefined, text: string | (() => string)): void {
    this.trace?.push(`${this.count} ${by?.name ?? "-"} ${typeof text === "string" ? text : text()}`);
  }

  /** Stops the run. */
  fail(what: string): void {
    if (this.violation !== undefined) return;
    this.violation = what;
    this.note(undefined, `VIOLATION ${what}`);
  }

  /** Makes steps until nothing is left to do or something is found to be wrong. */
  async run(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      if (this.violation !== undefined) return;
      if (!this.#next()) return;
    }
  }

  #next(): boolean {
    this.count++;
    this.now++;
    if (this.count > STORMY_STEPS) this.calm = true;
    if (this.count > MOST_STEPS) {
      this.fail("the run does not end");
      return false;
    }
    if (!this.calm) this.#weather();
    const process = this.#chooseProcess();
    const isGhostly = this.#ghosts.size > 0 && (process === undefined || this.random.chance(0.02));
    if (isGhostly) return this.#land();
    if (this.#timers.size > 0 && (process === undefined || this.random.chance(0.02))) return this.#fire();
    if (process === undefined) return this.#wake();
    const [step] = process.steps.splice(this.random.below(process.steps.length), 1);
    if (step !== undefined) this.#take(process, step);
    return true;
  }

  /** What happens at any time: the clock leaps, a process becomes faster or slower, or dies. */
  #weather(): void {
    const { random, profile } = this;
    if (profile.leaps && random.chance(0.005)) this.now += random.below(random.pick([100, 10_000]));
    if (random.chance(0.01)) random.pick(this.processes).speed = this.#speed();
    if (profile.faults.crash > 0 && random.chance(profile.faults.crash)) {
      const living = this.processes.filter(({ alive, steps }) => alive && steps.length > 0);
      if (living.length > 0) this.#crash(random.pick(living));
    }
  }

  #chooseProcess(): Process | undefined {
    const ready = this.processes.filter(
      ({ steps, sleepsUntil }) => steps.length > 0 && (this.calm || sleepsUntil <= this.count),
    );
    if (ready.length === 0) return undefined;
    return this.random.weighted(ready.map((process) => [process, this.calm ? 1 : process.speed]));
  }

  /** Nothing can run: the sleepers must. */
  #wake(): boolean {
    const sleepers = this.processes.filter(({ steps }) => steps.length > 0);
    if (sleepers.length === 0) return false;
    this.random.pick(sleepers).sleepsUntil = 0;
    return true;
  }

  #take(process: Process, step: Step): void {
    if (step.isDelicate) this.#doze(process);
    const fate = step.canFail && !this.calm ? this.#fate() : "pass";
    if (fate === "pass" || fate === "after") {
      const result = step.effect();
      this.note(process, () => `${step.label} ${result}`);
    }
    if (fate === "pass") {
      step.answer();
      return;
    }
    this.note(process, () => `${step.label} FAILS ${fate}`);
    this.faults.failed++;
    if (fate === "late" && this.random.chance(0.7)) this.#haunt(process, step);
    step.fail(new SimulatedFailure(`The store failed: ${step.label}`));
  }

  #fate(): "pass" | "before" | "after" | "late" {
    const { before, after, late } = this.profile.faults;
    const at = this.random.next();
    if (at < before) return "before";
    if (at < before + after) return "after";
    return at < before + after + late ? "late" : "pass";
  }

  #haunt(process: Process, step: Step): void {
    this.#ghosts.add({ process, step, from: this.count + this.random.below(this.random.pick([5, LONGEST_SLEEP])) });
  }

  #crash(process: Process): void {
    this.note(process, "CRASHES");
    this.faults.crashes++;
    process.alive = false;
    for (const step of process.steps.splice(0)) if (this.random.chance(0.5)) this.#haunt(process, step);
    for (const [id, timer] of this.#timers) if (timer.process === process) this.#timers.delete(id);
    this.onCrash(process);
  }

  /** An effect that nobody waits for comes late. */
  #land(): boolean {
    const ripe = [...this.#ghosts].filter(({ from }) => this.calm || from <= this.count);
    const ghost = this.random.pick(ripe.length > 0 ? ripe : [...this.#ghosts]);
    this.#ghosts.delete(ghost);
    this.faults.late++;
    const result = ghost.step.effect();
    this.note(ghost.process, () => `late: ${ghost.step.label} ${result}`);
    return true;
  }

  /** The time goes on to the next timer. */
  #fire(): boolean {
    const [first] = [...this.#timers].sort(([, a], [, b]) => a.due - b.due);
    if (first === undefined) return false;
    const [id, timer] = first;
    this.#timers.delete(id);
    this.now = Math.max(this.now, timer.due);
    timer.run();
    return true;
  }
}
