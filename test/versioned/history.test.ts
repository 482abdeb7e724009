import { describe, expect, it } from "vitest";
import { CommitNotFoundError, Versioned } from "vkv";
import { change, diverged, failureOf } from "./helpers.ts";

const unknown = "f".repeat(64);

describe("history", () => {
  it("gives the first parents, newest first, down to the empty root", async () => {
    const v = await Versioned.open();
    const root = v.currentCommit;
    const ids = [root];
    for (let i = 0; i < 5; i++) ids.unshift(await change(v, { a: String(i) }));
    expect(await v.history().toArray()).toEqual(ids);
    expect(await v.initialCommit()).toBe(root);
    const iterated: string[] = [];
    for await (const id of v.history()) iterated.push(id);
    expect(iterated).toEqual(ids);
  });

  it("follows the branch's own line through merges, or all parents on request", async () => {
    const { ours, theirs, base } = await diverged({ n: "0" }, { a: "1" }, { b: "1" });
    const mine = ours.currentCommit;
    await ours.merge();
    const merge = ours.currentCommit;
    const root = await ours.initialCommit();
    expect(await ours.history().toArray()).toEqual([merge, theirs.currentCommit, base, root]);
    const all = await ours.history({ allParents: true }).toArray();
    expect(all).toHaveLength(5);
    expect(new Set(all)).toEqual(new Set([merge, mine, theirs.currentCommit, base, root]));
    expect(all[0]).toBe(merge);
    expect(all.slice(3)).toEqual([base, root]);
  });

  it("gives every commit once and no parent before its child, in a history of many merges", async () => {
    const v = await Versioned.open();
    const other = await v.createBranch("other");
    for (let i = 0; i < 12; i++) {
      await change(v, { [`a${i}`]: "1" });
      await change(other, { [`b${i}`]: "1" });
      await v.merge();
      if (i % 2 === 0) await other.mergeFrom("main");
      await other.merge();
      if (i % 3 === 0) await v.mergeFrom("other");
    }
    const all = await v.history({ allParents: true }).toArray();
    const place = new Map(all.map((id, i) => [id, i]));
    expect(place.size).toBe(all.length);
    for (const id of all) {
      for (const parent of await v.parents(id)) expect(place.get(parent)).toBeGreaterThan(place.get(id) ?? 0);
    }
    expect(await v.history({ allParents: true, limit: 7 }).toArray()).toEqual(all.slice(0, 7));
  });

  it("begins where it is told, and ends at its limit", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    const second = await change(v, { a: "2" });
    await change(v, { a: "3" });
    expect(await v.history({ from: second, limit: 2 }).toArray()).toEqual([second, first]);
    for (const allParents of [false, true]) {
      expect(await v.history({ limit: 0, allParents }).toArray()).toEqual([]);
      expect(await v.history({ limit: 1, allParents }).toArray()).toEqual([v.currentCommit]);
      expect(await v.history({ limit: 99, allParents }).toArray()).toHaveLength(4);
    }
  });

  it("of long lines is complete", async () => {
    const v = await Versioned.open();
    const ids = [v.currentCommit];
    for (let i = 0; i < 1300; i++) ids.unshift(await v.snapshot(null, { info: { i } }));
    expect(await v.history().toArray()).toEqual(ids);
    expect(await v.history({ allParents: true }).toArray()).toEqual(ids);
    expect(await v.history({ from: ids[3] ?? "", limit: 1100 }).toArray()).toEqual(ids.slice(3, 1103));
    expect(await v.initialCommit()).toBe(ids.at(-1));
    expect(await v.mergeBase(ids[17] ?? "", ids[1200] ?? "")).toBe(ids[1200]);
  });

  it("refuses a commit that is not there, and limits that are none", async () => {
    const v = await Versioned.open();
    await failureOf(CommitNotFoundError, v.history({ from: unknown }).toArray());
    await failureOf(CommitNotFoundError, v.history({ from: "main" }).toArray());
    for (const limit of [-1, 1.5, Number.NaN]) await failureOf(RangeError, () => v.history({ limit }));
  });
});

describe("commits", () => {
  it("tell what they are", async () => {
    const v = await Versioned.open();
    const root = v.currentCommit;
    const first = await change(v, { a: "1", b: "22" }, { by: "me" });
    const commit = await v.commit();
    expect(commit).toEqual({
      hash: first,
      parents: [root],
      info: { by: "me" },
      root: commit.root,
      generation: 1,
      size: 2,
      bytes: 3,
    });
    expect(await v.commit(root)).toMatchObject({ parents: [], info: undefined, generation: 0, size: 0, bytes: 0 });
    expect(await v.commitInfo()).toEqual({ by: "me" });
    expect(await v.commitInfo(root)).toBeUndefined();
    expect(await v.parents(root)).toEqual([]);
  });

  it("with equal contents have equal tree roots", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    await change(v, { b: "1" });
    const third = await change(v, { b: null });
    expect((await v.commit(third)).root).toBe((await v.commit(first)).root);
    expect(third).not.toBe(first);
  });

  it("that are not there are errors for everyone who asks about them", async () => {
    const v = await Versioned.open();
    for (const id of [unknown, "", "main", v.currentCommit.slice(0, 8)]) {
      const calls = [
        () => v.commit(id),
        () => v.commitInfo(id),
        () => v.parents(id),
        () => v.mergeBase(id, v.currentCommit),
        () => v.mergeBase(v.currentCommit, id),
        () => v.diff(id, v.currentCommit),
        () => v.diff(v.currentCommit, id),
        () => v.changes(id, v.currentCommit).toArray(),
        () => v.mergeFrom({ commit: id }),
      ];
      for (const call of calls) {
        const error = await failureOf(CommitNotFoundError, call);
        expect([error.commit, error.candidates]).toEqual([id, []]);
      }
    }
    await failureOf(TypeError, v.commit(5 as never));
  });
});

describe("resolveCommit", () => {
  it("takes a full id, a branch, a tag, and an id's beginning of four digits or more", async () => {
    const v = await Versioned.open();
    const id = await change(v, { a: "1" });
    await v.createTag("v1");
    await v.merge();
    await v.createBranch("feature/x");
    expect(await v.resolveCommit(id)).toBe(id);
    for (const name of ["main", "feature/x", "v1"]) expect(await v.resolveCommit(name)).toBe(id);
    for (let length = 4; length < 64; length++) {
      expect(await v.resolveCommit(id.slice(0, length))).toBe(id);
      expect(await v.resolveCommit(id.slice(0, length).toUpperCase())).toBe(id);
    }
  });

  it("refuses what is too short, unknown, or no name at all", async () => {
    const v = await Versioned.open();
    const id = v.currentCommit;
    const other = [...id].map((digit) => (digit === "0" ? "1" : "0")).join("");
    for (const prefix of [id.slice(0, 3), "", other.slice(0, 8), other, "xyz-nothing", "a\nb", `${id}0`]) {
      const error = await failureOf(CommitNotFoundError, v.resolveCommit(prefix));
      expect([error.commit, error.candidates]).toEqual([prefix, []]);
    }
    await failureOf(TypeError, v.resolveCommit(undefined as never));
  });

  it("names the candidates when a beginning fits several", async () => {
    const v = await Versioned.open();
    const byPrefix = new Map<string, string[]>();
    let clash: string[] | undefined;
    for (let i = 0; clash === undefined; i++) {
      const id = await v.snapshot(null, { info: { i } });
      const ids = [...(byPrefix.get(id.slice(0, 4)) ?? []), id];
      byPrefix.set(id.slice(0, 4), ids);
      if (ids.length === 2) clash = ids.sort();
    }
    const prefix = clash[0]?.slice(0, 4) ?? "";
    const error = await failureOf(CommitNotFoundError, v.resolveCommit(prefix));
    expect(error.candidates).toEqual(clash);
    expect(error.message).toContain("ambiguous");
  });

  it("takes a branch before a tag, and both before an id's beginning", async () => {
    const v = await Versioned.open();
    const root = v.currentCommit;
    const id = await change(v, { a: "1" });
    const name = root.slice(0, 6);
    expect(await v.resolveCommit(name)).toBe(root);
    await v.createTag(name, { at: id });
    expect(await v.resolveCommit(name)).toBe(id);
    await v.createBranch(name, { at: root });
    expect(await v.resolveCommit(name)).toBe(root);
  });
});
