/** `npm run soak -- --minutes 10`, or `--rounds 500`: crash runs, and what came of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { noFigures } from "./figures.ts";
import { crashRounds } from "./rounds.ts";

/** How many rounds one store lasts. */
const ROUNDS_A_STORE = 50;

const { values } = parseArgs({
  options: { minutes: { type: "string" }, rounds: { type: "string" }, seed: { type: "string" } },
});
const minutes = Number(values.minutes ?? (values.rounds === undefined ? 1 : Number.POSITIVE_INFINITY));
const rounds = Number(values.rounds ?? Number.POSITIVE_INFINITY);
let seed = Number(values.seed ?? Date.now() % 1e9);
const figures = { durable: noFigures(), relaxed: noFigures() };
const end = performance.now() + minutes * 60_000;
const done = (): number => figures.durable.rounds + figures.relaxed.rounds;
const losses = (): string[] => [...figures.durable.losses, ...figures.relaxed.losses];

for (; performance.now() < end && done() < rounds && losses().length === 0; seed++) {
  const folder = mkdtempSync(join(tmpdir(), "vkv-soak-"));
  const durable = seed % 2 === 0;
  const run = {
    folder,
    seed,
    durable,
    rounds: Math.min(ROUNDS_A_STORE, rounds - done()),
    time: end - performance.now(),
  };
  await crashRounds(run, durable ? figures.durable : figures.relaxed);
  console.log(`seed ${seed}, durable ${durable}: ${done()} rounds`);
  if (losses().length === 0) rmSync(folder, { recursive: true, force: true });
  else console.log(`the store is left in ${folder}`);
}
for (const [name, { losses: wrong, ...rest }] of Object.entries(figures)) {
  console.log(name, rest, `${wrong.length} losses`);
  for (const loss of wrong.slice(0, 20)) console.log(loss);
}
process.exitCode = losses().length === 0 ? 0 : 1;
