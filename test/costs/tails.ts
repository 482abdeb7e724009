/** What reading costs where the newest commits store what they changed, counted. */
import assert from "node:assert/strict";
import { Versioned } from "../../src/versioned/versioned.ts";
import { CountingStore } from "../support/counting-store.ts";
import { type Cost, fill, keyOf, versionOf } from "./operations.ts";

/** The commits above the last that stores its tree. */
const LENGTH = 1000;

/** Every row, each with cold caches: on a commit in the middle of the tail unless it says so. */
export async function measureTails(n: number): Promise<Map<string, Cost>> {
  const { store } = await fill(n, 2 * LENGTH);
  const v = await Versioned.open(store);
  const ids = [v.currentCommit];
  const indexOf = (i: number): number => (i * 7919) % n;
  const written: number[] = [];
  const counting = new CountingStore(store);
  const writer = await Versioned.open(counting);
  for (let i = 1; i < LENGTH; i++) {
    counting.reset();
    ids.push(await writer.snapshot({ [keyOf(indexOf(i))]: versionOf(indexOf(i), i) }));
    written.push(counting.written);
  }
  await writer.merge();
  const at = (position: number): string => ids[position] ?? "";
  const middle = LENGTH / 2;
  const rows = new Map<string, Cost>();
  const row = async <T>(name: string, commit: string | undefined, work: (v: Versioned) => Promise<T>): Promise<T> => {
    const cold = new CountingStore(store);
    const reader = await Versioned.open(cold);
    const handle = commit === undefined ? reader : await reader.checkout(commit);
    assert(handle !== undefined);
    cold.reset();
    const result = await work(handle);
    const reads = cold.count("get").items + cold.count("getMany").items;
    rows.set(name, { roundTrips: cold.roundTrips, reads, written: cold.written });
    return result;
  };
  const spread = Array.from({ length: 100 }, (_, i) => keyOf(Math.floor((i * n) / 100)));
  const changed = indexOf(middle);
  assert.deepEqual(await row("get", at(middle), (v) => v.get(keyOf(changed))), versionOf(changed, middle));
  assert.deepEqual(
    await row("get at the newest commit", undefined, (v) => v.get(keyOf(changed))),
    versionOf(changed, middle),
  );
  assert(await row("get at the second commit", at(1), (v) => v.get(keyOf(changed))));
  await row("get, then get at the commit below", at(middle), async (v) => {
    await v.get(keyOf(changed));
    return (await v.checkout(at(middle - 1)))?.get(keyOf(changed));
  });
  assert.equal((await row("getMany of 100 keys", at(middle), (v) => v.getMany(spread))).size, 100);
  assert.equal((await row("scan of 1,000 keys", at(middle), (v) => v.keys({ limit: 1000 }).toArray())).length, 1000);
  assert.equal((await row("diff of 1 key", at(middle), (v) => v.diff(at(middle - 1), at(middle)))).modified.size, 1);
  assert.equal(
    (await row("diff of 100 keys", at(middle), (v) => v.diff(at(middle - 100), at(middle)))).modified.size,
    100,
  );
  await row("snapshot of 1 key", undefined, (v) => v.snapshot({ [keyOf(3)]: versionOf(3, 1) }));
  const other = await Versioned.open(store, { branch: "other", commit: at(middle) });
  await other.snapshot({ [keyOf(5)]: versionOf(5, 1) });
  await other.merge();
  const merged = await row("mergeFrom a branch that left the tail in the middle", undefined, (v) =>
    v.mergeFrom("other"),
  );
  assert.equal(merged.strategy, "three_way");
  const most = Math.max(...written);
  rows.set("snapshot of 1 key, warm, the most of 999", { roundTrips: 1, reads: 0, written: most });
  return rows;
}
