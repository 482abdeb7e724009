import { describe, expect, it } from "vitest";
import { beginEpoch, raiseRefs } from "../../src/commit/epoch.ts";
import { counter } from "../../src/content-types/counter.ts";
import { json } from "../../src/content-types/json.ts";
import { Disk } from "../../src/kv/disk.ts";
import { Memory } from "../../src/kv/memory.ts";
import type { SnapshotOptions } from "../../src/versioned/types.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { CountingStore } from "../support/counting-store.ts";

/** What a caller without types may pass for options: a branch's name instead of `{ branch }`, for one. */
const WRONG: readonly unknown[] = ["draft", 5, null, [], true];
const bytes = (n: number): Uint8Array => new Uint8Array([n]);

describe("options that are no object", () => {
  const calls: Record<string, (v: Versioned, options: never) => unknown> = {
    open: (v, options) => Versioned.open(v.store, options),
    snapshot: (v, options) => v.snapshot({ k: bytes(2) }, options),
    merge: (v, options) => v.merge(options),
    mergeFrom: (v, options) => v.mergeFrom("main", options),
    transact: (v, options) => v.transact(async (tx) => tx.snapshot({ k: bytes(2) }), options),
    createBranch: (v, options) => v.createBranch("b", options),
    checkout: (v, options) => v.checkout(v.currentCommit, options),
    createTag: (v, options) => v.createTag("t", options),
    history: (v, options) => v.history(options),
    keys: (v, options) => v.keys(options),
    changes: (v, options) => v.changes(v.currentCommit, v.currentCommit, options),
    counter: (_, options) => counter(options),
    json: (_, options) => json(options),
    Disk: (_, options) => new Disk("/nowhere/at/all", options),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`are refused by ${name}, and change nothing`, async () => {
      const v = await Versioned.open();
      await v.snapshot({ k: bytes(1) });
      const at = v.currentCommit;
      for (const options of WRONG) {
        await expect((async () => call(v, options as never))()).rejects.toThrow(/options .* must be an object/);
      }
      expect(v.currentCommit).toBe(at);
      expect(await v.listBranches()).toEqual(["main"]);
    });
  }
});

describe("an option that there is not", () => {
  const misspelt: Readonly<Record<string, (v: Versioned, options: object) => unknown>> = {
    snapshot: (v, options) => v.snapshot({}, options),
    merge: (v, options) => v.merge(options),
    mergeFrom: (v, options) => v.mergeFrom("main", options),
    cherryPick: (v, options) => v.cherryPick(v.currentCommit, options),
    transact: (v, options) => v.transact(async () => 1, options),
    createBranch: (v, options) => v.createBranch("b", options),
    checkout: (v, options) => v.checkout(v.currentCommit, options),
    createTag: (v, options) => v.createTag("t", options),
    history: (v, options) => v.history(options),
    keys: (v, options) => v.keys(options),
    entries: (v, options) => v.entries(options),
  };

  it.each(Object.entries(misspelt))("of %s is refused", async (_, call) => {
    const v = await Versioned.open();
    await expect((async () => call(v, { prefixx: "a" }))()).rejects.toThrow(/no option "prefixx"/);
    expect([await v.listBranches(), await v.listTags()]).toEqual([["main"], new Map()]);
  });
});

describe("options of a wrong type", () => {
  it("are refused", async () => {
    const v = await Versioned.open();
    const wrong = "no" as unknown as boolean;
    await expect(Versioned.open(v.store, { create: wrong })).rejects.toThrow(/create must be a boolean/);
    expect(() => v.history({ allParents: wrong })).toThrow(/allParents must be a boolean/);
    expect(() => new Disk("/nowhere/at/all", { durable: wrong })).toThrow(/durable must be a boolean/);
    await expect(v.transact(5 as never)).rejects.toThrow(/transact needs a function/);
    await expect(v.snapshot({}, { removals: "k" } as unknown as SnapshotOptions)).rejects.toThrow(TypeError);
    await v.snapshot({ k: bytes(1) });
    for (const key of ["", "\ud800", "x".repeat(4097)]) {
      await expect(v.merge({ mergeFns: new Map([[key, "ours"]]) })).rejects.toThrow(/Invalid key/);
    }
  });
});

describe("a rule that changes the handle which is merging", () => {
  it("is an error and no endless wait", async () => {
    const store = new Memory();
    const [a, b] = [await Versioned.open(store), await Versioned.open(store)];
    await a.snapshot({ k: bytes(1) });
    await a.merge();
    await b.snapshot({ k: bytes(2) });
    const result = await b.merge({
      onConflict: "abandon",
      defaultMerge: async () => {
        await b.snapshot({ other: bytes(3) });
        return bytes(3);
      },
    });
    expect(result.conflicts[0]?.error).toBeInstanceOf(TypeError);
    const transacting = async (): Promise<Uint8Array> => b.transact(async () => bytes(3));
    const again = await b.merge({ onConflict: "abandon", defaultMerge: transacting });
    expect(again.conflicts[0]?.error).toBeInstanceOf(TypeError);
    expect((await b.merge({ defaultMerge: () => bytes(4) })).merged).toBe(true);
    expect(await b.has("other")).toBe(false);
  });
});

describe("a HEAD that was read before a failed merge", () => {
  it("is passed over by a dry run, which writes nothing even when a collection has begun", async () => {
    const store = new CountingStore(new Memory());
    const [a, b] = [await Versioned.open(store), await Versioned.open(store)];
    await a.snapshot({ k: bytes(1) });
    await a.merge();
    await b.snapshot({ k: bytes(2) });
    expect((await b.merge({ onConflict: "abandon" })).merged).toBe(false);
    await raiseRefs(store, await beginEpoch(store));
    store.reset();
    expect((await b.merge({ dryRun: true, onConflict: "abandon" })).conflicts[0]?.key).toBe("k");
    expect(store.written).toBe(0);
  });

  const opened = async (): Promise<[Versioned, Versioned]> => {
    const store = new Memory();
    const [a, b] = [await Versioned.open(store), await Versioned.open(store)];
    await a.snapshot({ k: bytes(1) });
    await a.merge();
    await b.snapshot({ k: bytes(2) });
    expect((await b.merge({ onConflict: "abandon" })).merged).toBe(false);
    return [a, b];
  };

  it("is read again: a conflict goes away with its cause", async () => {
    const [a, b] = await opened();
    await a.snapshot({ k: bytes(9) });
    await a.merge();
    expect((await b.merge({ onConflict: "abandon" })).conflicts[0]?.theirs).toEqual(bytes(9));
    await a.snapshot(null, { removals: ["k"] });
    await a.merge();
    expect((await b.merge({ dryRun: true })).merged).toBe(true);
    expect((await b.merge()).merged).toBe(true);
  });

  it("is no HEAD to move to: work that was rolled back is not called published", async () => {
    const a = await Versioned.open();
    const root = a.currentCommit;
    await a.snapshot({ x: bytes(1) });
    await a.merge();
    const c = await a.checkout(root);
    await c?.mergeFrom("main");
    await a.resetTo(root);
    const result = await c?.merge();
    expect(result?.commit).toBe(await a.latestHead());
  });
});
