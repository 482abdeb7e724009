import { describe, expect, it, vi } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { CommitStore } from "../../src/commit/commit-store.ts";
import { Memory } from "../../src/kv/memory.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { CountingStore } from "../support/counting-store.ts";

/** Unpublished work: in each round, commits on a side line, which begins here or goes on, are merged with one made here. */
async function workOf(store: CountingStore, rounds: number, sides: "many" | "one", by = "us"): Promise<Versioned> {
  const v = await Versioned.open(store);
  let side = await v.checkout(v.currentCommit);
  for (let round = 0; round < rounds; round++) {
    if (sides === "many") side = await v.checkout(v.currentCommit);
    for (let i = 0; i < 4; i++) await side?.snapshot({ [`side ${i} of ${by}`]: utf8(String(round)) });
    await v.snapshot({ [by]: utf8(String(round)) });
    await v.mergeFrom({ commit: side?.currentCommit ?? "" });
  }
  return v;
}

/** Others publish merges to the branch. */
async function publishOthers(store: CountingStore, rounds: number): Promise<void> {
  const v = await workOf(store, rounds, "many", "others");
  await v.merge();
}

/** What was measured. */
const MEASURED = {
  many: { keysOf: (rounds: number): number => 6 * rounds - 1, roundTrips: 10 },
  one: { keysOf: (rounds: number): number => 4 * rounds + 1, roundTrips: 8 },
};

describe.each(["many", "one"] as const)("publishing work that holds merges of %s side lines", (sides) => {
  const { keysOf, roundTrips } = MEASURED[sides];

  it.each([10, 30])(
    "reads each unpublished commit from elsewhere once, and the lines together (%i rounds)",
    async (rounds) => {
      const store = new CountingStore(new Memory());
      const v = await workOf(store, rounds, sides);
      store.reset();
      expect((await v.merge()).strategy).toBe("fast_forward");
      expect(store.count("getMany").items + store.count("get").items).toBe(keysOf(rounds));
      expect(store.roundTrips).toBe(roundTrips);
    },
  );
});

describe("publishing work that holds merges where HEAD has moved", () => {
  it.each([10, 30])("walks the history that others published once (%i rounds)", async (rounds) => {
    const store = new CountingStore(new Memory());
    const v = await workOf(store, rounds, "many");
    await publishOthers(store, rounds);
    const asked = vi.spyOn(CommitStore.prototype, "findMany");
    expect((await v.merge()).strategy).toBe("three_way");
    const steps = asked.mock.calls.length;
    asked.mockRestore();
    // Each side has 6 commits a round.
    expect(steps).toBeLessThan(2 * 12 * rounds);
  });
});
