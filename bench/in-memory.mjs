// How long one-key commits, diffs and merges take in memory: `npm run build && node bench/in-memory.mjs [keys]`.
// Medians; what peers need is in their own units, not here.
import { Memory, Versioned } from "vkv";

const KEYS = Number(process.argv[2] ?? 100_000);
const keyOf = (index) => `user/${String(index).padStart(6, "0")}/profile`;
const anyKey = () => keyOf(Math.floor(Math.random() * KEYS));
const anyValue = () => crypto.getRandomValues(new Uint8Array(100));
const someKeys = (count) => Array.from({ length: count }, () => [anyKey(), anyValue()]);

async function median(runs, prepare, run) {
  const times = [];
  for (let i = 0; i < runs * 1.5; i++) {
    const prepared = await prepare();
    const start = performance.now();
    await run(prepared);
    if (i >= runs * 0.5) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

const v = await Versioned.open(new Memory());
await v.snapshot(Array.from({ length: KEYS }, (_, index) => [keyOf(index), anyValue()]));
await v.merge();

const commit = () =>
  median(
    2000,
    () => someKeys(1),
    async (updates) => {
      await v.snapshot(updates);
      await v.merge();
    },
  );

const diff = (count) =>
  median(
    500,
    async () => {
      const before = v.currentCommit;
      await v.snapshot(someKeys(count));
      return [before, v.currentCommit];
    },
    ([before, after]) => v.diff(before, after),
  );

const merge = (count) =>
  median(
    500,
    async () => {
      await v.merge();
      const other = await v.checkout(v.currentCommit);
      await other.snapshot(someKeys(count));
      await other.merge();
      await v.snapshot(someKeys(count));
    },
    () => v.merge({ defaultMerge: "ours" }),
  );

const rows = [
  ["one-key commit: snapshot and merge", await commit()],
  ["diff of two commits, 1 key differs", await diff(1)],
  ["diff of two commits, 10 keys differ", await diff(10)],
  ["three-way merge, 1 key on each side", await merge(1)],
  ["three-way merge, 10 keys on each side", await merge(10)],
];
console.log(`${KEYS.toLocaleString("en")} keys, values of 100 bytes, Node ${process.version}: medians`);
for (const [name, ms] of rows) console.log(`${(ms * 1000).toFixed(0).padStart(6)} µs  ${name}`);
