/** W2 and W3: commits of one key and of a hundred, published; in memory, and on disk beside a plain put. */
import { keyOf, Random, updatesOf } from "../harness/data.mjs";
import { expect } from "../harness/measure.mjs";

const micros = ({ median }) => median * 1000;

/** Fails unless the last of `updates` is what can be read. */
async function check(system, updates) {
  const [key, value] = updates.at(-1);
  expect(await system.get(key), value, `the value of ${key} after the commit`);
}

export const oneKey = {
  id: "W2",
  title: "one-key commit",
  sizes: [1000, 100_000, 1_000_000],
  needs: ["load", "commit", "get"],
  metrics: {
    update: { title: "update, median", unit: "µs", targets: { 100000: 30 } },
    mean: { title: "update, mean", unit: "µs" },
    insert: { title: "insert, median", unit: "µs", targets: { 100000: 60 } },
  },
  flat: { metric: "update", from: 1000, to: 1_000_000, target: 3 },
  async run({ n, clock, loaded }) {
    const system = await loaded();
    const random = new Random(3);
    let last = [];
    const commit = (updates) => {
      last = updates;
      return system.commit(updates);
    };
    const update = await clock.each(2000, () => updatesOf(random, 1, n), commit);
    await check(system, last);
    const fresh = random.shuffle(Array.from({ length: n }, (_, i) => i));
    const [value] = random.values(1);
    const insert = await clock.each(Math.min(2000, n / 4), () => [[keyOf(fresh.pop(), n, "avatar"), value]], commit);
    await check(system, last);
    return { update: micros(update), mean: update.mean * 1000, insert: micros(insert) };
  },
};

export const durableOneKey = {
  id: "W2d",
  title: "one-key commit on disk, durable (fsync), each beside one plain durable put into the same database",
  medium: "disk",
  durable: true,
  sizes: [100_000],
  needs: ["load", "commit", "get"],
  metrics: {
    commit: { title: "commit", unit: "µs" },
    put: { title: "plain put", unit: "µs", baseline: true },
    ratio: { title: "commit ÷ plain put", unit: "×", targets: { 100000: 1.2 } },
  },
  async run({ n, clock, loaded }) {
    const system = await loaded();
    const random = new Random(4);
    let last = [];
    const runs = [(updates) => system.commit(updates)];
    if (system.plainPut !== undefined) runs.push(([[key, value]]) => system.plainPut(`plain/${key}`, value));
    const prepare = () => {
      last = updatesOf(random, 1, n);
      return last;
    };
    const [commit, put] = await clock.interleaved(1000, prepare, runs);
    await check(system, last);
    if (put === undefined) return { commit: micros(commit) };
    return { commit: micros(commit), put: micros(put), ratio: commit.median / put.median };
  },
};

export const lazyOneKey = {
  id: "W2n",
  title: "one-key commit on disk, without waiting for fsync",
  medium: "disk",
  sizes: [100_000],
  needs: ["load", "commit", "get"],
  metrics: {
    commit: { title: "median", unit: "µs", targets: { 100000: 80 } },
    mean: { title: "mean", unit: "µs" },
  },
  async run({ n, clock, loaded }) {
    const system = await loaded();
    const random = new Random(4);
    let last = [];
    const commit = await clock.each(
      1000,
      () => {
        last = updatesOf(random, 1, n);
        return last;
      },
      (updates) => system.commit(updates),
    );
    await check(system, last);
    return { commit: micros(commit), mean: commit.mean * 1000 };
  },
};

export const hundredKeys = {
  id: "W3",
  title: "100-key commit",
  sizes: [100_000, 1_000_000],
  needs: ["load", "commit", "get"],
  metrics: { commit: { title: "commit", unit: "ms", targets: { 100000: 1.2, 1000000: 2 } } },
  async run({ n, clock, loaded }) {
    const system = await loaded();
    const random = new Random(5);
    let last = [];
    const commit = await clock.each(
      200,
      () => {
        last = updatesOf(random, 100, n);
        return last;
      },
      (updates) => system.commit(updates),
    );
    await check(system, last);
    return { commit: commit.median };
  },
};
