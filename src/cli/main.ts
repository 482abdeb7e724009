#!/usr/bin/env node
/** The program `vkv`. */
import { readFileSync } from "node:fs";
import { EXIT } from "./exit.ts";
import { explain, toLines } from "./explain.ts";
import { runCommandLine } from "./run.ts";

/** How long work may take to stop by itself once it is interrupted, in ms. */
const GRACE = 2000;

const { argv, stdin, stdout, stderr } = process;
const interruption = new AbortController();
const { signal } = interruption;

function interrupt(): void {
  // A second time, or when the work does not stop: a store is sound whenever a process ends.
  if (signal.aborted) process.exit(EXIT.interrupted);
  interruption.abort();
  setTimeout(() => process.exit(EXIT.interrupted), GRACE).unref();
  // Who waits for input would wait on.
  stdin.destroy(signal.reason);
}

process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
stdin.on("error", () => undefined);
stderr.on("error", () => undefined);
stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `| head` has seen enough.
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  const explained = explain(error);
  stderr.write(toLines(explained));
  process.exit(explained.exitCode);
});

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
process.exitCode = await runCommandLine(argv.slice(2), version, { stdin, stdout, stderr, signal });
// Nothing more is read: an input that stays open would keep the process.
stdin.destroy();
