/** W8: a scan of the 1,000 keys and values under one prefix. */
import { prefixOf, Random } from "../harness/data.mjs";
import { expect } from "../harness/measure.mjs";

const KEYS = 1000;

export const scan = {
  id: "W8",
  title: "scan 1,000 keys and values of one prefix",
  sizes: [100_000, 1_000_000],
  needs: ["load", "scan"],
  metrics: {
    array: { title: "as an array", unit: "µs", targets: { 100000: 80 } },
    iterate: { title: "async iteration", unit: "µs", targets: { 100000: 250 } },
  },
  async run({ n, clock, loaded }) {
    const system = await loaded();
    const random = new Random(11);
    const prefix = () => prefixOf(random.below(n / KEYS), n);
    let found = [];
    const array = await clock.each(500, prefix, async (wanted) => {
      found = await system.scan(wanted);
    });
    expect(found.length, KEYS, "keys found");
    expect(found[7][1].length, 100, "bytes of a value");
    if (system.iterate === undefined) return { array: array.median * 1000 };
    let bytes = 0;
    const iterate = await clock.each(500, prefix, async (wanted) => {
      bytes = 0;
      for await (const [, value] of system.iterate(wanted)) bytes += value.length;
    });
    expect(bytes, KEYS * 100, "bytes iterated");
    return { array: array.median * 1000, iterate: iterate.median * 1000 };
  },
};
