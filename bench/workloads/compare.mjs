/** W5 to W7: diff, three-way merge, branch. */
import { Random, updatesOf } from "../harness/data.mjs";
import { expect } from "../harness/measure.mjs";

const KEYS = 10;

export const diff = {
  id: "W5",
  title: `diff of two commits, ${KEYS} keys differ`,
  sizes: [100_000, 1_000_000],
  needs: ["load", "commit", "diff"],
  metrics: { diff: { title: "diff", unit: "µs", targets: { 100000: 60, 1000000: 120 } } },
  async run({ n, clock, loaded }) {
    const system = await loaded();
    const random = new Random(9);
    let before = await system.commit(updatesOf(random, KEYS, n));
    let found;
    const time = await clock.each(
      300,
      async () => {
        const both = [before, await system.commit(updatesOf(random, KEYS, n))];
        before = both[1];
        await system.beforeDiff?.();
        return both;
      },
      async ([a, b]) => {
        found = await system.diff(a, b);
      },
    );
    expect(found, KEYS, "keys that differ");
    return { diff: time.median * 1000 };
  },
};

export const merge = {
  id: "W6",
  title: `three-way merge, ${KEYS} keys on either side`,
  sizes: [100_000, 1_000_000],
  needs: ["load", "sides", "merge", "get"],
  metrics: { merge: { title: "merge", unit: "ms", targets: { 100000: 0.4 } } },
  async run({ n, clock, loaded }) {
    const system = await loaded();
    const random = new Random(10);
    let all = [];
    const time = await clock.each(
      300,
      () => {
        all = updatesOf(random, 2 * KEYS, n);
        return system.sides(all.slice(0, KEYS), all.slice(KEYS));
      },
      (sides) => system.merge(sides),
    );
    for (const [key, value] of all) expect(await system.get(key), value, `the merged value of ${key}`);
    return { merge: time.median };
  },
};

export const branch = {
  id: "W7",
  title: "create a branch",
  sizes: [100_000],
  needs: ["load", "branch", "branches"],
  metrics: { branch: { title: "branch", unit: "µs", targets: { 100000: 20 } } },
  async run({ clock, loaded }) {
    const system = await loaded();
    let created = 0;
    const time = await clock.each(
      1000,
      () => `branch-${created++}`,
      (name) => system.branch(name),
    );
    expect((await system.branches()) >= created, true, `at least ${created} branches are there`);
    return { branch: time.median * 1000 };
  },
};
