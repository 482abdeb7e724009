import { describe, expect, it } from "vitest";
import { folders } from "../kv/folders.ts";
import { crashRounds } from "./rounds.ts";

const newFolder = folders();

describe("killed processes", () => {
  it.each([true, false])("lose nothing in many rounds on one store, with durable: %s", async (durable) => {
    const seed = Date.now() % 1e9;
    const figures = await crashRounds({ folder: newFolder(), seed, durable, rounds: 110, time: 90_000 });
    console.log({ seed, ...figures });
    expect(figures.losses).toEqual([]);
    // As many as a slow machine manages in that time.
    expect(figures.rounds).toBeGreaterThan(20);
    expect(figures.kills).toBeGreaterThan(20);
    expect(figures.acknowledged).toBeGreaterThan(100);
    expect(figures.collections).toBeGreaterThan(5);
    expect(figures.cuts).toBeGreaterThan(5);
  });
});
