/** Stores whose history was cut, or that note when keys were used. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectGarbage, GCVersioned, Memory, retainHistory, Versioned, verify } from "vkv";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { propertyOptions } from "../support/seed.ts";
import { noise, randomFrom } from "../support/tree.ts";
import { bytes, change } from "../versioned/helpers.ts";
import { copyOf, randomStore } from "./stores.ts";

const SOUND = { ok: true, problems: [], omitted: 0 };

/** A line of 60 commits, cut before the newest 20, of which older ones were collected. */
async function cutLine(): Promise<{ store: Memory; v: Versioned; line: string[] }> {
  const store = new PlainMemory();
  const v = await Versioned.open(store);
  for (let i = 0; i < 60; i++) await change(v, { n: `${i}`, [`k${i}`]: "x" });
  await v.merge();
  const line = await v.history().toArray();
  await retainHistory(store, { commits: 20 });
  await collectGarbage(store, { minAge: 0 });
  return { store, v, line };
}

describe("a history that was cut", () => {
  it.each([
    ["trees", 0, 60],
    ["changes, and trees now and then", 12, 60],
    ["changes", 2048, 20],
  ])(
    "is sound without what was cut, before it is collected and after, where commits store %s",
    async (_, limit, numRuns) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 6 }), async (seed, commits) => {
          const store = await randomStore(seed, limit);
          const random = randomFrom(seed);
          const branches = await Versioned.branches(store);
          const some = branches.filter(() => random(2) === 0);
          await retainHistory(store, some.length > 0 ? { commits, branches: some } : { commits });
          expect(await verify(store)).toEqual(SOUND);
          await collectGarbage(store, { minAge: 0 });
          expect(await verify(store)).toEqual(SOUND);
          const v = await Versioned.open(store, { branch: branches[random(branches.length)] ?? "main" });
          for (let i = 0; i < 5; i++) await change(v, { [`later${i}`]: `${i}` });
          await v.merge();
          expect(await verify(store)).toEqual(SOUND);
        }),
        propertyOptions({ numRuns }),
      );
    },
  );

  it("is walked no further than it goes: what is damaged beyond is no problem", async () => {
    const store = new PlainMemory();
    const v = await Versioned.open(store);
    for (let i = 0; i < 10; i++) await change(v, { n: `${i}` });
    await v.merge();
    const line = await v.history().toArray();
    const { root } = await v.commit(line[7]);
    await retainHistory(store, { commits: 5 });
    store.set(chunkKey("node", root as Hash), bytes("nonsense"));
    expect(await verify(store)).toEqual(SOUND);
    // A new handle: the old one has seen the whole history, which is still there.
    await (await Versioned.open(store)).createBranch("older", { at: line[3] ?? "" });
    expect(await verify(store)).toEqual(SOUND);
  });

  it("needs each commit that it has, with its tree, and each of the spine below", async () => {
    const { store, v, line } = await cutLine();
    expect(await verify(store)).toEqual(SOUND);
    const there = line.filter((id) => store.memory.has(chunkKey("commit", id as Hash)));
    const spine = there.filter((id) => !line.slice(0, 20).includes(id));
    expect(spine.length).toBeGreaterThan(1);
    for (const id of there) {
      const damaged = copyOf(store);
      damaged.remove(chunkKey("commit", id as Hash));
      const { problems } = await verify(damaged);
      expect(problems).toMatchObject([
        { kind: id === v.currentCommit ? "ref" : "missing", branches: ["main"], tags: [], keys: {} },
      ]);
      const isCurrent = id === v.currentCommit;
      expect(problems[0]?.current.branches).toEqual(isCurrent ? ["main"] : []);
    }
  });

  it("is told apart from those of other refs", async () => {
    const { store, v, line } = await cutLine();
    await v.createBranch("other");
    await v.createTag("tag", { at: line[10] ?? "" });
    await change(v, { more: "1" });
    await v.merge();
    await retainHistory(store, { branches: ["main"], commits: 3 });
    expect(await verify(store)).toEqual(SOUND);
    const key = chunkKey("commit", line[15] as Hash);
    const damaged = copyOf(store);
    damaged.remove(key);
    const { problems } = await verify(damaged);
    expect(problems).toMatchObject([{ kind: "missing", key, branches: ["other"], tags: ["tag"] }]);
  });
});

describe("the record of when keys were used", () => {
  it("is checked, and its damage concerns no branch", async () => {
    const store = new Memory();
    const v = await GCVersioned.open(store, { highWaterBytes: 1_000_000 });
    await v.snapshot(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, noise(50, i)])));
    await v.merge();
    for (let i = 0; i < 20; i++) await v.get(`k${i}`);
    await v.snapshot({ more: noise(10, 1) });
    await v.merge();
    const usage = [...store.keys("u/")];
    expect(usage).toEqual(["u/main"]);
    expect(await verify(store)).toEqual(SOUND);
    const without = copyOf(store);
    without.remove("u/main");
    await collectGarbage(without, { minAge: 0 });
    const own = [...store.keys("n/"), ...store.keys("c/")].filter((key) => !without.memory.has(key));
    let found = 0;
    for (const key of own) {
      const damaged = copyOf(store);
      damaged.set(key, bytes("nonsense"));
      const { problems } = await verify(damaged);
      for (const problem of problems) {
        expect(problem).toMatchObject({ key, kind: "damaged", branches: [], tags: [] });
        expect(problem.message).toContain('"u/main"');
        found++;
      }
    }
    expect(found).toBeGreaterThan(1);
    store.set("u/main", bytes("nonsense"));
    const { problems } = await verify(store);
    expect(problems).toMatchObject([{ kind: "ref", key: "u/main", branches: [], tags: [] }]);
  });
});
