/** Runs the command line: as a process, or within this one, which is quicker. */
import { spawn } from "node:child_process";
import { Readable, Writable } from "node:stream";
import { runCommandLine } from "../../src/cli/run.ts";
import { type Finished, root } from "./run.ts";

/** The program, as it is built. */
export const VKV = `${root}dist/cli/main.js`;

/** What a run is given. */
export interface Given {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Another copy of the program. */
  readonly program?: string;
}

/** The environment of a run, without what this test run was started with. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const {
    NODE_OPTIONS: _options,
    NODE_ENV: _mode,
    VKV_STORE: _store,
    VKV_AUTHOR: _author,
    SOURCE_DATE_EPOCH: _time,
    ...env
  } = process.env;
  return { ...env, ...more };
}

/** Runs the program as a process, to its end. */
export function vkvProcess(
  args: readonly string[],
  { cwd = root, input = "", env = {}, program = VKV }: Given = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [program, ...args], { cwd, env: environment(env) });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** A stream that keeps what is written. */
class Kept extends Writable {
  readonly chunks: Buffer[] = [];
  readonly isTTY: boolean;
  readonly columns = 80;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  hasColors(): boolean {
    return false;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString("utf8");
  }
}

/** How a run within this process is different from one in a shell. */
export interface Within {
  /** What standard input has: all of it, or what comes bit by bit. */
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Whether it writes to a terminal. */
  readonly isTerminal?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs a command line within this process. */
export async function vkv(args: readonly string[], within: Within = {}): Promise<Finished> {
  const { input = "", isTerminal = false, signal = new AbortController().signal } = within;
  const [stdout, stderr] = [new Kept(isTerminal), new Kept(isTerminal)];
  const stdin = Readable.from(typeof input === "string" || input instanceof Uint8Array ? [Buffer.from(input)] : input);
  const around = { stdin, stdout, stderr, signal } as unknown as Parameters<typeof runCommandLine>[2];
  const code = await runCommandLine(args, "0.0.0", around);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** The words of a line, as a shell splits it: in quotes of both kinds, or without. */
export function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
}
