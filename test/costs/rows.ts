import { beforeAll, describe, expect, it } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { allowed, type Cost, fill, measure } from "./operations.ts";

/** Tests every row at a number of keys: the counts are within the design's bounds, and exactly those that were measured before. */
export function testRows(n: number, depth: number): void {
  describe(`${n.toLocaleString("en")} keys`, () => {
    let rows: Map<string, Cost> = new Map();
    beforeAll(async () => {
      rows = await measure(await fill(n));
    }, 120_000);

    it("needs no more round trips than the design allows", () => {
      const over = [...rows].filter(([name, { roundTrips }]) => roundTrips > allowed(name, depth));
      expect(over).toEqual([]);
      expect(rows.get("get")?.roundTrips).toBe(depth);
    });

    it("needs as many round trips, reads and written bytes as were measured", () => {
      expectGolden(new URL(`./measured-${n}.json`, import.meta.url), Object.fromEntries(rows));
    });

    it("writes a ref or little more, and the way from the changed leaf to the root", () => {
      const written = (name: string): number => rows.get(name)?.written ?? Number.NaN;
      expect(written("open, creating store and branch")).toBeLessThan(200);
      expect(written("merge, fast-forward")).toBeLessThan(64);
      expect(written("createBranch")).toBeLessThan(80);
      expect(written("resetTo, warm")).toBeLessThan(64);
      expect(written("snapshot of 1 key, warm")).toBeLessThan(16 * 1024);
      expect(written("snapshot of 1 key, warm")).toBeLessThan(2500 * depth);
      expect(written("merge, three-way, each side 1 key")).toBeLessThan(16 * 1024);
      for (const name of [
        "open",
        "get",
        "getMany of 100 keys",
        "diff of 100 keys",
        "scan of 1,000 keys",
        "listBranches, 42 of them",
      ]) {
        expect(written(name)).toBe(0);
      }
    });

    it("reads no more than it must", () => {
      const reads = (name: string): number => rows.get(name)?.reads ?? Number.NaN;
      expect(reads("get")).toBe(depth);
      expect(reads("getMany of 100 keys")).toBeLessThanOrEqual(100 * depth);
      expect(reads("diff of 1 key")).toBeLessThanOrEqual(2 * depth + 2);
      expect(reads("diff of 100 keys")).toBeLessThanOrEqual(200 * depth);
      expect(reads("merge, three-way, each side 1 key")).toBeLessThanOrEqual(4 * depth + 16);
    });
  });
}
