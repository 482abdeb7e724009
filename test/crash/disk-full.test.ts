import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { equalValues } from "../../src/bytes.ts";
import { collectGarbage } from "../../src/commit/collect.ts";
import { verify } from "../../src/commit/verify.ts";
import { ConcurrencyError, StorageError } from "../../src/errors.ts";
import { Disk } from "../../src/kv/disk.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { lacks } from "../support/needs.ts";
import { canMount, onSmallDisk } from "../support/small-disk.ts";
import { noise } from "../support/tree.ts";
import { failure } from "../versioned/helpers.ts";

const BYTES = 60_000;

async function publish(v: Versioned, updates: Record<string, Uint8Array>): Promise<void> {
  await v.snapshot(updates);
  await v.merge();
}

/** The store failed; while a branch was being moved, that is what the error is about, and the store's error is its cause. */
function expectNoRoom(error: unknown): void {
  const cause = error instanceof ConcurrencyError ? error.cause : error;
  expect(cause).toBeInstanceOf(StorageError);
  expect(String(cause)).toMatch(/disk full|could not be committed/);
}

/** Publishes one value after another, until that fails; returns how many were acknowledged, and the failure. */
async function fill(v: Versioned): Promise<{ acknowledged: number; error: unknown }> {
  for (let i = 0; ; i++) {
    try {
      await publish(v, { [`k${i}`]: noise(BYTES, i) });
    } catch (error) {
      return { acknowledged: i, error };
    }
  }
}

async function expectAll(store: Disk, acknowledged: number): Promise<Versioned> {
  const v = await Versioned.open(store, { create: false });
  expect(await v.size()).toBe(acknowledged);
  for (let i = 0; i < acknowledged; i++) expect(equalValues(await v.get(`k${i}`), noise(BYTES, i))).toBe(true);
  expect((await verify(store)).problems).toEqual([]);
  return v;
}

describe.skipIf(lacks("the right to mount a disk", canMount()))("a branch on a full disk", () => {
  it.each([true, false])(
    "holds all that was acknowledged, and goes on when there is room, with durable: %s",
    (durable) =>
      onSmallDisk(async (disk) => {
        const filler = join(disk, "filler");
        writeFileSync(filler, new Uint8Array(2_000_000));
        const folder = join(disk, "db");
        const store = new Disk(folder, { durable });
        const v = await Versioned.open(store);
        const { acknowledged, error } = await fill(v);
        expectNoRoom(error);
        expect(acknowledged).toBeGreaterThan(5);
        await expectAll(store, acknowledged);
        // Still full: fails again, in the same way.
        expectNoRoom(await failure(publish(v, { more: noise(500_000, 1) })));
        await store.close();

        await using again = new Disk(folder, { durable });
        await expectAll(again, acknowledged);
        rmSync(filler);
        const there = await expectAll(again, acknowledged);
        await there.snapshot({ [`k${acknowledged}`]: noise(BYTES, acknowledged) });
        await there.merge();
        await collectGarbage(again, { minAge: 0 });
        await expectAll(again, acknowledged + 1);
      }, "4m"),
  );
});
