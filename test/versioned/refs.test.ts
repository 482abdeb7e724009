import { describe, expect, it } from "vitest";
import {
  BranchExistsError,
  BranchNotFoundError,
  CommitNotFoundError,
  ConcurrencyError,
  InvalidNameError,
  Memory,
  TagExistsError,
  TagNotFoundError,
  Versioned,
} from "vkv";
import { change, contents, failureOf, publishedContents } from "./helpers.ts";

const unknown = "f".repeat(64);

describe("open", () => {
  it("creates the branch main in a new store in memory unless told otherwise", async () => {
    const v = await Versioned.open();
    expect(v.store).toBeInstanceOf(Memory);
    expect(v.branch).toBe("main");
    expect(await v.listBranches()).toEqual(["main"]);
    expect(await v.size()).toBe(0);
    expect(await v.parents()).toEqual([]);
    expect(v.currentCommit).toBe(v.baseCommit);
  });

  it("goes to HEAD of a branch that is there", async () => {
    const v = await Versioned.open(undefined, { branch: "dev" });
    await change(v, { a: "1" });
    await v.merge();
    const again = await Versioned.open(v.store, { branch: "dev" });
    expect(again.currentCommit).toBe(v.currentCommit);
    expect(await Versioned.branches(v.store)).toEqual(["dev"]);
  });

  it("without create fails for a missing branch, and writes nothing", async () => {
    const store = new Memory();
    const error = await failureOf(BranchNotFoundError, Versioned.open(store, { create: false }));
    expect(error.branch).toBe("main");
    expect([...store.keys()]).toEqual([]);
    const v = await Versioned.open(store);
    await failureOf(BranchNotFoundError, Versioned.open(store, { branch: "other", create: false }));
    expect(await v.listBranches()).toEqual(["main"]);
    expect((await Versioned.open(store, { create: false })).currentCommit).toBe(v.currentCommit);
  });

  it("at a commit reads that commit, and its work goes on from there", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    await change(v, { b: "2" });
    await v.merge();
    const old = await Versioned.open(v.store, { commit: first });
    expect(await contents(old)).toEqual({ a: "1" });
    expect(await old.latestHead()).toBe(v.currentCommit);
    await change(old, { c: "3" });
    expect((await old.merge()).strategy).toBe("three_way");
    expect(await publishedContents(v.store as Memory)).toEqual({ a: "1", b: "2", c: "3" });
  });

  it("creates a missing branch at the given commit", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    await v.merge();
    const other = await Versioned.open(v.store, { branch: "other", commit: first });
    expect(await other.latestHead()).toBe(first);
    expect(await publishedContents(v.store as Memory, "other")).toEqual({ a: "1" });
  });

  it("refuses a commit that is not there, and creates nothing", async () => {
    const store = new Memory();
    for (const commit of [unknown, "", "abc", unknown.toUpperCase()]) {
      const error = await failureOf(CommitNotFoundError, Versioned.open(store, { commit }));
      expect(error.commit).toBe(commit);
    }
    expect([...store.keys()].filter((key) => key.startsWith("b/"))).toEqual([]);
  });

  it("refuses a store that is none", async () => {
    for (const store of [null, {}, new Map(), "path"]) {
      await failureOf(TypeError, Versioned.open(store as never));
      await failureOf(TypeError, Versioned.branches(store as never));
    }
  });
});

describe("names of branches and tags", () => {
  it.each(["main", "feature/login", "é", "\u{1f600}", "a b", ".", "..", "__proto__", "%2f", "x".repeat(200)])(
    "may be %j",
    async (name) => {
      const v = await Versioned.open(undefined, { branch: name });
      await v.createTag(name);
      expect(await v.listBranches()).toEqual([name]);
      expect([...(await v.listTags()).keys()]).toEqual([name]);
      await change(v, { a: "1" });
      await v.merge();
      expect(await publishedContents(v.store as Memory, name)).toEqual({ a: "1" });
    },
  );

  it.each(["", "x".repeat(201), "é".repeat(101), "\ud800", "a\nb", "a\u0000b", "\u007f", "\u0085"])(
    "may not be %j",
    async (name) => {
      const v = await Versioned.open();
      const refused = [
        () => Versioned.open(v.store, { branch: name }),
        () => v.createBranch(name),
        () => v.deleteBranch(name),
        () => v.checkout(v.currentCommit, { branch: name }),
        () => v.createTag(name),
        () => v.deleteTag(name),
        () => v.mergeFrom({ branch: name }),
        () => v.mergeFrom({ tag: name }),
      ];
      for (const call of refused) expect((await failureOf(InvalidNameError, call)).invalidName).toBe(name);
      expect(await v.listBranches()).toEqual(["main"]);
    },
  );

  it("must be strings", async () => {
    const v = await Versioned.open();
    for (const name of [undefined, null, 5, ["main"]]) {
      await failureOf(TypeError, v.createBranch(name as never));
      await failureOf(TypeError, v.createTag(name as never));
      await failureOf(TypeError, v.deleteBranch(name as never));
    }
  });
});

describe("branches", () => {
  it("are created at the current commit, unpublished work included, or at another", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    const second = await change(v, { b: "2" });
    const here = await v.createBranch("here");
    const there = await v.createBranch("there", { at: first });
    expect([here.branch, here.currentCommit, here.baseCommit]).toEqual(["here", second, second]);
    expect([there.branch, there.currentCommit]).toEqual(["there", first]);
    expect(await publishedContents(v.store as Memory, "here")).toEqual({ a: "1", b: "2" });
    expect(await publishedContents(v.store as Memory, "there")).toEqual({ a: "1" });
    expect(await v.latestHead()).toBe(v.baseCommit);
  });

  it("are listed sorted by code point, and never before they lead to a commit", async () => {
    const v = await Versioned.open();
    for (const name of ["b", "a/z", "\u{1f600}", "\uffff", "A"]) await v.createBranch(name);
    const sorted = ["A", "a/z", "b", "main", "\uffff", "\u{1f600}"];
    expect(await v.listBranches()).toEqual(sorted);
    expect(await Versioned.branches(v.store)).toEqual(sorted);
    expect(await Versioned.branches(new Memory())).toEqual([]);
  });

  it("are created once", async () => {
    const v = await Versioned.open();
    const dev = await v.createBranch("dev");
    await change(v, { a: "1" });
    expect((await failureOf(BranchExistsError, v.createBranch("dev"))).branch).toBe("dev");
    await failureOf(BranchExistsError, v.createBranch("main"));
    expect(await dev.latestHead()).toBe(dev.currentCommit);
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => v.createBranch("new")));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("are not created at a commit that is not there", async () => {
    const v = await Versioned.open();
    await failureOf(CommitNotFoundError, v.createBranch("dev", { at: unknown }));
    await failureOf(CommitNotFoundError, v.createBranch("dev", { at: "main" }));
    await failureOf(TypeError, v.createBranch("dev", { at: 5 as never }));
    expect(await v.listBranches()).toEqual(["main"]);
  });

  it("move independently", async () => {
    const v = await Versioned.open();
    const dev = await v.createBranch("dev");
    await Promise.all([change(v, { k: "main" }), change(dev, { k: "dev" })]);
    await Promise.all([v.merge(), dev.merge()]);
    const store = v.store as Memory;
    expect(await publishedContents(store)).toEqual({ k: "main" });
    expect(await publishedContents(store, "dev")).toEqual({ k: "dev" });
  });

  it("are deleted, and stay deleted: opening, listing and others' work bring none back", async () => {
    const v = await Versioned.open();
    const dev = await v.createBranch("dev");
    await change(dev, { a: "1" });
    expect(await v.deleteBranch("dev")).toBe(true);
    expect(await v.deleteBranch("dev")).toBe(false);
    expect(await v.listBranches()).toEqual(["main"]);
    expect(await dev.latestHead()).toBeUndefined();
    await failureOf(BranchNotFoundError, dev.merge());
    await failureOf(BranchNotFoundError, dev.reset());
    await failureOf(BranchNotFoundError, dev.resetTo(dev.baseCommit));
    await failureOf(BranchNotFoundError, v.mergeFrom("dev"));
    await failureOf(BranchNotFoundError, Versioned.open(v.store, { branch: "dev", create: false }));
    expect(await v.listBranches()).toEqual(["main"]);
    expect(await contents(await Versioned.open(v.store, { branch: "dev" }))).toEqual({});
  });

  it("give a deleted branch's handle its reads still", async () => {
    const v = await Versioned.open();
    await change(v, { a: "1" });
    await v.merge();
    await v.deleteBranch("main");
    expect(await contents(v)).toEqual({ a: "1" });
  });
});

describe("checkout", () => {
  it("opens a handle at a commit, for this branch", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    await change(v, { a: "2" });
    await v.merge();
    const old = await v.checkout(first);
    if (old === undefined) throw new Error("not found");
    expect([old.branch, old.currentCommit, old.baseCommit]).toEqual(["main", first, first]);
    expect(await contents(old)).toEqual({ a: "1" });
    expect(await contents(v)).toEqual({ a: "2" });
    await change(old, { b: "1" });
    await old.merge();
    expect(await publishedContents(v.store as Memory)).toEqual({ a: "2", b: "1" });
  });

  it("opens unpublished commits too", async () => {
    const v = await Versioned.open();
    const id = await change(v, { a: "1" });
    await v.reset();
    expect(await contents((await v.checkout(id)) ?? v)).toEqual({ a: "1" });
  });

  it("gives undefined for a commit that is not there", async () => {
    const v = await Versioned.open();
    for (const commit of [unknown, "", "main", v.currentCommit.slice(0, 10), v.currentCommit.toUpperCase()]) {
      expect(await v.checkout(commit)).toBeUndefined();
    }
    await failureOf(TypeError, v.checkout(undefined as never));
  });

  it("for a branch that is not there yet: merge creates it", async () => {
    const v = await Versioned.open();
    const id = await change(v, { a: "1" });
    await v.merge();
    const dev = await v.checkout(id, { branch: "dev" });
    if (dev === undefined) throw new Error("not found");
    expect(await dev.latestHead()).toBeUndefined();
    await change(dev, { b: "2" });
    expect(await v.listBranches()).toEqual(["main"]);
    expect(await dev.merge()).toMatchObject({ merged: true, strategy: "fast_forward", commit: dev.currentCommit });
    expect(await v.listBranches()).toEqual(["dev", "main"]);
    expect(await publishedContents(v.store as Memory, "dev")).toEqual({ a: "1", b: "2" });
    expect(await publishedContents(v.store as Memory)).toEqual({ a: "1" });
    await change(dev, { c: "3" });
    expect((await dev.merge()).strategy).toBe("fast_forward");
  });

  it("for a branch that is not there yet: merge creates it also without further work", async () => {
    const v = await Versioned.open();
    const id = await change(v, { a: "1" });
    const dev = await v.checkout(id, { branch: "dev" });
    expect(await dev?.merge({ dryRun: true })).toMatchObject({ strategy: "fast_forward", commit: id });
    expect(await v.listBranches()).toEqual(["main"]);
    expect(await dev?.merge()).toMatchObject({ merged: true, strategy: "fast_forward", commit: id });
    expect(await publishedContents(v.store as Memory, "dev")).toEqual({ a: "1" });
    expect((await dev?.merge())?.strategy).toBe("no_op");
  });

  it("for a branch that another creates meanwhile: merge merges with it", async () => {
    const v = await Versioned.open();
    const dev = await v.checkout(v.currentCommit, { branch: "dev" });
    if (dev === undefined) throw new Error("not found");
    await change(dev, { a: "1" });
    const other = await v.createBranch("dev");
    await change(other, { b: "2" });
    await other.merge();
    expect((await dev.merge()).strategy).toBe("three_way");
    expect(await publishedContents(v.store as Memory, "dev")).toEqual({ a: "1", b: "2" });
  });

  it("for another branch that is there: merge puts the work since the checkout on top of that", async () => {
    const v = await Versioned.open();
    const dev = await v.createBranch("dev");
    await change(dev, { d: "1" });
    await dev.merge();
    const id = await change(v, { a: "1" });
    const onto = await v.checkout(id, { branch: "dev" });
    await change(onto ?? v, { b: "2" });
    await onto?.merge();
    expect(await publishedContents(v.store as Memory, "dev")).toEqual({ b: "2", d: "1" });
  });
});

describe("reset", () => {
  it("drops local work and goes to HEAD as it is now", async () => {
    const v = await Versioned.open();
    const other = await Versioned.open(v.store);
    await change(other, { b: "2" });
    await other.merge();
    await change(v, { a: "1" });
    await v.reset();
    expect([v.currentCommit, v.baseCommit]).toEqual([other.currentCommit, other.currentCommit]);
    expect(await contents(v)).toEqual({ b: "2" });
    expect((await v.merge()).strategy).toBe("no_op");
  });
});

describe("resetTo", () => {
  it("moves HEAD back, forth and aside, and drops local work", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    const second = await change(v, { b: "2" });
    await v.merge();
    const aside = await v.createBranch("aside", { at: first });
    await change(aside, { c: "3" });
    await change(v, { local: "work" });
    for (const target of [first, second, aside.currentCommit, first]) {
      expect(await v.resetTo(target)).toBe(true);
      expect([v.currentCommit, v.baseCommit, await v.latestHead()]).toEqual([target, target, target]);
    }
    expect(await contents(v)).toEqual({ a: "1" });
    expect(await publishedContents(v.store as Memory)).toEqual({ a: "1" });
  });

  it("gives false for a commit that is not there, and keeps everything", async () => {
    const v = await Versioned.open();
    const mine = await change(v, { a: "1" });
    for (const commit of [unknown, "", "main", mine.slice(0, 12)]) expect(await v.resetTo(commit)).toBe(false);
    expect(v.currentCommit).toBe(mine);
    expect(await v.latestHead()).toBe(v.baseCommit);
    await failureOf(TypeError, v.resetTo(null as never));
  });

  it("loses against a HEAD that the handle does not know; after reset it wins", async () => {
    const v = await Versioned.open();
    const other = await Versioned.open(v.store);
    await change(other, { b: "2" });
    await other.merge();
    const mine = await change(v, { a: "1" });
    const error = await failureOf(ConcurrencyError, v.resetTo(v.baseCommit));
    expect(error).toMatchObject({ ref: "main", outcome: "lost" });
    expect(v.currentCommit).toBe(mine);
    expect(await v.latestHead()).toBe(other.currentCommit);
    await failureOf(ConcurrencyError, v.resetTo(mine));
    await v.reset();
    expect(await v.resetTo(mine)).toBe(true);
  });

  it("works for a handle that is checked out at an older commit", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    await change(v, { b: "2" });
    await v.merge();
    const old = await v.checkout(first);
    expect(await old?.resetTo(first)).toBe(true);
    expect(await publishedContents(v.store as Memory)).toEqual({ a: "1" });
  });
});

describe("tags", () => {
  it("name a commit, with info if there is any", async () => {
    const v = await Versioned.open();
    const first = await change(v, { a: "1" });
    await change(v, { b: "2" });
    await v.createTag("v2", { info: { by: "me", n: [1] } });
    await v.createTag("v1", { at: first });
    expect([...(await v.listTags())]).toEqual([
      ["v1", { commit: first, info: undefined }],
      ["v2", { commit: v.currentCommit, info: { by: "me", n: [1] } }],
    ]);
    expect(await v.listBranches()).toEqual(["main"]);
    await v.reset();
    expect((await v.mergeFrom({ tag: "v2" })).strategy).toBe("fast_forward");
  });

  it("never move", async () => {
    const v = await Versioned.open();
    await v.createTag("v1");
    const at = v.currentCommit;
    await change(v, { a: "1" });
    expect((await failureOf(TagExistsError, v.createTag("v1"))).tag).toBe("v1");
    await v.merge();
    expect((await v.listTags()).get("v1")).toEqual({ commit: at, info: undefined });
    const results = await Promise.allSettled([1, 2, 3].map(() => v.createTag("new")));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("are deleted", async () => {
    const v = await Versioned.open();
    await v.createTag("v1");
    expect(await v.deleteTag("v1")).toBe(true);
    expect(await v.deleteTag("v1")).toBe(false);
    expect((await failureOf(TagNotFoundError, v.mergeFrom({ tag: "v1" }))).tag).toBe("v1");
    expect(await v.listTags()).toEqual(new Map());
  });

  it("are not created at a commit that is not there, nor with info that is none", async () => {
    const v = await Versioned.open();
    await failureOf(CommitNotFoundError, v.createTag("v1", { at: unknown }));
    await failureOf(TypeError, v.createTag("v1", { info: "text" as never }));
    expect(await v.listTags()).toEqual(new Map());
  });

  it("and branches of one name are two things", async () => {
    const v = await Versioned.open();
    await v.createTag("main");
    const tagged = v.currentCommit;
    await change(v, { a: "1" });
    await v.merge();
    await v.deleteTag("main");
    expect(await v.latestHead()).not.toBe(tagged);
  });
});
