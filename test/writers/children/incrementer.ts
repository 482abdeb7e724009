/**
 * One of several processes that raise one counter by one, again and again, and count their tries. Begins at a message.
 * Arguments: the folder, whether it is durable, how it counts, how often.
 */
import { once } from "node:events";
import { writeSync } from "node:fs";
import { counter } from "../../../src/content-types/counter.ts";
import { Disk } from "../../../src/kv/disk.ts";
import { Versioned } from "../../../src/versioned/versioned.ts";
import type { Kind, Progress } from "../contention.ts";

const [, , folder = "", durable = "", kind = "", times = "0"] = process.argv;
const KEY = "count";
const count = counter();

function report(progress: Progress): void {
  writeSync(1, `${JSON.stringify(progress)}\n`);
}

function raised(value: Uint8Array | undefined): Uint8Array {
  return count.encode((value === undefined ? 0n : count.decode(value)) + 1n);
}

/** Counts the tries to move the branch, and to change the plain key. */
class CountingDisk extends Disk {
  tries = 0;

  override cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    if (key === "b/main" || key === KEY) this.tries++;
    return super.cas(key, value, expected);
  }
}

const store = new CountingDisk(folder, { durable: durable === "true" });
const v = await Versioned.open(store);
v.setContentType(KEY, count);

/** The ways to raise the counter. The last one does without versions. */
const ways: Record<Kind, (i: number) => Promise<unknown>> = {
  transact: () => v.transact(async (tx) => tx.snapshot({ [KEY]: raised(await tx.get(KEY)) })),
  merge: async (i) => {
    await v.snapshot({ [KEY]: raised(await v.get(KEY)) }, { info: { process: process.pid, i } });
    await v.merge();
  },
  cas: async () => {
    for (;;) {
      const old = store.get(KEY);
      if (await store.cas(KEY, raised(old), old)) return;
    }
  },
};

report({ done: 0, tries: [] });
await once(process, "message");
const work = ways[kind as Kind];
let tries: number[] = [];
for (let i = 1; i <= Number(times); i++) {
  store.tries = 0;
  await work(i);
  tries.push(store.tries);
  if (i % 10 === 0 || i === Number(times)) {
    report({ done: i, tries });
    tries = [];
  }
}
await store.close();
process.disconnect?.();
