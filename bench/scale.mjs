/**
 * What operations cost on `Disk` with many keys against few: `npm run build && node bench/scale.mjs [--keys 10000000] [--write]`.
 * Each size in a process of its own, without waiting for fsync, whose time would hide the rest.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { collectGarbage, Versioned } from "vkv";
import { Disk } from "vkv/disk";
import { entriesOf, keyOf, prefixOf, Random, updatesOf } from "./harness/data.mjs";
import { Clock, expect } from "./harness/measure.mjs";
import { count } from "./harness/options.mjs";
import { writeSection } from "./harness/report.mjs";
import { aligned, format } from "./harness/table.mjs";

const FEW = 100_000;
/** Keys that one snapshot of the load holds. */
const PART = 1_000_000;

/** What is measured of a store of `keys` keys in `folder`: rows of a name, a figure and its unit. */
async function measure(folder, keys) {
  const store = new Disk(folder, { durable: false });
  const v = await Versioned.open(store);
  const clock = new Clock({ quick: false });
  const random = new Random(15);
  const rows = [];
  const micros = async (name, rounds, prepare, run) => {
    const { median } = await clock.each(rounds, prepare, run);
    rows.push([name, median * 1000, "µs"]);
  };

  const load = await clock.once(() => loadInParts(v, keys));
  rows.push(["bulk load, per key", (load * 1000) / keys, "µs"]);
  rows.push(["peak memory until then", peak(), "MB"], ["file after the load, per key", fileSize(folder) / keys, "B"]);
  expect(await v.size(), keys, "keys");

  const commit = async (updates) => {
    await v.snapshot(updates);
    await v.merge();
  };
  await micros("one-key commit", 1000, () => updatesOf(random, 1, keys), commit);
  await micros("100-key commit", 100, () => updatesOf(random, 100, keys), commit);
  await micros(
    "random get",
    5000,
    () => keyOf(random.below(keys), keys),
    (key) => v.get(key),
  );

  const twoCommits = async () => {
    const before = v.currentCommit;
    await commit(updatesOf(random, 10, keys));
    return [before, v.currentCommit];
  };
  await micros("diff, 10 keys differ", 200, twoCommits, ([a, b]) => v.diff(a, b));
  await micros(
    "three-way merge, 10 keys on either side",
    200,
    () => diverge(v, random, keys),
    () => v.merge(),
  );

  const prefix = () => prefixOf(random.below(keys / 1000), keys);
  const scan = async (wanted) => expect((await v.entries({ prefix: wanted }).toArray()).length, 1000, "keys scanned");
  await micros("scan of 1,000 keys", 200, prefix, scan);
  const all = await clock.once(async () => {
    let found = 0;
    for await (const _ of v.keys()) found++;
    expect(found, keys, "keys scanned");
  });
  rows.push(["scan of all keys, per key", (all * 1000) / keys, "µs"]);

  const removed = await leaveGarbage(v, random, keys);
  let collected;
  const collection = await clock.once(async () => {
    collected = await collectGarbage(store, { minAge: 0 });
  });
  expect(collected.commits >= removed, true, `at least ${removed} commits collected`);
  rows.push(["collection, per key", (collection * 1000) / keys, "µs"], ["collection", collection / 1000, "s"]);
  rows.push(["peak memory", peak(), "MB"]);
  expect(await v.size(), keys, "keys after the collection");
  await store.close();
  return rows;
}

async function loadInParts(v, keys) {
  const entries = entriesOf(keys);
  for (let from = 0; from < keys; from += PART) await v.snapshot(take(entries, PART));
  await v.merge();
}

function* take(entries, most) {
  for (let i = 0; i < most; i++) {
    const { done, value } = entries.next();
    if (done) return;
    yield value;
  }
}

/** Local work of this handle, and other work that was published meanwhile. */
async function diverge(v, random, keys) {
  const updates = updatesOf(random, 20, keys);
  const other = await v.checkout(v.currentCommit);
  await other.snapshot(updates.slice(0, 10));
  await other.merge();
  await v.snapshot(updates.slice(10));
}

/** Deletes a branch with commits of its own; how many. */
async function leaveGarbage(v, random, keys) {
  const branch = await v.createBranch("garbage");
  const commits = 1000;
  for (let i = 0; i < commits; i++) await branch.snapshot(updatesOf(random, 1, keys));
  await branch.merge();
  await v.deleteBranch("garbage");
  return commits;
}

/** The most memory that this process ever had, in MB: its own, and the pages of the file that it has mapped. */
function peak() {
  return (Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
}

function fileSize(folder) {
  return statSync(join(folder, "data.mdb")).size;
}

function inProcess(keys) {
  const folder = mkdtempSync(join(tmpdir(), "vkv-scale-"));
  try {
    const script = fileURLToPath(import.meta.url);
    const { status, stdout } = spawnSync(process.execPath, [script, "--folder", folder, "--keys", String(keys)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (status !== 0) throw new Error(`The process with ${keys} keys ended with ${status}.`);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { keys: { type: "string", default: "10000000" }, folder: { type: "string" }, write: { type: "boolean" } },
});
const keys = Number(values.keys);
if (values.folder !== undefined) console.log(JSON.stringify(await measure(values.folder, keys)));
else {
  const few = inProcess(FEW);
  const rows = inProcess(keys).map(([name, value, unit], i) => {
    const [, before] = few[i];
    return [name, format(before, unit), format(value, unit), `${(value / before).toFixed(2)}×`];
  });
  const table = aligned([["", `${count(FEW)} keys`, `${count(keys)} keys`, "ratio"], ...rows], 1).join("\n");
  console.log(table);
  if (values.write) writeSection("scale", `Scale: ${count(keys)} keys on Disk, without waiting for fsync`, table);
}
