import { describe, expect, it } from "vitest";
import { keysOfRisingRanks } from "../support/adversarial.ts";
import { Trees } from "../support/tree.ts";
import { testCraftedEdits, testCraftedKeys } from "./crafted-keys.ts";

testCraftedKeys(20_000);
testCraftedEdits(15);

describe("400 keys of the same boundary hash and rising ranks", () => {
  it("make a leaf each, but no higher tree than other keys", async () => {
    const trees = new Trees();
    const keys = keysOfRisingRanks(400);
    const root = await trees.build(new Map(keys.map((key) => [key, new Uint8Array(1)])));
    const nodes = await trees.all(root);
    expect(nodes.filter(({ level }) => level === 0).length).toBeGreaterThan(300);
    expect(root.level).toBe(2);
    expect(nodes.filter(({ level }) => level === 1).length).toBeLessThan(20);
  });
});
