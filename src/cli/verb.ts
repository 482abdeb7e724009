import type { Command } from "commander";
import type { ExitCode } from "./exit.ts";
import type { Session } from "./session.ts";

/** What a verb does; another exit code than 0, if it returns one. */
export type Work = (session: Session) => Promise<ExitCode | undefined>;

/** Runs the work of a verb that was called. */
export type Run = (verb: Command, work: Work) => Promise<void>;

/** Examples below a verb's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
