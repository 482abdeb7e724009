/** A small version; the full one is in the long part. */
import { expect, it } from "vitest";
import { folders } from "../kv/folders.ts";
import { contend } from "./contention.ts";

const newFolder = folders();

it.each([
  ["transact", true],
  ["transact", false],
  ["merge", true],
  ["merge", false],
] as const)("eight processes count exactly on one branch, by %s, with durable: %s", async (kind, durable) => {
  const run = { folder: newFolder(), durable, kind, processes: 8, times: 50 };
  const measured = await contend(run);
  console.log(kind, durable, measured);
  expect(measured.count).toBe(400n);
  // The first try may come too late; the next has its turn in the queue.
  expect(measured.tries.max).toBeLessThanOrEqual(5);
});
