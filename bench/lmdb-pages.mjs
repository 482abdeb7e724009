/**
 * How values of different sizes lie in LMDB's pages, for 45-byte random keys (vkv's chunk keys) in random order:
 * file bytes per byte of value, and bytes that a durable commit of six values writes. Prints tables.
 *
 *   node bench/lmdb-pages.mjs [megabytes of values per cell, 12]
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";

const BYTES = Number(process.argv[2] ?? 12) * 1e6;
const SIZES = [
  100, 250, 500, 700, 900, 1000, 1100, 1150, 1200, 1280, 1340, 1500, 1950, 2100, 2700, 3500, 4060, 4110, 6000, 8150,
  9000,
];
const COMMITS = 300;
const PAGE_SIZES = [4096, 8192, 16384];

const key = () => Buffer.from(`n/${randomBytes(32).toString("base64url")}`);
/** Exactly that size, or (`spread`) exponential around it between 0.2 and 4 times it, as the nodes of a tree are. */
const value = (size, spread) =>
  Buffer.alloc(spread ? Math.round(Math.min(4, 0.2 - Math.log(1 - Math.random()) * 0.8) * size) : size, 1);

async function withDatabase(pageSize, options, work) {
  const folder = mkdtempSync(join(tmpdir(), "vkv-pages-"));
  const db = open({
    path: join(folder, "db"),
    noSubdir: false,
    pageSize,
    keyEncoding: "binary",
    encoding: "binary",
    overlappingSync: false,
    ...options,
  });
  try {
    return await work(db, () => statSync(join(folder, "db", "data.mdb")).size);
  } finally {
    await db.close();
    rmSync(folder, { recursive: true });
  }
}

/** Puts up to `limit` bytes of values, `batch` a transaction; returns how many bytes. */
function fill(db, limit, batch, size, spread) {
  let bytes = 0;
  while (bytes < limit) {
    db.transactionSync(() => {
      for (let i = 0; i < batch && bytes < limit; i++) {
        const next = value(size, spread);
        db.put(key(), next);
        bytes += next.length;
      }
    });
  }
  return bytes;
}

const density = (pageSize, size, batch, spread) =>
  withDatabase(pageSize, { noSync: true }, (db, fileSize) => {
    const bytes = fill(db, BYTES, batch, size, spread);
    return fileSize() / bytes;
  });

const written = () => Number(/wchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);

/** Bytes written and microseconds taken by a durable commit of six values into a database of 20,000. */
const commitCost = (pageSize, size) =>
  withDatabase(pageSize, {}, (db) => {
    fill(db, 20_000 * size, 100, size, true);
    const before = written();
    const start = performance.now();
    for (let i = 0; i < COMMITS; i++) {
      db.transactionSync(() => {
        for (let j = 0; j < 6; j++) db.put(key(), value(size, true));
      });
    }
    return [(written() - before) / COMMITS, ((performance.now() - start) * 1000) / COMMITS];
  });

function table(head, rows) {
  console.log(`| ${head.join(" | ")} |\n|${"---:|".repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
}

for (const spread of [false, true]) {
  console.log(
    `\n## File bytes per byte of value; sizes ${spread ? "spread exponentially around the mean (0.2 to 4 times it)" : "all the same"}\n`,
  );
  const rows = [];
  for (const size of SIZES) {
    const row = [size];
    for (const pageSize of PAGE_SIZES) {
      row.push(
        (await density(pageSize, size, 6, spread)).toFixed(2),
        (await density(pageSize, size, 10_000, spread)).toFixed(2),
      );
    }
    rows.push(row);
  }
  table([spread ? "mean B" : "B", ...PAGE_SIZES.flatMap((p) => [`${p}, by 6`, `${p}, by 10,000`])], rows);
}

console.log("\n## One durable commit of six values (spread sizes) into 20,000\n");
const rows = [];
for (const size of [250, 500, 800, 1100, 1500, 2000, 3000, 4000]) {
  const row = [size];
  for (const pageSize of PAGE_SIZES) {
    const [bytes, micros] = await commitCost(pageSize, size);
    row.push(`${(bytes / 1024).toFixed(1)} KiB`, `${Math.round(micros)} µs`);
  }
  rows.push(row);
}
table(["mean B", ...PAGE_SIZES.flatMap((p) => [`${p}: written`, `${p}: time`])], rows);
