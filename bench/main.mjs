/** `npm run bench`: see bench/README.md, or `npm run bench -- --help`. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions } from "./harness/options.mjs";
import { writeSection } from "./harness/report.mjs";
import { Runner } from "./harness/runner.mjs";
import { baseIn, chooseSystems } from "./harness/systems.mjs";
import { tableOf } from "./harness/table.mjs";

const options = parseOptions(process.argv.slice(2));
if (options !== undefined) await main(options);

async function main({ chosen, sizesOf, peers, base, runs, quick, profile, write }) {
  const systems = chooseSystems(profile === undefined ? peers : "none");
  if (base !== undefined) systems.push(baseIn(base));
  const profiles = profile === "" ? mkdtempSync(join(tmpdir(), "vkv-profile-")) : profile;
  const runner = new Runner(systems, { runs, quick, profiles });
  try {
    for (const workload of chosen) {
      const tables = [];
      console.log(`## ${workload.id}: ${workload.title}\n`);
      for (const n of sizesOf(workload)) {
        const found = await runner.measure(workload, n);
        if (found.size === 0) continue;
        tables.push(tableOf(workload, n, found));
        console.log(`${tables.at(-1)}\n`);
      }
      if (write && tables.length > 0)
        writeSection(workload.id, `${workload.id}: ${workload.title}`, tables.join("\n\n"));
    }
  } finally {
    runner.close();
  }
}
