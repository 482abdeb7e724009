/** `npm run bench`: see bench/README.md, or `npm run bench -- --help`. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions } from "./harness/options.mjs";
import { writeTable } from "./harness/report.mjs";
import { Runner } from "./harness/runner.mjs";
import { baseIn, chooseSystems } from "./harness/systems.mjs";
import { tableOf } from "./harness/table.mjs";

const wanted = understand(process.argv.slice(2));
if (wanted !== undefined) await main(wanted);

/** The options and the systems they name; undefined when there is nothing to run. */
function understand(args) {
  try {
    const options = parseOptions(args);
    if (options === undefined) return undefined;
    const { profile, peers, base } = options;
    const systems = chooseSystems(profile === undefined ? peers : "none");
    return { ...options, systems: base === undefined ? systems : [...systems, baseIn(base)] };
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
    return undefined;
  }
}

async function main({ chosen, sizesOf, systems, runs, patience, quick, profile, write }) {
  const profiles = profile === "" ? mkdtempSync(join(tmpdir(), "vkv-profile-")) : profile;
  const runner = new Runner(systems, { runs, patience, quick, profiles });
  try {
    for (const workload of chosen) {
      console.log(`## ${workload.id}: ${workload.title}\n`);
      for (const n of sizesOf(workload)) {
        const found = await runner.measure(workload, n);
        if (found.size === 0) continue;
        const table = tableOf(workload, n, found);
        console.log(`${table}\n`);
        if (write) writeTable(workload, table);
      }
    }
  } finally {
    runner.close();
  }
}
