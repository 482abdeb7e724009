/** W4: reads of single keys and of many, each awaited; warm, and cold in a new process. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entriesOf, keyOf, Random } from "../harness/data.mjs";
import { expect } from "../harness/measure.mjs";

const HOT = 1000;
const GETS = 20_000;
const MANY = 1000;

async function getEach(system, keys) {
  for (const key of keys) await system.get(key);
}

/** A sample of keys has the values that were loaded. */
async function check(system, n) {
  let index = 0;
  const step = Math.ceil(n / 10);
  for (const [key, value] of entriesOf(n)) {
    if (index++ % step === 0) expect(await system.get(key), value, `the value of ${key}`);
  }
}

async function run({ n, clock, loaded, quick }) {
  const system = await loaded();
  const random = new Random(7);
  const keys = (count, limit) => Array.from({ length: count }, () => keyOf(random.below(limit), n));
  const warmUntil = performance.now() + (quick ? 500 : 5000);
  for (let i = 0; i < n && performance.now() < warmUntil; i++) await system.get(keyOf(i, n));
  const result = {
    uniform: await clock.rate(
      GETS,
      (count) => keys(count, n),
      (list) => getEach(system, list),
    ),
    hot: await clock.rate(
      GETS,
      (count) => keys(count, HOT),
      (list) => getEach(system, list),
    ),
  };
  if (system.getMany !== undefined) {
    let found;
    const many = async (list) => {
      found = await system.getMany(list);
    };
    result.many = await clock.rateOfMany(MANY, () => random.distinct(MANY, n).map((index) => keyOf(index, n)), many);
    expect(found, MANY, "values found");
    const block = () => {
      const from = random.below(n - MANY + 1);
      return Array.from({ length: MANY }, (_, i) => keyOf(from + i, n));
    };
    result.block = await clock.rateOfMany(MANY, block, many);
    expect(found, MANY, "values found");
  }
  await check(system, n);
  return result;
}

const metrics = {
  uniform: { title: "uniform", unit: "/s", targets: { 100000: 1e6, 1000000: 0.8e6 } },
  hot: { title: `the same ${HOT.toLocaleString("en")} keys`, unit: "/s", targets: { 100000: 1.5e6 } },
  many: { title: "getMany of 1,000, uniform", unit: "/s", targets: { 100000: 1.5e6 } },
  block: { title: "getMany of 1,000, contiguous", unit: "/s", targets: { 100000: 5e6 } },
};
const common = { sizes: [100_000, 1_000_000], needs: ["load", "get"], metrics, run };

export const warmGets = { ...common, id: "W4", title: "warm random get, awaited" };

export const warmGetsOnDisk = { ...common, id: "W4d", title: "warm random get on disk, awaited", medium: "disk" };

const COLD = 1000;

async function coldGets({ n, clock, reopen }) {
  const system = await reopen();
  const keys = new Random(8).distinct(COLD, n).map((index) => keyOf(index, n));
  let bytes = 0;
  const time = await clock.once(async () => {
    for (const key of keys) bytes += (await system.get(key))?.length ?? 0;
  });
  expect(bytes, COLD * 100, "bytes read");
  return { gets: COLD / (time / 1000) };
}

const cold = {
  sizes: [100_000, 1_000_000],
  medium: "disk",
  prepared: true,
  needs: ["get"],
};

export const coldPageCacheWarm = {
  ...cold,
  id: "W4c",
  title: "1,000 cold gets: a new process, pages still in the system's cache",
  metrics: { gets: { title: "random gets", unit: "/s", targets: { 100000: 25_000, 1000000: 18_000 } } },
  run(context) {
    for (const path of filesIn(context.folder)) readFileSync(path);
    return coldGets(context);
  },
};

export const coldPageCacheDropped = {
  ...cold,
  id: "W4x",
  title: "1,000 cold gets: a new process, the system's page cache dropped",
  metrics: { gets: { title: "random gets", unit: "/s", targets: { 100000: 4000, 1000000: 4000 } } },
  async run(context) {
    if (!dropPageCache()) return undefined;
    return coldGets(context);
  },
};

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Whether it could: it needs the right to. */
function dropPageCache() {
  spawnSync("sync");
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "3");
    return true;
  } catch {
    return false;
  }
}
