/** What a collection removes and keeps after keys were dropped. */
import { describe, expect, it } from "vitest";
import { collectGarbage, GCVersioned, Memory, Versioned, verify } from "vkv";
import { chunkKeyPrefix } from "../../src/chunk/key.ts";
import { beginEpoch, raiseRefs } from "../../src/commit/epoch.ts";
import { listRefs, REF_KINDS } from "../../src/commit/ref.ts";
import { ViewOf } from "../support/counting-store.ts";
import { storedContents } from "../versioned/helpers.ts";
import { ScriptedStore } from "../versioned/scripted-store.ts";
import { droppedBy, fill, keysOf, openSmall, reopenSmall } from "./helpers.ts";

/** How many commits are stored. */
async function commitsIn(store: Memory): Promise<number> {
  return [...store.keys(chunkKeyPrefix("commit"))].length;
}

/** What a snapshot of other contents leaves, for tags and branches that hold what is dropped. */
async function dropAll(v: GCVersioned): Promise<void> {
  await fill(v, { last: 50 });
  await v.merge();
  expect(await keysOf(v)).toBe("last");
}

describe("after keys were dropped, a collection", () => {
  it("removes them with the history", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    for (const key of ["a", "b", "c"]) await fill(v, { [key]: 30 });
    await v.merge();
    const bytesBefore = [...store.memory.values()].reduce((sum, { length }) => sum + length, 0);
    await dropAll(v);
    await collectGarbage(store, { minAge: 0 });
    expect(await commitsIn(store)).toBe(2);
    expect([...store.memory.values()].reduce((sum, { length }) => sum + length, 0)).toBeLessThan(bytesBefore);
    expect(await keysOf(await Versioned.open(new ViewOf(store)))).toBe("last");
  });

  it("keeps what a tag, a branch or a handle's own branch holds", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    await fill(v, { a: 30 });
    await v.createTag("tag");
    const tagged = v.currentCommit;
    await fill(v, { b: 30 });
    await v.createBranch("side");
    const side = v.currentCommit;
    await v.merge();
    await dropAll(v);
    await collectGarbage(store, { minAge: 0 });
    expect(Object.keys(await storedContents(store, tagged))).toEqual(["a"]);
    expect(Object.keys(await storedContents(store, side))).toEqual(["a", "b"]);
    expect(await keysOf(await Versioned.open(new ViewOf(store), { branch: "side" }))).toBe("a b");
    expect(await v.history({ from: side }).toArray()).toHaveLength(3);
  });

  it("keeps the stored use of keys, with which it goes on", async () => {
    const store = new Memory();
    const v = await openSmall(store, 60);
    await fill(v, { a: 30 });
    await fill(v, { b: 30 });
    await v.get("a");
    await v.snapshot();
    await v.merge();
    await collectGarbage(store, { minAge: 0 });
    await v.get("a");
    await v.snapshot();
    await collectGarbage(store, { minAge: 0 });
    const later = await reopenSmall(store, 90);
    await fill(later, { c: 41 });
    expect(droppedBy(later.lastRebaseResult)).toBe("b");
  });

  it("removes the earlier commits of the stored use", async () => {
    const store = new Memory();
    const v = await openSmall(store);
    await fill(v, { a: 30 });
    for (let i = 0; i < 20; i++) {
      await v.get("a");
      await v.snapshot();
    }
    await v.merge();
    await collectGarbage(store, { minAge: 0 });
    // The empty one, with which history begins; that of a; that of the use.
    expect(await commitsIn(store)).toBe(3);
  });
});

describe("a collection that begins under a handle", () => {
  it("raises the stored use as any ref, and the handle goes on", async () => {
    const store = new Memory();
    const v = await openSmall(store, 60);
    await fill(v, { a: 30, b: 30 });
    await v.merge();
    const epoch = await beginEpoch(store);
    await raiseRefs(store, epoch);
    for (const kind of REF_KINDS) {
      for await (const refs of listRefs(store, kind)) {
        for (const [, ref] of refs) expect(ref).toMatchObject({ epoch });
      }
    }
    await v.get("a");
    await fill(v, { c: 1 });
    await v.merge();
    await collectGarbage(store, { minAge: 0 });
    const later = await reopenSmall(store, 71);
    await fill(later, { d: 40 });
    expect(droppedBy(later.lastRebaseResult)).toBe("b");
  });

  it("leaves a commit that dropped keys whole, published before or after", async () => {
    for (const when of ["before the snapshot", "before the merge"]) {
      const store = new Memory();
      const v = await GCVersioned.open(new ViewOf(store), { highWaterBytes: 30_000 });
      await v.snapshot(Array.from({ length: 1000 }, (_, i) => [`k${i}`, new Uint8Array(29).fill(i)]));
      await v.merge();
      if (when === "before the snapshot") await collectGarbage(store, { minAge: 0 });
      await fill(v, { x: 500, y: 500, z: 500 });
      expect(v.lastRebaseResult?.performed).toBe(true);
      if (when === "before the merge") await collectGarbage(store, { minAge: 0 });
      await v.merge();
      await collectGarbage(store, { minAge: 0 });
      const contents = await storedContents(store, v.currentCommit);
      expect(Object.keys(contents)).toEqual(v.lastRebaseResult?.keptKeys);
    }
  });

  it("does not hold up a snapshot between its steps", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await openSmall(store, 75);
    await fill(v, { a: 30, b: 30 });
    await v.merge();
    let began = false;
    store.script = async ({ op, key }) => {
      if (op === "cas" && key === "u/main" && !began) {
        began = true;
        await collectGarbage(memory, { minAge: 0 });
      }
      return "pass" as const;
    };
    await v.get("a");
    await fill(v, { c: 41 });
    expect(began).toBe(true);
    expect(droppedBy(v.lastRebaseResult)).toBe("b");
    store.script = undefined;
    await v.merge();
    const later = await reopenSmall(memory, 60);
    await fill(later, { d: 35 });
    expect(droppedBy(later.lastRebaseResult)).toBe("a c");
    await later.merge();
    await collectGarbage(memory, { minAge: 0 });
    expect(await verify(memory)).toMatchObject({ ok: true, problems: [] });
  });
});
