/** What the processes of a run have in common, and how their calls of the library are judged. */
import { collectGarbage, type KVStore } from "vkv";
import type { Action } from "./action.ts";
import { type Figures, noFigures } from "./figures.ts";
import type { ActionKind } from "./profile.ts";
import type { Random } from "./random.ts";
import type { Process, Scheduler } from "./scheduler.ts";
import type { Shared } from "./simulated-store.ts";
import { misses } from "./verdict.ts";

/** How many ids of commits go around. */
const MOST_KNOWN = 24;

/** All that takes part in a run. */
export class World {
  readonly shared: Shared;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly figures: Figures = noFigures();
  /** What the counter must be: acknowledged, and what may have been counted besides. */
  readonly counted: { sure: number; unsure: number } = { sure: 0, unsure: 0 };
  /** Ids of commits, published or not, that anybody may try to use. */
  readonly #known: string[] = [];

  constructor(shared: Shared, random: Random) {
    this.shared = shared;
    this.scheduler = shared.scheduler;
    this.random = random;
  }

  /** Runs one collection. */
  async collect(process: Process, store: KVStore): Promise<void> {
    const minAge = this.random.pick(this.scheduler.profile.minAges);
    await this.act(process, "collect", undefined, `minAge ${minAge}`, async () => {
      const { completed, commits, chunks } = await collectGarbage(store, { minAge });
      if (completed) this.figures.collections++;
      return `removed ${commits} + ${chunks}${completed ? "" : ", superseded"}`;
    });
  }

  /** Does something on behalf of a process; whether it was done. What the library says must be true, and fitting. */
  async act(
    process: Process,
    kind: ActionKind,
    branch: string | undefined,
    about: string,
    work: (action: Action) => Promise<string>,
  ): Promise<boolean> {
    const { scheduler } = this;
    this.figures.actions++;
    const action: Action = {
      id: this.figures.actions,
      kind,
      branch,
      since: scheduler.count,
      failures: 0,
      moves: [],
      state: "running",
    };
    scheduler.note(process, () => `#${action.id} ${kind} ${branch ?? ""} ${about}`);
    try {
      const said = await scheduler.start({ process, action }, async () => work(action));
      action.state = "done";
      scheduler.note(process, () => `#${action.id} done: ${said}`);
      return true;
    } catch (error) {
      const verdict = misses(error, action, this.shared.audit, this.figures);
      scheduler.note(process, () => `#${action.id} ${String(error)}`);
      if (verdict !== undefined) scheduler.fail(`#${action.id} ${kind} ${branch ?? ""}: ${verdict}`);
      return false;
    }
  }

  /** Says that something is wrong unless it is so. */
  expect(action: Action, isTrue: boolean, what: string): void {
    if (!isTrue) this.scheduler.fail(`#${action.id} ${action.kind} ${action.branch ?? ""}: ${what}`);
  }

  /** Tells all processes of a commit. */
  tell(commit: string): void {
    if (this.#known.length < MOST_KNOWN) this.#known.push(commit);
    else this.#known[this.random.below(MOST_KNOWN)] = commit;
  }

  /** A commit that somebody told of. */
  someCommit(): string | undefined {
    return this.#known.length === 0 ? undefined : this.random.pick(this.#known);
  }
}
