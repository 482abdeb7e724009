import { describe, expect, it } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { measureTails } from "./tails.ts";

describe.each([
  [1000, 3],
  [100_000, 4],
])("a tail of 1,000 commits on %i keys", (n, depth) => {
  it("needs more round trips where nothing of it is at hand, and exactly those that were measured", async () => {
    const rows = await measureTails(n);
    const tripsOf = (name: string): number => rows.get(name)?.roundTrips ?? Number.NaN;
    for (const [name, { written }] of rows)
      if (!/snapshot|merge/.test(name)) expect([name, written]).toEqual([name, 0]);
    expect(tripsOf("snapshot of 1 key, warm, the most of 999")).toBe(1);
    expect(rows.get("snapshot of 1 key, warm, the most of 999")?.written).toBeLessThan(700);
    // One more commit is read, and nothing of its tree.
    expect(tripsOf("get, then get at the commit below")).toBe(tripsOf("get") + 1);
    expect(tripsOf("get at the second commit")).toBeLessThanOrEqual(depth + 4);
    // The records of the tail in a few batches, and each 64 commits' changes in at most `depth`.
    for (const [name, length] of [
      ["get", 500],
      ["get at the newest commit", 1000],
    ] as const) {
      expect(tripsOf(name)).toBeLessThanOrEqual(8 + depth * Math.ceil(length / 64));
    }
    expectGolden(new URL(`./measured-tails-${n}.json`, import.meta.url), Object.fromEntries(rows));
  }, 120_000);
});
