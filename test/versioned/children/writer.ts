import { counter } from "../../../src/content-types/counter.ts";
import { Disk } from "../../../src/kv/disk.ts";
import { Versioned } from "../../../src/versioned/versioned.ts";

/** One of several processes that write one branch: adds to two counters, one in transactions, one by merges with a rule, and sets a key of its own each time. */
const [, , folder = "", name = "", times = "0"] = process.argv;
const count = counter();
await using store = new Disk(folder);
const v = await Versioned.open(store);
v.setContentType("merged", count);
for (let i = 0; i < Number(times); i++) {
  await v.transact(async (tx) => {
    const before = await tx.get("transacted");
    await tx.snapshot({ transacted: count.encode((before === undefined ? 0n : count.decode(before)) + 1n) });
  });
  const merged = await v.get("merged");
  const updates = {
    merged: count.encode((merged === undefined ? 0n : count.decode(merged)) + 1n),
    [`${name}/${i}`]: new Uint8Array([i]),
  };
  await v.snapshot(updates, { info: { name, i } });
  await v.merge();
}
