import { spawnSync } from "node:child_process";

/**
 * Whether a part of the tests must be left out because `what` is not there. Says so in one line; on CI, where nothing
 * may be left out, it throws instead.
 *
 * @example
 * describe.skipIf(lacks("strace", hasCommand("strace")))("durability", () => { … });
 */
export function lacks(what: string, isThere: boolean): boolean {
  if (isThere) return false;
  if (process.env["CI"] === "true") throw new Error(`${what} is missing, and on CI no part may be skipped.`);
  process.stderr.write(`Skipped: ${what} is missing.\n`);
  return true;
}

/** Whether the command `name` can be run. */
export function hasCommand(name: string, versionFlag = "--version"): boolean {
  return spawnSync(name, [versionFlag], { stdio: "ignore" }).error === undefined;
}
