/** Programs that tests start, kill and listen to. */
import { type ChildProcess, fork } from "node:child_process";
import { symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { root } from "./run.ts";

/** Drivers, which are not bundled: they are not made for it. */
const DRIVERS = [
  "redis",
  "redis-6.3",
  "ioredis",
  "ioredis-5",
  "pg",
  "pg-8.12",
  "@electric-sql/pglite",
  "@aws-sdk/client-s3",
];

/**
 * Bundles a program with the sources it uses, into `folder`: it starts three times as fast as through tsx, and stays as
 * it is for as long as a run takes. Returns the path of what can be started.
 */
export async function bundleProgram(program: URL, folder: string): Promise<string> {
  const outfile = join(folder, basename(program.pathname).replace(/\.ts$/, ".mjs"));
  await build({
    entryPoints: [fileURLToPath(program)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: DRIVERS,
    tsconfig: join(root, "tsconfig.dev.json"),
    logLevel: "warning",
  });
  return outfile;
}

/** Makes the repository's packages loadable from programs in `folder`. */
export function linkPackages(folder: string): void {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
}

/** Whether a process ended as it should: by itself with code 0, or killed by us; otherwise what it said. */
export type Ending = "done" | "killed" | { readonly failure: string };

/** A running program that reports in lines of JSON on its standard output, and is told things by messages. */
export class Child<Report> {
  /** Resolves when the process is gone and all that it reported was handed over. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  #isKilled = false;

  constructor(program: string, args: readonly string[], onReport: (report: Report) => void) {
    const { NODE_OPTIONS: _options, NODE_ENV: _mode, ...env } = process.env;
    const child = fork(program, args, { env, execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.#process = child;
    let rest = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      // What a kill cut off was not said.
      rest = lines.pop() ?? "";
      for (const line of lines) onReport(JSON.parse(line) as Report);
    });
    let errors = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    this.ended = new Promise((resolve) => {
      child.on("error", (error) => resolve({ failure: String(error) }));
      child.on("close", (code, signal) => {
        if (code === 0) resolve("done");
        else if (this.#isKilled && signal === "SIGKILL") resolve("killed");
        else resolve({ failure: `${basename(program)} ended with ${signal ?? code}: ${errors}` });
      });
    });
  }

  /** Sends a message; one that does not arrive because the process is gone is no error. */
  send(message: object): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** Whether `kill` was called. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Sends a signal that the process handles. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Ends the process at once, whatever it is doing. */
  kill(): void {
    this.#isKilled = true;
    this.#process.kill("SIGKILL");
  }
}
