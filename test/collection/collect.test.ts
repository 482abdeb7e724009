import { expect, it } from "vitest";
import { collectGarbage, Memory, Versioned } from "vkv";
import { change, contents } from "../versioned/helpers.ts";

it("removes what no ref leads to, and nothing else", async () => {
  const store = new Memory();
  const v = await Versioned.open(store);
  await change(v, { a: "1", b: "x".repeat(1000) });
  await v.merge();
  const before = new Map(store.memory);
  await change(v, { a: "2", c: "y".repeat(200_000) });
  await v.reset();
  const result = await collectGarbage(store, { minAge: 0 });
  expect(result).toMatchObject({ commits: 1, completed: true });
  expect([...store.memory.keys()].filter((key) => key !== "vkv/gc").sort()).toEqual([...before.keys()].sort());
  expect(await contents(await Versioned.open(store))).toEqual({ a: "1", b: "x".repeat(1000) });
  expect(await collectGarbage(store, { minAge: 0 })).toMatchObject({ commits: 0, chunks: 0, bytes: 0 });
});
