/** W1: a bulk load of everything as the first commit. */
import { entriesOf, keyOf, Random } from "../harness/data.mjs";
import { expect } from "../harness/measure.mjs";

const load = (id, title, targets, arrange) => ({
  id,
  title,
  sizes: [100_000, 1_000_000],
  needs: ["load", "get"],
  metrics: { load: { title: "load and first commit", unit: "ms", targets } },
  async run({ n, clock, create }) {
    const entries = arrange([...entriesOf(n)]);
    const system = await create();
    const time = await clock.once(() => system.load(entries));
    const [key, value] = entries[n >> 1];
    expect(await system.get(key), value, `the value of ${key}`);
    expect(await system.get(keyOf(n, n)), undefined, "a key that is not there");
    return { load: time };
  },
});

export const sortedLoad = load("W1", "bulk load, in key order", { 100000: 150, 1000000: 1600 }, (entries) => entries);

export const shuffledLoad = load("W1s", "bulk load, shuffled", { 100000: 250 }, (entries) =>
  new Random(2).shuffle(entries),
);
