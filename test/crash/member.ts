import { Child, type Ending } from "../support/child.ts";
import type { Go, Report } from "./report.ts";

/** After how many ms a process that does not answer is woken, and after how many it counts as stuck. */
const WAKE_MS = 3_000;
const STUCK_MS = 60_000;

/** A process of a crash run. It works when it is told to, and is idle otherwise. */
export class Member {
  readonly #child: Child<Report>;
  /** How often it has yet to say that it is idle: once after its start, once after each `tell`. */
  #busy = 1;
  #becomesIdle: () => void = () => {};

  /** @param onReport gets all other reports */
  constructor(program: string, args: readonly string[], onReport: (report: Exclude<Report, { idle: true }>) => void) {
    this.#child = new Child<Report>(program, args, (report) => {
      if (!("idle" in report)) onReport(report);
      else if (--this.#busy === 0) this.#becomesIdle();
    });
  }

  /** Tells it to work. */
  tell(go: Go): void {
    this.#busy++;
    this.#child.send(go);
  }

  kill(): void {
    this.#child.kill();
  }

  /** Resolves when it is gone. */
  get ended(): Promise<Ending> {
    return this.#child.ended;
  }

  /**
   * Waits until it is idle, or gone: then returns how it ended.
   *
   * A process that waits for LMDB's lock may not be woken when the lock becomes free, if another one that waited, too,
   * was killed just then: a weakness of robust mutexes on Linux. The next process that has to wait passes it on, but here
   * all others may be idle. Any signal makes the process look at the lock again.
   */
  async rest(onWake: () => void): Promise<Ending | "idle"> {
    const wake = setTimeout(() => {
      if (this.#child.isKilled) return;
      onWake();
      this.#child.signal("SIGUSR2");
    }, WAKE_MS);
    let isStuck = (_: Ending): void => {};
    const stuck = new Promise<Ending>((resolve) => {
      isStuck = resolve;
    });
    const patience = setTimeout(() => isStuck({ failure: `it has not answered for ${STUCK_MS} ms` }), STUCK_MS);
    const idle = new Promise<"idle">((resolve) => {
      this.#becomesIdle = () => resolve("idle");
      if (this.#busy === 0 && !this.#child.isKilled) resolve("idle");
    });
    try {
      const state = await Promise.race([this.ended, idle, stuck]);
      return state === "idle" && this.#child.isKilled ? await this.ended : state;
    } finally {
      clearTimeout(wake);
      clearTimeout(patience);
    }
  }
}
