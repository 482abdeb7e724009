#!/usr/bin/env node
/** The program `vkv`. */
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { safeLines } from "./escape.ts";
import { EXIT } from "./exit.ts";
import { explain } from "./explain.ts";
import { globalsOf, makeProgram } from "./program.ts";
import { Session } from "./session.ts";
import type { Run } from "./verb.ts";

/** How long work may take to stop by itself once it is interrupted, in ms. */
const GRACE = 2000;

const { stdin, stdout, stderr } = process;
const interruption = new AbortController();

/** Runs a verb, and says what went wrong, if something did. */
const run: Run = async (verb, work) => {
  const session = new Session(globalsOf(verb), { stdout, stderr, signal: interruption.signal });
  try {
    process.exitCode = (await work(session)) ?? EXIT.ok;
  } catch (error) {
    // What was found before is data.
    await session.out.flush();
    session.progress.clear();
    report(error);
  } finally {
    await session.end();
    stdin.destroy();
  }
};

function report(error: unknown): void {
  const { exitCode, what, cure } = explain(error);
  process.exitCode = exitCode;
  stderr.write(`vkv: ${safeLines(what)}\n     ${safeLines(cure)}\n`);
  if (process.argv.includes("--verbose") && error instanceof Error) stderr.write(`${safeLines(error.stack ?? "")}\n`);
}

function interrupt(): void {
  // A second time, or when the work does not stop: a store is sound whenever a process ends.
  if (interruption.signal.aborted) process.exit(EXIT.interrupted);
  interruption.abort();
  setTimeout(() => process.exit(EXIT.interrupted), GRACE).unref();
  // Who waits for input would wait on.
  stdin.destroy(interruption.signal.reason);
}

// `| head` has seen enough.
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  report(error);
  process.exit();
});
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
try {
  await makeProgram(version, run).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
