import { expect, it } from "vitest";
import { folders } from "../kv/folders.ts";
import { damagePages } from "./damaged-pages.ts";

const newFolder = folders();

it("of many damaged pages none is read as if it were right", async () => {
  const seed = Date.now() % 1e9;
  const outcomes = await damagePages(newFolder(), 100, seed);
  console.log({ seed, ...outcomes });
  expect(outcomes.wrong).toBe(0);
  expect(Object.keys(outcomes.errors)).toContain("VKV_CORRUPTION");
});
