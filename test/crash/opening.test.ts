import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { StorageError } from "../../src/errors.ts";
import { Disk } from "../../src/kv/disk.ts";
import { LastTransaction } from "../../src/kv/last-transaction.ts";
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
    setBack(folder, 1n);
    expect(await store.cas(`${key}/2`, one, undefined)).toBe(false);
    setBack(folder, 2n);
    expect(store.createMany({ [key]: one, [`n/${key}`]: one })).toEqual([key]);
    await store.set(`${key}/3`, one);
  }
  const keys = ["a", "b", "c"].flatMap((key) => [key, `${key}/2`, `${key}/3`, `n/${key}`]);
  expect([...store.keys()]).toEqual(keys.toSorted());
  await store.close();
  await using again = new Disk(folder);
  expect([...again.keys()]).toEqual(keys.toSorted());
});

it("the note may change once more while a transaction is compared, since another process opens the store", async () => {
  const folder = newFolder();
  await using store = new Disk(folder);
  for (const key of ["a", "b", "c", "d"]) await store.set(key, one);
  const last = new LastTransaction(folder);
  const newest = noteIn(folder);
  for (const [begunAfter, meanwhile] of [
    [2n, 1n],
    [1n, 2n],
    [1n, 0n],
  ] as const) {
    setBack(folder, meanwhile);
    expect(last.isNext(Number(newest - begunAfter) + 1)).toBe(false);
    expect(noteIn(folder)).toBe(newest);
  }
  expect(last.isNext(Number(newest) + 1)).toBe(true);
  last.close();
  expect(store.get("d")).toEqual(one);
});

it("a lock file that is none, or whose note is ahead of the data, is an error and is left as it is", async () => {
  const folder = newFolder();
  const store = new Disk(folder);
  await store.set("a", one);
  await store.close();
  const last = new LastTransaction(folder);
  const newest = noteIn(folder);
  setBack(folder, -1n);
  expect(() => last.isNext(Number(newest))).toThrow(StorageError);
  expect(noteIn(folder)).toBe(newest + 1n);
  setBack(folder, 1n);
  writeFileSync(join(folder, "lock.mdb"), new Uint8Array(64));
  expect(() => last.isNext(Number(newest))).toThrow(StorageError);
  expect(noteIn(folder)).toBe(0n);
  last.close();
});

/** Does what LMDB does when a process opens a store and others commit so many transactions meanwhile. */
function setBack(folder: string, transactions: bigint): void {
  const note = BigUint64Array.of(noteIn(folder) - transactions);
  const fd = openSync(join(folder, "lock.mdb"), "r+");
  writeSync(fd, note, 0, 8, 8);
  closeSync(fd);
}

/** The last transaction, as LMDB's lock file has it. */
function noteIn(folder: string): bigint {
  return readFileSync(join(folder, "lock.mdb")).readBigUInt64LE(8);
}
