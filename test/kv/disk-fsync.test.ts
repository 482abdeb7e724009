import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { hasCommand, lacks } from "../support/needs.ts";
import { execute } from "../support/run.ts";
import { folders } from "./folders.ts";

const child = fileURLToPath(new URL("children/fsync.ts", import.meta.url));
const newFolder = folders();

/** How often data was forced to the disk: by calls of fdatasync and the like, and by writes to a file opened with O_DSYNC. */
interface Syncs {
  calls: number;
  writes: number;
}

/** The syncs of each call of the child, before it was acknowledged and after. */
async function traced(mode: "durable" | "relaxed"): Promise<Map<string, { before: Syncs; after: Syncs }>> {
  const folder = newFolder();
  const log = join(folder, "strace.txt");
  const calls = "openat,pwrite64,pwritev,pwritev2,fdatasync,fsync,msync,sync_file_range,write";
  const command = [process.execPath, "--import", "tsx", child, join(folder, "db"), mode];
  const { code, stderr } = await execute("strace", ["-f", "-s", "100", "-o", log, "-e", `trace=${calls}`, ...command]);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return count(readFileSync(log, "utf8"));
}

function count(log: string): Map<string, { before: Syncs; after: Syncs }> {
  const counts = new Map<string, { before: Syncs; after: Syncs }>();
  const synchronous = new Set<string>();
  let now: Syncs | undefined;
  let current = { before: { calls: 0, writes: 0 }, after: { calls: 0, writes: 0 } };
  for (const line of whole(log)) {
    const mark = /"MARK (begin )?([^\\]+)/.exec(line);
    const opened = /openat\(.*data\.mdb", ([A-Z_|]+).* = (\d+)$/.exec(line);
    const written = /pwrite(?:64|v|v2)\((\d+)/.exec(line)?.[1];
    if (mark?.[1] !== undefined) {
      current = { before: { calls: 0, writes: 0 }, after: { calls: 0, writes: 0 } };
      counts.set(mark[2] ?? "", current);
      now = current.before;
    } else if (mark !== null) {
      now = mark[2] === "acknowledged" ? current.after : undefined;
    } else if (opened !== null) {
      if (opened[1]?.includes("SYNC") === true) synchronous.add(opened[2] ?? "");
      else synchronous.delete(opened[2] ?? "");
    } else if (now !== undefined) {
      if (/(fdatasync|fsync|msync|sync_file_range)\(/.test(line)) now.calls++;
      if (written !== undefined && synchronous.has(written)) now.writes++;
    }
  }
  return counts;
}

/** The lines of the log, with calls that strace shows in two parts put together, where they ended. */
function whole(log: string): string[] {
  const begun = new Map<string, string>();
  return log.split("\n").flatMap((line) => {
    const [thread = ""] = line.split(" ", 1);
    const unfinished = line.indexOf(" <unfinished ...>");
    if (unfinished >= 0) {
      begun.set(thread, line.slice(0, unfinished));
      return [];
    }
    const resumed = /<\.\.\. \w+ resumed>(.*)/.exec(line);
    return [resumed === null ? line : `${begun.get(thread) ?? ""}${resumed[1]}`];
  });
}

const none: Syncs = { calls: 0, writes: 0 };
const one: Syncs = { calls: 1, writes: 1 };

describe.skipIf(lacks("strace", hasCommand("strace")))("Disk", () => {
  it("forces each write to the disk once before it acknowledges it", async () => {
    const counts = await traced("durable");
    for (const call of ["set", "setMany", "remove", "removeMany", "cas", "ten cas at once", "clear"]) {
      expect([call, counts.get(call)]).toEqual([call, { before: one, after: none }]);
    }
    // createMany is acknowledged before: with the next write, or at the end of the turn.
    expect(counts.get("createMany")).toEqual({ before: none, after: one });
    expect(counts.get("createMany, then cas")).toEqual({ before: one, after: none });
    for (const call of ["failed cas", "createMany of what exists", "get, getMany, has, keys"]) {
      expect([call, counts.get(call)]).toEqual([call, { before: none, after: none }]);
    }
  });

  it("forces nothing to the disk with durable: false", async () => {
    const counts = await traced("relaxed");
    expect(counts.size).toBe(12);
    for (const [call, syncs] of counts) expect([call, syncs]).toEqual([call, { before: none, after: none }]);
  });
});
