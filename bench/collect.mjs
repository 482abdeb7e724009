// What a collection costs on Disk, in a process of its own: `npm run build && node bench/collect.mjs [chunks]`.
// Half of the chunks is garbage: values of 600 bytes, which lie in chunks of their own, on a branch that is deleted.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { collectGarbage, Versioned } from "vkv";
import { Disk } from "vkv/disk";

const LOAD = 20_000;
const MIB = 1024 * 1024;

async function fill(v, name, count) {
  for (let from = 0; from < count; from += LOAD) {
    const entries = Array.from({ length: Math.min(LOAD, count - from) }, (_, i) => [
      `${name}/${String(from + i).padStart(8, "0")}`,
      crypto.getRandomValues(new Uint8Array(600)),
    ]);
    await v.snapshot(entries);
  }
  await v.merge();
}

async function make(folder, chunks) {
  const store = new Disk(folder, { durable: false });
  const main = await Versioned.open(store);
  const other = await main.createBranch("other");
  await fill(main, "live", chunks / 2);
  await fill(other, "garbage", chunks / 2);
  await main.deleteBranch("other");
  await store.close();
}

/** MiB of memory that is this process's own (on Linux): the pages of the file, which the system can take back at any time, aside. */
function ownMemory() {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

async function collect(folder) {
  const store = new Disk(folder, { durable: false });
  let marked = 0;
  let markedAfter = 0;
  let peak = 0;
  const start = performance.now();
  const result = await collectGarbage(store, {
    minAge: 0,
    onProgress: ({ phase, chunks }) => {
      peak = Math.max(peak, ownMemory());
      if (phase !== "mark") return;
      marked = chunks;
      markedAfter = performance.now() - start;
    },
  });
  const seconds = (performance.now() - start) / 1000;
  const removed = result.commits + result.chunks;
  console.log(
    `${marked} chunks marked in ${(markedAfter / 1000).toFixed(1)} s, ${removed} (${(result.bytes / MIB).toFixed(0)} MiB) removed; ${seconds.toFixed(1)} s in all`,
  );
  console.log(`peak memory ${peak.toFixed(0)} MiB, the mapped pages of the file aside`);
  await store.close();
}

const [what = "1000000", folder = ""] = process.argv.slice(2);
if (what === "make") await make(folder, Number(process.argv[4]));
else if (what === "collect") await collect(folder);
else {
  const made = await mkdtemp(join(tmpdir(), "vkv-collect-"));
  const script = fileURLToPath(import.meta.url);
  for (const step of [
    ["make", made, what],
    ["collect", made],
  ]) {
    const { status } = spawnSync(process.execPath, [script, ...step], { stdio: "inherit" });
    if (status !== 0) process.exitCode = 1;
  }
  await rm(made, { recursive: true });
}
