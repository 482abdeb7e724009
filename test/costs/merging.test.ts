import { describe, expect, it, vi } from "vitest";
import { Repository } from "../../src/commit/repository.ts";
import { Memory } from "../../src/kv/memory.ts";
import { Versioned } from "../../src/versioned/versioned.ts";

const ROUNDS = 120;

/** How many commits are looked up for each merge of a branch that gets one commit where the handle's own gets four. */
async function lookUps(into: "main" | "side"): Promise<number[]> {
  const store = new Memory();
  const main = await Versioned.open(store);
  const side = await main.createBranch("side");
  const findMany = vi.spyOn(Repository.of(store).commits, "findMany");
  const [target, source] = into === "main" ? [main, "side"] : [side, "main"];
  const counts: number[] = [];
  const change = async (v: Versioned, key: string, value: number): Promise<void> => {
    await v.snapshot({ [key]: new Uint8Array([value]) });
    await v.merge();
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 4; i++) await change(main, "main", 4 * (round % 60) + i);
    await change(side, "side", round);
    findMany.mockClear();
    await target.mergeFrom(source);
    await target.merge();
    counts.push(findMany.mock.calls.reduce((sum, [hashes]) => sum + hashes.length, 0));
  }
  return counts;
}

/** Before a walk has come to enough commits to be kept, and after that: 30 were measured, which grows with the logarithm of the history. */
const MOST = { first: 150, later: 40 };

describe("merging a branch again and again", () => {
  it.each(["main", "side"] as const)("costs no more as history grows: into %s", async (into) => {
    const counts = await lookUps(into);
    expect(Math.max(...counts.slice(0, 40))).toBeLessThanOrEqual(MOST.first);
    expect(Math.max(...counts.slice(40))).toBeLessThanOrEqual(MOST.later);
  });
});
