/** What the processes of a crash run tell each other, and where things are in the store. */
import { writeSync } from "node:fs";
import { equalBytes, utf8 } from "../../src/bytes.ts";
import { noise } from "../support/tree.ts";

/** A write to one branch or tag: afterwards all of it is in the store, or nothing. */
export interface Step {
  /** What cells hold afterwards; `null`: nothing. */
  readonly sets: Readonly<Record<string, string | null>>;
  /** The counter of the main branch that it raises by one. */
  readonly adds?: string;
  /** The branch that it deletes, with all cells in it. */
  readonly drops?: string;
}

/** What a process reports. */
export type Report =
  | { readonly begin: Step }
  /** The step was acknowledged, and the writer is at this commit of the main branch. */
  | { readonly done: string }
  /** The step failed with this code, in a way that promises that it did not happen. */
  | { readonly undone: string }
  /** So many histories were cut. */
  | { readonly cut: number }
  /** A collection ended; whether it was completed. */
  | { readonly collected: boolean }
  /** It has started, or its time is over; it waits for the next message. */
  | { readonly idle: true };

/** Tells a process to work for so many ms. */
export interface Go {
  readonly ms: number;
}

/** The cell of a key in a branch. */
export function keyCell(branch: string, key: string): string {
  return `key:${branch}:${key}`;
}

/** The cell that says to which commit a branch or a tag leads. */
export function refCell(kind: "branch" | "tag", name: string): string {
  return `${kind}:${name}`;
}

/** The value of a key whose cell holds `token`: 1 MB for a token that begins with `L`, else the token itself. */
export function bytesFor(token: string): Uint8Array {
  if (!token.startsWith("L")) return utf8(token);
  return noise(1_000_000, Number(token.slice(1)));
}

/** Whether a key's value is the one of `token`; `null`: none. */
export function holds(value: Uint8Array | undefined, token: string | null): boolean {
  if (value === undefined || token === null) return value === undefined && token === null;
  return equalBytes(value, bytesFor(token));
}

/** Reports to the parent at once: when this returns, the parent will read it, even if this process is killed next. */
export function report(line: Report): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Lets the process be woken when it waits for LMDB's lock for nothing (`Member.rest`): any signal that is handled will do. */
export function beWakeable(): void {
  process.on("SIGUSR2", () => {});
}

/** Says that the process has started; calls `work` again and again for as long as the parent says, each time it does. */
export function workWhenTold(work: () => Promise<void>): void {
  process.on("message", ({ ms }: Go) => {
    const end = performance.now() + ms;
    const go = async (): Promise<void> => {
      while (performance.now() < end) await work();
      report({ idle: true });
    };
    // Unhandled, a failure ends the process; the parent reads it from its standard error.
    void go();
  });
  report({ idle: true });
}
