/**
 * `npm run simulate -- --seed 7 --trace` replays a seed; `npm run simulate -- --seeds 100000` runs many.
 *
 * `--from` is the first of many seeds, `--sort` runs one sort only, and `--mutant` breaks a rule of the protocol first.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { hunt } from "./hunt.ts";
import { MUTANTS } from "./mutants.ts";
import type { Failure, Found } from "./worker.ts";

/** How many seeds a worker runs before it says what it found. */
const BLOCK = 1000;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    sort: { type: "string" },
    trace: { type: "boolean", default: false },
    mutant: { type: "string" },
  },
});
const mutant = values.mutant === undefined ? undefined : MUTANTS[values.mutant];
if (values.mutant !== undefined && mutant === undefined) {
  throw new RangeError(`There is no such mutant. There are: ${Object.keys(MUTANTS).join("; ")}.`);
}
const sort = values.sort ?? mutant?.sort;

const first = Number(values.seed ?? values.from);
const end = first + (values.seed === undefined ? Number(values.seeds) : 1);
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(end)) throw new RangeError("Seeds are whole numbers.");

const total = new Map<string, number>();
const failures: Failure[] = [];
let next = first;
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    while (next < end && (mutant === undefined || failures.length === 0)) {
      const from = next;
      next = Math.min(end, from + BLOCK);
      note(
        await hunt(
          { from, count: next - from, failures: mutant === undefined ? 1000 : 1, traced: values.trace, sort },
          mutant?.patches,
        ),
      );
    }
  }),
);
console.log([...total].map(([name, count]) => `${name}: ${count}`).join("\n"));
console.log(`violations: ${failures.length}`);
process.exitCode = failures.length > 0 ? 1 : 0;

function note(found: Found): void {
  for (const [name, count] of Object.entries(found.figures)) total.set(name, (total.get(name) ?? 0) + count);
  if (values.trace) console.log(found.trace.join("\n"));
  for (const { seed, violation } of found.failures) console.log(`Seed ${seed}: ${violation}`);
  failures.push(...found.failures);
}
