import { expect, it } from "vitest";
import { folders } from "../kv/folders.ts";
import { contend } from "./contention.ts";

const newFolder = folders();

it.each([
  ["transact", true],
  ["transact", false],
  ["merge", true],
  ["merge", false],
] as const)("of eight processes none starves, by %s, with durable: %s", async (kind, durable) => {
  const run = { folder: newFolder(), durable, kind, processes: 8, times: 1000 };
  const measured = await contend(run);
  console.log(kind, durable, measured);
  expect(measured.count).toBe(8000n);
  expect(measured.tries.max).toBeLessThanOrEqual(5);
  // When the first one is done, the slowest has done a quarter of the mean at least.
  expect(measured.slowest).toBeGreaterThan(0.25);
});
