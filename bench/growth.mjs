/**
 * By how much a store of a million keys grows with every one-key commit, over 30,000 of them: everything that lies in the
 * store is counted, keys and values. `npm run build && node bench/growth.mjs [--keys 1000000] [--commits 30000] [--write]`.
 */
import { parseArgs } from "node:util";
import { Memory, Versioned } from "vkv";
import { entriesOf, keyOf, Random } from "./harness/data.mjs";
import { expect } from "./harness/measure.mjs";
import { writeSection } from "./harness/report.mjs";
import { aligned } from "./harness/table.mjs";

const HOT = 100;
const options = { keys: { type: "string" }, commits: { type: "string" }, write: { type: "boolean" } };
const { values } = parseArgs({ options });
const KEYS = Number(values.keys ?? 1_000_000);
const COMMITS = Number(values.commits ?? 30_000);

/** Bytes of all keys and values, by what the keys begin with. */
async function stored(store) {
  const bytes = new Map();
  for await (const [key, value] of store.entries()) {
    const kind = key.split("/", 1)[0];
    bytes.set(kind, (bytes.get(kind) ?? 0) + Buffer.byteLength(key) + value.length);
  }
  return bytes;
}

async function grow(store, main, pick) {
  const random = new Random(14);
  const before = await stored(store);
  const start = performance.now();
  let last = [];
  for (let i = 0; i < COMMITS; i++) {
    last = [keyOf(pick(random), KEYS), random.values(1)[0]];
    await main.snapshot([last]);
    await main.merge();
  }
  const micros = ((performance.now() - start) * 1000) / COMMITS;
  expect(await main.get(last[0]), last[1], `the value of ${last[0]}`);
  const after = await stored(store);
  const kinds = [...after].map(([kind, bytes]) => [kind, (bytes - (before.get(kind) ?? 0)) / COMMITS]);
  return { kinds, micros, total: kinds.reduce((sum, [, bytes]) => sum + bytes, 0) };
}

const store = new Memory();
const main = await Versioned.open(store);
await main.snapshot(entriesOf(KEYS));
await main.merge();
const head = main.currentCommit;
const rows = [["keys", "by what its key begins with", "bytes a commit", "target", "µs a commit"]];
for (const [name, target, pick] of [
  ["random", 700, (random) => random.below(KEYS)],
  [`${HOT} hot ones`, 350, (random) => Math.floor((random.below(HOT) * KEYS) / HOT)],
]) {
  const { kinds, total, micros } = await grow(store, main, pick);
  const parts = kinds.map(([kind, bytes]) => `${kind} ${bytes.toFixed(0)}`).join(", ");
  rows.push([name, parts, total.toFixed(0), String(target), micros.toFixed(0)]);
}
expect(await (await main.checkout(head)).size(), KEYS, "keys of the first commit");
const table = aligned(rows).join("\n");
console.log(table);
const title = `Growth over ${COMMITS.toLocaleString("en")} one-key commits at ${KEYS.toLocaleString("en")} keys, all counted`;
if (values.write) writeSection("growth", title, table);
