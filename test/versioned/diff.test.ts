import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type KeyRange, type Memory, Versioned } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { change, failureOf, text } from "./helpers.ts";
import { ScriptedStore } from "./scripted-store.ts";

describe("diff", () => {
  it("tells added, removed and modified keys", async () => {
    const v = await Versioned.open();
    const a = await change(v, { same: "1", gone: "1", changed: "1" });
    const b = await change(v, { gone: null, changed: "2", new: "1" });
    expect(await v.diff(a, b)).toEqual({
      added: new Set(["new"]),
      removed: new Set(["gone"]),
      modified: new Set(["changed"]),
    });
    expect(await v.diff(b, a)).toEqual({
      added: new Set(["gone"]),
      removed: new Set(["new"]),
      modified: new Set(["changed"]),
    });
    const none = { added: new Set(), removed: new Set(), modified: new Set() };
    expect(await v.diff(b, b)).toEqual(none);
  });

  it("compares contents: what was changed and changed back is the same", async () => {
    const v = await Versioned.open();
    const a = await change(v, { k: "A", big: "x".repeat(5000) });
    await change(v, { k: "B", big: "y" });
    const c = await change(v, { k: "A", big: "x".repeat(5000) });
    expect(c).not.toBe(a);
    expect(await v.diff(a, c)).toEqual({ added: new Set(), removed: new Set(), modified: new Set() });
    expect(await v.changes(a, c).toArray()).toEqual([]);
  });

  it("works between commits of different branches", async () => {
    const v = await Versioned.open();
    const other = await v.createBranch("other");
    await change(v, { a: "1", k: "1" });
    await change(other, { b: "1", k: "2" });
    expect(await v.diff(v.currentCommit, other.currentCommit)).toEqual({
      added: new Set(["b"]),
      removed: new Set(["a"]),
      modified: new Set(["k"]),
    });
  });
});

describe("changes", () => {
  it("gives both values, in key order", async () => {
    const v = await Versioned.open();
    const a = await change(v, { same: "1", gone: "old", changed: "old", "\u{1f600}": "1" });
    const b = await change(v, { gone: null, changed: "x".repeat(3000), new: "", "\u{1f600}": null, "\uffff": "1" });
    const changes = (await v.changes(a, b).toArray()).map((each) => ({
      ...each,
      old: text(each.old),
      new: text(each.new),
    }));
    expect(changes).toEqual([
      { key: "changed", type: "modified", old: "old", new: "x".repeat(3000) },
      { key: "gone", type: "removed", old: "old", new: undefined },
      { key: "new", type: "added", old: undefined, new: "" },
      { key: "\uffff", type: "added", old: undefined, new: "1" },
      { key: "\u{1f600}", type: "removed", old: "1", new: undefined },
    ]);
  });

  it("agrees with diff and a model, with any range", async () => {
    const key = fc.oneof(
      fc.integer({ min: 0, max: 60 }).map((i) => `k${i}`),
      fc.constantFrom("\u{1f600}", "\uffff", "é/a", "é"),
    );
    const value = fc.option(fc.constantFrom("1", "2", "x".repeat(600)), { nil: null });
    const changes = fc.dictionary(key, value, { maxKeys: 40 });
    const bound = fc.option(key, { nil: undefined });
    const range = fc.record({
      prefix: fc.option(fc.constantFrom("", "k", "k1", "é"), { nil: undefined }),
      gte: bound,
      lt: bound,
      reverse: fc.boolean(),
      limit: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(changes, changes, range, async (first, second, picked) => {
        const v = await Versioned.open();
        const a = await change(v, first, { n: 1 });
        const before = new Map(await v.entries().toArray());
        const b = await change(v, second, { n: 2 });
        const after = new Map(await v.entries().toArray());
        const keyRange = Object.fromEntries(
          Object.entries(picked).filter(([, bound]) => bound !== undefined),
        ) as KeyRange;
        const keys = [...new Set([...before.keys(), ...after.keys()])]
          .filter((k) => text(before.get(k)) !== text(after.get(k)))
          .filter((k) => k.startsWith(keyRange.prefix ?? ""))
          .filter((k) => keyRange.gte === undefined || Buffer.compare(Buffer.from(k), Buffer.from(keyRange.gte)) >= 0)
          .filter((k) => keyRange.lt === undefined || Buffer.compare(Buffer.from(k), Buffer.from(keyRange.lt)) < 0)
          .sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)) * (picked.reverse ? -1 : 1))
          .slice(0, keyRange.limit);
        const found = await v.changes(a, b, keyRange).toArray();
        expect(found.map((each) => each.key)).toEqual(keys);
        for (const each of found) {
          expect([each.old, each.new]).toEqual([before.get(each.key), after.get(each.key)]);
        }
        const { added, removed, modified } = await v.diff(a, b);
        const whole = await v.changes(a, b).toArray();
        const ofType = (type: string): Set<string> => new Set(whole.filter((e) => e.type === type).map((e) => e.key));
        expect([added, removed, modified]).toEqual([ofType("added"), ofType("removed"), ofType("modified")]);
      }),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("is streamed: who stops early reads little", async () => {
    const v = await Versioned.open();
    const a = v.currentCommit;
    const all = Array.from({ length: 20_000 }, (_, i): [string, Uint8Array] => [`key${i}`, new Uint8Array(100)]);
    const b = await v.snapshot(all);
    const whole = new ScriptedStore(v.store as Memory);
    const first = new ScriptedStore(v.store as Memory);
    await (await Versioned.open(whole)).changes(a, b).toArray();
    for await (const each of (await Versioned.open(first)).changes(a, b)) {
      expect(each.key).toBe("key0");
      break;
    }
    expect(first.calls.length).toBeLessThan(whole.calls.length / 3);
    const limited = new ScriptedStore(v.store as Memory);
    expect(await (await Versioned.open(limited)).changes(a, b, { limit: 1 }).toArray()).toHaveLength(1);
    expect(limited.calls.length).toBeLessThan(whole.calls.length / 3);
  });

  it("checks its range", async () => {
    const v = await Versioned.open();
    const id = v.currentCommit;
    await failureOf(RangeError, () => v.changes(id, id, { limit: -1 }));
    await failureOf(TypeError, () => v.changes(id, id, { prefix: 5 as never }));
  });
});
