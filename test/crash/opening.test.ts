import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Disk } from "../../src/kv/disk.ts";
import { folders } from "../kv/folders.ts";
import { openAndClose } from "./opening.ts";

const newFolder = folders();
const one = Uint8Array.of(1);

it("processes that open and close a store while others write lose nothing", async () => {
  const { missed, endings } = await openAndClose(newFolder(), 300, false);
  expect(missed).toEqual([]);
  expect(endings).toEqual(["done", "done", "done"]);
});

it("a note in LMDB's lock file of an older transaction costs nothing that was written since", async () => {
  const folder = newFolder();
  const store = new Disk(folder);
  for (const key of ["a", "b", "c"]) {
    await store.set(key, one);
    await store.set(`${key}/2`, one);
    setBack(folder, 1);
    expect(await store.cas(`${key}/2`, one, undefined)).toBe(false);
    setBack(folder, 2);
    expect(store.createMany({ [key]: one, [`n/${key}`]: one })).toEqual([key]);
    await store.set(`${key}/3`, one);
  }
  const keys = ["a", "b", "c"].flatMap((key) => [key, `${key}/2`, `${key}/3`, `n/${key}`]);
  expect([...store.keys()]).toEqual(keys.toSorted());
  await store.close();
  await using again = new Disk(folder);
  expect([...again.keys()]).toEqual(keys.toSorted());
});

/** Does what LMDB does when a process opens a store and others commit so many transactions meanwhile. */
function setBack(folder: string, transactions: number): void {
  const fd = openSync(join(folder, "lock.mdb"), "r+");
  const note = new BigUint64Array(1);
  readSync(fd, note, 0, 8, 8);
  note[0] = (note[0] ?? 0n) - BigInt(transactions);
  writeSync(fd, note, 0, 8, 8);
  closeSync(fd);
}
