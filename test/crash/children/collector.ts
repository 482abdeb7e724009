/**
 * The collector of a crash run: collects again and again, and now and then cuts off old history before. Arguments: the
 * folder, whether it is durable, a seed.
 */
import { collectGarbage } from "../../../src/commit/collect.ts";
import { retainHistory } from "../../../src/commit/retain.ts";
import { Disk } from "../../../src/kv/disk.ts";
import { randomFrom } from "../../support/tree.ts";
import { beWakeable, report, workWhenTold } from "../report.ts";

const [, , folder = "", durable = "", seed = "1"] = process.argv;
const random = randomFrom(Number(seed));
beWakeable();
const store = new Disk(folder, { durable: durable === "true" });

workWhenTold(async () => {
  if (random(3) === 0) {
    const kept = await retainHistory(store, { commits: 10 + random(200) });
    report({ cut: kept.filter(({ cut }) => cut).length });
  }
  const { completed } = await collectGarbage(store, { minAge: random(2) * random(100) });
  report({ collected: completed });
  await new Promise((resolve) => setTimeout(resolve, random(10)));
});
