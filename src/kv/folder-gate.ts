/// <reference types="node" />
/**
 * Lets one process at a time open or close what is in a folder, however many there are, and whoever is killed meanwhile.
 *
 * Node has no file locks. What is there instead: a symbolic link is created with its contents in one step, only if it is
 * not there, and also on a full disk. It names the process that holds the gate. A link that was left behind by a process
 * that is gone, or that is older than any opening takes, is taken away.
 */
import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** The name of the link in the folder. */
const NAME = "opening";

/** How old a link may become, in ms. For links of processes on other machines, or in other containers. */
const MAX_AGE_MS = 10_000;

/** The longest pause before a gate that is closed is looked at again, in ms. */
const PAUSE_MS = 5;

/**
 * Runs `work`, which must be short, while no other process runs such work on `folder`. Blocks the thread until then.
 * Where there can be no such links (on Windows, say), it runs `work` all the same.
 */
export function gated<T>(folder: string, work: () => T): T {
  const path = join(folder, NAME);
  const holder = `${process.pid}-${Math.random().toString(36).slice(2)}`;
  const isHeld = enter(path, holder);
  try {
    return work();
  } finally {
    // Unless it was taken away, because this took too long.
    if (isHeld && holderOf(path) === holder) rmSync(path, { force: true });
  }
}

/** Whether there is a link now that names `holder`; `false`: there can be none here. */
function enter(path: string, holder: string): boolean {
  if (process.platform === "win32") return false;
  for (;;) {
    try {
      symlinkSync(holder, path);
      return true;
    } catch (error) {
      if (!isCode(error, "EEXIST")) return false;
    }
    const other = holderOf(path);
    if (other === undefined) continue;
    if (isGone(other) || isOld(path)) takeAway(path, other);
    else sleep(Math.random() * PAUSE_MS);
  }
}

function holderOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isGone(holder: string): boolean {
  const pid = Number.parseInt(holder, 10);
  if (!(pid > 0)) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return isCode(error, "ESRCH");
  }
}

function isOld(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Math.abs(Date.now() - stats.mtimeMs) > MAX_AGE_MS;
}

/** Removes the link, if it still names `holder`: whoever moves it to a name of its own has it alone. */
function takeAway(path: string, holder: string): void {
  const mine = `${path}-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(path, mine);
    const taken = holderOf(mine);
    rmSync(mine, { force: true });
    // Another process was faster, and it is that one's link: it gets it back, if nobody entered in between.
    if (taken !== undefined && taken !== holder) symlinkSync(taken, path);
  } catch (error) {
    if (!isCode(error, "ENOENT") && !isCode(error, "EEXIST")) throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Blocks the thread. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
