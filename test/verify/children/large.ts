/**
 * `fill <folder> <keys> <commits>`: makes a store with so many keys and commits.
 * `verify <folder>`: verifies it, and prints what that took, as JSON.
 */

import { verify } from "../../../src/commit/verify.ts";
import { Disk } from "../../../src/kv/disk.ts";
import { Versioned } from "../../../src/versioned/versioned.ts";
import { noise } from "../../support/tree.ts";

/** What a verification found and took. */
export interface Taken {
  readonly ok: boolean;
  readonly problems: number;
  readonly chunks: number;
  /** The most bytes that JavaScript's heap and its array buffers had at any time. */
  readonly peak: number;
}

const keyOf = (i: number): string => `user/${String(i).padStart(8, "0")}`;

async function fill(n: number, times: number): Promise<void> {
  const v = await Versioned.open(store);
  for (let from = 0; from < n; from += 100_000) {
    const count = Math.min(100_000, n - from);
    await v.snapshot(
      Array.from({ length: count }, (_, i): [string, Uint8Array] => [keyOf(from + i), noise(16, from + i)]),
    );
    await v.merge();
  }
  for (let i = 0; i < times; i++) {
    await v.snapshot({ [keyOf((i * 7919) % n)]: noise(16, n + i) });
    if (i % 100 === 99) await v.merge();
  }
  await v.merge();
}

async function measure(): Promise<Taken> {
  let [peak, chunks] = [0, 0];
  const { ok, problems } = await verify(store, {
    onProgress: (progress) => {
      const { heapUsed, external } = process.memoryUsage();
      peak = Math.max(peak, heapUsed + external);
      chunks = progress.chunks;
    },
  });
  return { ok, problems: problems.length, chunks, peak };
}

const [, , what, folder = "", keys = "", commits = ""] = process.argv;
const store = new Disk(folder, { durable: false });
if (what === "fill") await fill(Number(keys), Number(commits));
else process.stdout.write(JSON.stringify(await measure()));
await store.close();
