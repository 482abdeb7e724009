// What each operation asks of a store on S3: requests, round trips, and what Amazon would charge for them. Needs a server and a
// bucket that exists; writes under a prefix of its own, and removes all of it.
//
//   npm run build
//   AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… node bench/s3-requests.mjs http://127.0.0.1:7070 my-bucket [keys]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3 } from "@aws-sdk/client-s3";
import { Memory, Versioned } from "vkv";
import { Disk } from "vkv/disk";
import { S3Store } from "vkv/s3";
import { Tiered } from "vkv/tiered";

const [endpoint, bucket, keys = "10000"] = process.argv.slice(2);
if (bucket === undefined) throw new Error("Usage: node bench/s3-requests.mjs <endpoint> <bucket> [keys]");
const KEYS = Number(keys);

/** Dollars a request: Amazon S3 Standard, us-east-1. Deleting is free. */
const PRICES = { putObject: 5e-6, listObjectsV2: 5e-6, getObject: 4e-7, deleteObject: 0, deleteObjects: 0 };

const s3 = new S3({ endpoint, region: process.env.AWS_REGION ?? "us-east-1", forcePathStyle: true });
const made = [];
const counts = { roundTrips: 0, underWay: 0 };

/** Counts what is sent; those that overlap are one round trip. */
const client = Object.fromEntries(
  Object.keys(PRICES).map((name) => [
    name,
    async (input) => {
      if (counts.underWay++ === 0) counts.roundTrips++;
      counts[name] = (counts[name] ?? 0) + 1;
      try {
        return await s3[name](input);
      } finally {
        counts.underWay--;
      }
    },
  ]),
);

const folder = await mkdtemp(join(tmpdir(), "vkv-s3-requests-"));
const disk = new Disk(folder, { durable: false });

/** Shapes of stores, as a new process opens them; the disk outlives processes. */
const SHAPES = {
  S3Store: (prefix) => new S3Store(client, { bucket, prefix }),
  "Tiered([memory, disk, s3])": (prefix) => new Tiered([new Memory(), disk, new S3Store(client, { bucket, prefix })]),
};

async function row(shape, operation, work) {
  for (const name of Object.keys(counts)) counts[name] = 0;
  const result = await work();
  const price = Object.entries(PRICES).reduce((sum, [name, each]) => sum + each * (counts[name] ?? 0), 0);
  const { putObject = 0, getObject = 0, listObjectsV2 = 0, deleteObject = 0, deleteObjects = 0 } = counts;
  const cells = [counts.roundTrips, putObject, getObject, listObjectsV2, deleteObject + deleteObjects];
  console.log(`| ${shape} | ${operation} | ${cells.join(" | ")} | ${(price * 1e6).toFixed(1)} |`);
  return result;
}

const value = (number) => crypto.getRandomValues(new Uint8Array(100)).fill(number % 256, 0, 1);
const keyAt = (number) => `key/${String(number % KEYS).padStart(8, "0")}`;

async function measure(shape, open) {
  const prefix = `bench-${crypto.randomUUID()}`;
  const first = open(prefix);
  made.push(first);
  const v = await row(shape, "open, creating store and branch", () => Versioned.open(first));
  await v.snapshot(Array.from({ length: KEYS }, (_, i) => [keyAt(i), value(i)]));
  await v.merge();
  await row(shape, "snapshot of one key", () => v.snapshot({ [keyAt(7)]: value(1) }));
  await row(shape, "merge, fast-forward", () => v.merge());
  await row(shape, "transact: one key read and written", () =>
    v.transact(async (tx) => {
      await tx.get(keyAt(9));
      await tx.snapshot({ [keyAt(9)]: value(2) });
    }),
  );
  const base = v.currentCommit;
  const other = await Versioned.open(open(prefix));
  await other.snapshot({ [keyAt(4711)]: value(3) });
  await other.merge();
  await v.snapshot({ [keyAt(8000)]: value(4) });
  await row(shape, "merge, three-way, one key a side", () => v.merge());

  const cold = open(prefix);
  const reader = await row(shape, "open, in a new process", () => Versioned.open(cold, { create: false }));
  await row(shape, "get, in a new process", () => reader.get(keyAt(1)));
  await row(shape, "get of the same key again", () => reader.get(keyAt(1)));
  await row(shape, "getMany of 100 keys", () =>
    reader.getMany(Array.from({ length: 100 }, (_, i) => keyAt(i * 97 + 3))),
  );
  await row(shape, "diff with three commits before", () => reader.diff(base, reader.currentCommit));
  await row(shape, "createBranch", () => v.createBranch("side"));
  await row(shape, "listBranches", () => v.listBranches());
  await row(shape, "deleteBranch, the store's first removal", () => v.deleteBranch("side"));
  await v.createBranch("again");
  await row(shape, "deleteBranch", () => v.deleteBranch("again"));
}

console.log(`${KEYS} keys of 100 bytes.`);
console.log("| store | operation | round trips | PUT | GET | LIST | DELETE | $ a million times |");
console.log("|---|---|---|---|---|---|---|---|");
try {
  for (const [shape, open] of Object.entries(SHAPES)) await measure(shape, open);
} finally {
  for (const store of made) await store.clear();
  await disk.close();
  await rm(folder, { recursive: true, force: true });
  s3.destroy();
}
