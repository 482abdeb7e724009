/**
 * Measures what one operation costs with 1,000 to 1,000,000 keys, and draws bench/cost-against-n.svg:
 * `npm run build && node bench/plot.mjs [--sizes 1k,10k,100k,1M] [--peers all] [--runs 3] [--quick]`.
 */
import { writeFileSync } from "node:fs";
import { parseOptions } from "./harness/options.mjs";
import { plot } from "./harness/plot.mjs";
import { Runner } from "./harness/runner.mjs";
import { chooseSystems } from "./harness/systems.mjs";
import { summary } from "./harness/table.mjs";

/** The metric of each workload that is drawn, and how it becomes microseconds. */
const PANELS = [
  ["W2", "update", "one-key commit", (value) => value],
  ["W4", "uniform", "random get", (rate) => 1e6 / rate],
  ["W5", "diff", "diff of 10 keys", (value) => value],
  ["W6", "merge", "three-way merge of 10 + 10 keys", (value) => value * 1000],
  ["W7", "branch", "create a branch", (value) => value],
];
const USUAL = ["--sizes", "1k,10k,100k,1M", "--runs", "3"];

const options = parseOptions([...PANELS.map(([id]) => id), ...USUAL, ...process.argv.slice(2)]);
const runner = new Runner(chooseSystems(options.peers), options);
const panels = [];
try {
  for (const [i, [, metric, title, toMicros]] of PANELS.entries()) {
    const workload = options.chosen[i];
    const series = new Map();
    for (const n of options.sizesOf(workload)) {
      for (const [name, runs] of await runner.measure(workload, n)) {
        const cost = toMicros(summary(runs, metric).median);
        series.set(name, [...(series.get(name) ?? []), [n, cost]]);
        console.log(`${workload.id} ${n} ${name}: ${cost.toPrecision(3)} µs`);
      }
    }
    panels.push({ title, series });
    writeFileSync(new URL("cost-against-n.svg", import.meta.url), plot(panels));
  }
} finally {
  runner.close();
}
