import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eachOnce } from "../../src/kv/redis-scan.ts";
import { propertyOptions } from "../support/seed.ts";

describe("eachOnce", () => {
  it("gives each key once, and holds few at a time", async () => {
    const page = fc.array(fc.stringMatching(/^[a-z]{1,2}$/), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(page, { maxLength: 20 }), fc.integer({ min: 1, max: 50 }), async (pages, held) => {
        let scans = 0;
        const scan = async function* (): AsyncIterable<string[]> {
          scans++;
          yield* pages;
        };
        const all = pages.flat();
        const found: string[] = [];
        for await (const key of eachOnce(scan, all.length, held)) found.push(key);
        expect(found.sort()).toEqual([...new Set(all)].sort());
        // One more, which counts.
        expect(scans).toBe(all.length <= held ? 1 : Math.ceil(all.length / held) + 1);
      }),
      propertyOptions({ numRuns: 200 }),
    );
  });
});
