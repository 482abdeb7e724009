/** `npm run bench`: see bench/README.md, or `npm run bench -- --help`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { install } from "./harness/install.mjs";
import { machine, today, versions } from "./harness/machine.mjs";
import { count, parseOptions } from "./harness/options.mjs";
import { runTask } from "./harness/spawn.mjs";
import { baseIn, chooseSystems } from "./harness/systems.mjs";
import { tableOf } from "./harness/table.mjs";

/** A run that took longer (seconds) is not repeated. */
const PATIENCE = 120;

const options = parseOptions(process.argv.slice(2));
if (options !== undefined) await main(options);

async function main({ chosen, sizesOf, peers, base, runs, quick, profile, write }) {
  const systems = chooseSystems(profile === undefined ? peers : "none");
  if (base !== undefined) systems.push(baseIn(base));
  const scratch = mkdtempSync(join(tmpdir(), "vkv-bench-"));
  const profiles = profile === "" ? mkdtempSync(join(tmpdir(), "vkv-profile-")) : profile;
  const skipped = new Map(systems.flatMap((system) => notInstalled(system)));
  const stores = new Map();
  const tables = [];
  const show = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

  /** The folder with the store of a system, made once; undefined if it cannot be. */
  async function storeOf(system, n) {
    const name = `${system.name}-${n}`;
    if (stores.has(name)) return stores.get(name);
    show(`${system.name}: a store of ${count(n)} keys`);
    const folder = mkdtempSync(join(scratch, "store-"));
    const result = await runTask(system, { n, quick, folder });
    report(system, result);
    stores.set(name, result.metrics === undefined ? undefined : folder);
    return stores.get(name);
  }

  function report(system, { missing, error }, where = "") {
    if (missing !== undefined) skipped.set(system.name, missing);
    if (error !== undefined) console.error(`${system.name}${where} failed: ${error}`);
  }

  /** One run; undefined if the system cannot do that. */
  async function runOnce(system, workload, n) {
    const folder = workload.prepared ? await storeOf(system, n) : mkdtempSync(join(scratch, "run-"));
    if (folder === undefined) return undefined;
    const file = profiles === undefined ? undefined : join(profiles, `${workload.id}-${n}.cpuprofile`);
    const result = await runTask(system, { workload: workload.id, n, quick, folder, profile: file });
    if (!workload.prepared) rmSync(folder, { recursive: true, force: true });
    report(system, result, ` in ${workload.id}`);
    if (file !== undefined) console.log(`${result.errors}${file}\n`);
    return result;
  }

  async function measure(workload, n) {
    const found = new Map();
    const over = new Set();
    for (let run = 0; run < (workload.onceOnly ? 1 : runs); run++) {
      for (const system of systems) {
        if (over.has(system) || skipped.has(system.name) || n > (system.maxKeys ?? n)) continue;
        show(`${workload.id} ${count(n)}: run ${run + 1}, ${system.name}`);
        const result = await runOnce(system, workload, n);
        if (result?.metrics === undefined || result.seconds > PATIENCE) over.add(system);
        if (result?.metrics !== undefined) found.set(system.name, [...(found.get(system.name) ?? []), result.metrics]);
      }
    }
    show("");
    if (found.size > 0) {
      const table = tableOf(workload, n, found);
      tables.push(table);
      console.log(`${table}\n`);
    }
  }

  try {
    for (const workload of chosen) for (const n of sizesOf(workload)) await measure(workload, n);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  for (const [name, why] of skipped) console.log(`${name} was skipped: ${why}`);
  if (write) writeResults(tables, systems, runs);
}

/** The name of a system that cannot be installed, and why. */
function notInstalled(system) {
  const why = install(system);
  return why === undefined ? [] : [[system.name, why]];
}

function writeResults(tables, systems, runs) {
  const file = fileURLToPath(new URL("results.md", import.meta.url));
  const head = `# Results

Written by \`npm run bench -- --write\` on ${today()}: ${machine()}.
${versions()}.

Medians of ${runs} processes each, which take turns; a system whose process takes over ${PATIENCE} s runs once. Keys like
\`user/000123/profile\`, values of 100 random bytes. A gap below 1.5× is a tie. The last column is the part of the target that
was needed: at most 1 when it is reached. What each workload does is in [README.md](README.md).`;
  const notes = systems.flatMap(({ name, note }) => (note === undefined ? [] : [`- ${name}: ${note}`]));
  const comparable = ["## What is not comparable", "", ...notes].join("\n");
  writeFileSync(file, `${[head, comparable, "## Figures", ...tables].join("\n\n")}\n`);
}
