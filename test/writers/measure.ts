/** `npx tsx test/writers/measure.ts --times 1000 --processes 8`: how many processes get on with one branch. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contend, type Kind } from "./contention.ts";

const { values } = parseArgs({
  options: { processes: { type: "string", default: "8" }, times: { type: "string", default: "1000" } },
});
const kinds: readonly Kind[] = ["transact", "merge", "cas"];
console.log("| | durable | per second | tries p50 / p90 / p99 / max | slowest / mean | first to last done |");
console.log("|---|---|---|---|---|---|");
for (const durable of [true, false]) {
  for (const kind of kinds) {
    const folder = mkdtempSync(join(tmpdir(), "vkv-writers-"));
    try {
      const run = { folder, durable, kind, processes: Number(values.processes), times: Number(values.times) };
      const { count, perSecond, tries, slowest, finished } = await contend(run);
      if (count !== BigInt(run.processes * run.times)) throw new Error(`The counter is ${count}.`);
      const { p50, p90, p99, max } = tries;
      const times = `${finished[0]?.toFixed(1)} s to ${finished.at(-1)?.toFixed(1)} s`;
      console.log(
        `| ${kind} | ${durable} | ${perSecond.toFixed(0)} | ${p50} / ${p90} / ${p99} / ${max} | ${slowest.toFixed(2)} | ${times} |`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
