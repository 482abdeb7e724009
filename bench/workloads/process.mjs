/** W10 and W11, M1 to M3: what a store costs around its operations: disk, start, memory. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { entriesOf, keyOf } from "../harness/data.mjs";
import { expect } from "../harness/measure.mjs";

const MB = 1e6;

export const footprint = {
  id: "W10",
  title: "size on disk of all keys and 1,000 one-key commits",
  medium: "disk",
  prepared: true,
  onceOnly: true,
  sizes: [100_000],
  needs: [],
  metrics: { size: { title: "disk used", unit: "MB", targets: { 100000: 14.5 } } },
  run: ({ folder }) => ({ size: diskUsed(folder) / MB }),
};

/** Bytes of the blocks that the files in a folder take. */
function diskUsed(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => statSync(join(entry.parentPath, entry.name)).blocks * 512)
    .reduce((sum, bytes) => sum + bytes, 0);
}

export const start = {
  id: "W11",
  title: "a new process: open the store of W10, get one key, exit",
  medium: "disk",
  prepared: true,
  sizes: [100_000],
  needs: ["get"],
  metrics: {
    total: { title: "whole process", unit: "ms" },
    node: { title: "an empty one", unit: "ms", baseline: true },
    own: { title: "the difference", unit: "ms", targets: { 100000: 40 } },
  },
  async run({ n, clock, openCommand }) {
    const [command, ...args] = openCommand(keyOf(n >> 1, n));
    const empty = openCommand();
    let printed = "";
    const [total, node] = await clock.interleaved(5, () => undefined, [
      () => {
        printed = spawnSync(command, args, { encoding: "utf8" }).stdout;
      },
      () => {
        spawnSync(empty[0], empty.slice(1));
      },
    ]);
    expect(printed.trim(), "100", "bytes of the value");
    return { total: total.median, node: node.median, own: total.median - node.median };
  },
};

/** The most memory that this process ever had, in MB; its own share and the pages of files that it has mapped. */
function peak() {
  return (Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024) / MB;
}

const memory = (id, title, needs, run, more = {}) => ({
  id,
  title,
  needs,
  run,
  ownMemory: true,
  sizes: [1_000_000],
  metrics: { peak: { title: "peak resident memory", unit: "MB" } },
  ...more,
});

async function loadStreamed({ n, create }) {
  const system = await create();
  await system.load(entriesOf(n));
  expect((await system.get(keyOf(n - 1, n)))?.length, 100, "bytes of the last value");
  return { peak: peak() };
}

export const loadMemory = memory("M1", "bulk load into memory, from an iterable", ["load", "get"], loadStreamed);

export const loadDiskMemory = memory("M1d", "bulk load on disk, from an iterable", ["load", "get"], loadStreamed, {
  medium: "disk",
});

const onDisk = { medium: "disk", prepared: true };

export const scanMemory = memory(
  "M2",
  "scan all keys and values of a store on disk",
  ["iterate"],
  async ({ n, reopen }) => {
    const system = await reopen();
    let count = 0;
    for await (const [, value] of system.iterate("")) count += value.length / 100;
    expect(count, n, "keys");
    return { peak: peak() };
  },
  onDisk,
);

export const openMemory = memory(
  "M3",
  "open a store on disk, get one key",
  ["get"],
  async ({ n, reopen }) => {
    const system = await reopen();
    expect((await system.get(keyOf(5, n)))?.length, 100, "bytes of the value");
    return { peak: peak() };
  },
  onDisk,
);
