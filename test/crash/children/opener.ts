/**
 * Opens a store, looks for what it wrote there last, writes the next number and closes it, again and again. Arguments: the
 * folder, whether it is durable, a key, how often. Reports every number that was not there any more.
 */
import { writeSync } from "node:fs";
import { Disk } from "../../../src/kv/disk.ts";

const [, , folder = "", durable = "", key = "", times = "0"] = process.argv;
let last: number | undefined;
for (let i = 0; i < Number(times); i++) {
  const store = new Disk(folder, { durable: durable === "true" });
  const stored = store.get(key);
  const found = stored && new DataView(stored.buffer).getUint32(0, true);
  if (found !== last) writeSync(1, `${JSON.stringify({ key, last, found: found ?? null })}\n`);
  last = i;
  await store.set(key, new Uint8Array(Uint32Array.of(i).buffer));
  await store.close();
}
