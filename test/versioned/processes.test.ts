import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { counter } from "../../src/content-types/counter.ts";
import { Disk } from "../../src/kv/disk.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { folders } from "../kv/folders.ts";

const PROCESSES = ["a", "b", "c"];
const TIMES = 40;
const newFolder = folders();

async function run(folder: string, name: string): Promise<void> {
  const file = fileURLToPath(new URL("children/writer.ts", import.meta.url));
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", file, folder, name, String(TIMES)], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  expect(await once(child, "exit")).toEqual([0, null]);
}

it("loses nothing of what several processes write to one branch", async () => {
  const folder = newFolder();
  await Promise.all(PROCESSES.map(async (name) => run(folder, name)));
  await using store = new Disk(folder);
  const v = await Versioned.open(store, { create: false });
  const total = BigInt(PROCESSES.length * TIMES);
  for (const key of ["transacted", "merged"]) {
    expect(counter().decode((await v.get(key)) ?? new Uint8Array(8))).toBe(total);
  }
  expect(await v.size()).toBe(PROCESSES.length * TIMES + 2);
});
