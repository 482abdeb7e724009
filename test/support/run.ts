import { execFile } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** What a finished process printed, and how it ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `command` with `args` in the folder `cwd`, without the settings that this test run was started with. */
export function execute(command: string, args: readonly string[], cwd: string = root): Promise<Finished> {
  const { NODE_OPTIONS: _options, NODE_ENV: _mode, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
  });
}

/** Runs Node. */
export function node(args: readonly string[], cwd: string = root): Promise<Finished> {
  return execute(process.execPath, args, cwd);
}

/** Runs npm: the one that runs the tests, or the one on the PATH. */
export function npm(args: readonly string[], cwd: string = root): Promise<Finished> {
  const cli = process.env["npm_execpath"];
  return cli === undefined ? execute("npm", args, cwd) : node([cli, ...args], cwd);
}

/** The TypeScript compiler on the project in `cwd`; its findings, "" if there are none. */
export async function tsc(cwd: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await node(
    [join(root, "node_modules/typescript/bin/tsc"), "--pretty", "false", ...args],
    cwd,
  );
  return stdout + stderr;
}

/** A new empty folder outside of the repository, removed when `work` is done. */
export async function inTempFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "vkv-test-")));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}
