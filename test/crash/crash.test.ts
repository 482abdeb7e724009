/** A few rounds; many are in the long part and in `npm run soak`. */
import { describe, expect, it } from "vitest";
import { folders } from "../kv/folders.ts";
import { lacks } from "../support/needs.ts";
import { crashRounds } from "./rounds.ts";

const newFolder = folders();

describe.skipIf(lacks("SIGKILL", process.platform !== "win32"))("killed processes", () => {
  it.each([true, false])("lose nothing that was acknowledged, with durable: %s", async (durable) => {
    const seed = Date.now() % 1e9;
    const figures = await crashRounds({ folder: newFolder(), seed, durable, rounds: 5 });
    console.log({ seed, ...figures });
    expect(figures).toMatchObject({ rounds: 5, losses: [] });
    expect(figures.acknowledged).toBeGreaterThan(5);
  });
});
