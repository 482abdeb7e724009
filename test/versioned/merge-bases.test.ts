import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Memory, MergeConflict, Versioned } from "vkv";
import { propertyOptions } from "../support/seed.ts";
import { type Changes, change, contents, failureOf, text } from "./helpers.ts";

/** Builds histories by name: each commit has parents that were built before. */
class Graph {
  readonly v: Versioned;
  readonly ids: Map<string, string> = new Map();

  constructor(v: Versioned) {
    this.v = v;
  }

  static async on(store: Memory = new Memory()): Promise<Graph> {
    const v = await Versioned.open(store);
    const graph = new Graph(v);
    graph.ids.set("root", v.currentCommit);
    return graph;
  }

  id(name: string): string {
    const id = this.ids.get(name);
    if (id === undefined) throw new Error(`There is no commit ${name}.`);
    return id;
  }

  async at(name: string): Promise<Versioned> {
    const v = await this.v.checkout(this.id(name));
    if (v === undefined) throw new Error(`There is no commit ${name}.`);
    return v;
  }

  /** A commit with `changes` on `parents[0]`, into which the others are merged before (conflicts: ours). */
  async add(name: string, parents: readonly string[], changes: Changes): Promise<string> {
    const [first = "root", ...others] = parents;
    const v = await this.at(first);
    for (const other of others) await v.mergeFrom({ commit: this.id(other) }, { defaultMerge: "ours", info: { name } });
    const id = await change(v, changes, { name });
    this.ids.set(name, id);
    return id;
  }
}

describe("merge base", () => {
  it("is the lowest common ancestor, not the first one met", async () => {
    // "late" is below both only through a merge's second parent; "early" is on both first-parent lines.
    const g = await Graph.on();
    await g.add("early", [], { k: "early" });
    await g.add("late", ["early"], { k: "late" });
    await g.add("a1", ["early"], { a: "1" });
    await g.add("a", ["a1", "late"], { a: "2" });
    await g.add("b1", ["early"], { b: "1" });
    await g.add("b", ["b1", "late"], { b: "2" });
    expect(await g.v.mergeBase(g.id("a"), g.id("b"))).toBe(g.id("late"));
    expect(await g.v.mergeBase(g.id("b"), g.id("a"))).toBe(g.id("late"));
    const a = await g.at("a");
    await change(a, { k: "changed" });
    // Over "early" this would be a conflict.
    expect((await a.mergeFrom({ commit: g.id("b") })).strategy).toBe("three_way");
    expect(await contents(a)).toEqual({ k: "changed", a: "2", b: "2" });
  });

  it("is the ancestor of two commits of one line, and the commit itself", async () => {
    const g = await Graph.on();
    await g.add("a", [], { a: "1" });
    await g.add("b", ["a"], { b: "1" });
    expect(await g.v.mergeBase(g.id("a"), g.id("b"))).toBe(g.id("a"));
    expect(await g.v.mergeBase(g.id("b"), g.id("b"))).toBe(g.id("b"));
    expect(await g.v.mergeBase(g.id("root"), g.id("b"))).toBe(g.id("root"));
  });

  it("of several lowest ones is the smallest id, in either order of the arguments", async () => {
    const g = await crissCross({ a: "1" }, { b: "1" });
    const smallest = [g.id("a"), g.id("b")].sort()[0];
    expect(await g.v.mergeBase(g.id("x"), g.id("y"))).toBe(smallest);
    expect(await g.v.mergeBase(g.id("y"), g.id("x"))).toBe(smallest);
  });

  it("agrees with a search over all ancestors, for any history", async () => {
    const shape = fc.array(fc.tuple(fc.nat(), fc.option(fc.nat(), { nil: undefined })), {
      minLength: 2,
      maxLength: 14,
    });
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(), fc.nat(), async (picks, p, q) => {
        const g = await Graph.on();
        const names = ["root"];
        const ancestors = new Map([[g.id("root"), new Set([g.id("root")])]]);
        for (const [i, [one, two]] of picks.entries()) {
          const parents = [one, two].flatMap((pick) =>
            pick === undefined ? [] : [names[pick % names.length] ?? "root"],
          );
          await g.add(`c${i}`, parents, { [`k${i}`]: "1" });
          names.push(`c${i}`);
        }
        for (const name of names) await collect(g.v, g.id(name), ancestors);
        const [a, b] = [p, q].map((pick) => g.id(names[pick % names.length] ?? "root"));
        if (a === undefined || b === undefined) throw new Error("no commits");
        const common = [...(ancestors.get(a) ?? [])].filter((id) => ancestors.get(b)?.has(id));
        const lowest = common.filter((id) => !common.some((other) => other !== id && ancestors.get(other)?.has(id)));
        expect(await g.v.mergeBase(a, b)).toBe(lowest.sort()[0]);
      }),
      propertyOptions({ numRuns: 40 }),
    );
  });
});

describe("criss-cross merges", () => {
  it("merge the bases first: what one base changed is no conflict", async () => {
    const g = await crissCross({ a: "1", k: "a" }, { b: "1" });
    const x = await g.at("x");
    const y = await g.at("y");
    expect(await contents(x)).toEqual({ n: "0", a: "1", b: "1", k: "a", x: "1" });
    await change(y, { k: "y" });
    // Only y changed k since the bases were merged.
    await x.mergeFrom({ commit: y.currentCommit });
    expect(await contents(x)).toEqual({ n: "0", a: "1", b: "1", k: "y", x: "1", y: "1" });
  });

  it("treat a key that the bases disagree about as changed by both, without a base value, though it is the same on one side", async () => {
    const g = await crissCross({ k: "a" }, { k: "b" });
    const x = await g.at("x");
    const y = await g.at("y");
    expect(text(await x.get("k"))).toBe("a");
    expect(text(await y.get("k"))).toBe("b");
    const seen: unknown[] = [];
    const error = await failureOf(MergeConflict, x.mergeFrom({ commit: g.id("y") }));
    expect(error.conflicts.map(({ key, old }) => [key, old])).toEqual([["k", undefined]]);
    await x.mergeFrom(
      { commit: g.id("y") },
      {
        mergeFns: {
          k: (...values) => {
            seen.push(values.map(text));
            return values[1];
          },
        },
      },
    );
    // Called once, for the merge itself: no rule is called for the bases.
    expect(seen).toEqual([[undefined, "a", "b"]]);
  });

  it("counts a contested key as changed by both also where the sides have it alike, or one has it not", async () => {
    const g = await crissCross({ k: "a", l: "a" }, { k: "b", l: "b" });
    const x = await g.at("x");
    const y = await g.at("y");
    await change(x, { k: "same", l: null }, { side: "x" });
    await change(y, { k: "same" }, { side: "y" });
    const seen: unknown[] = [];
    const result = await x.mergeFrom(
      { commit: y.currentCommit },
      {
        defaultMerge: (...values) => {
          seen.push(values.map(text));
          return values[2];
        },
      },
    );
    expect(seen).toEqual([
      [undefined, "same", "same"],
      [undefined, undefined, "b"],
    ]);
    expect(result.resolvedKeys).toEqual(["k", "l"]);
  });

  it("lets a contested key that neither side has any more stay away", async () => {
    const g = await crissCross({ k: "a" }, { k: "b" });
    const [x, y] = [await g.at("x"), await g.at("y")];
    await change(x, { k: null });
    await change(y, { k: null });
    await x.mergeFrom({ commit: y.currentCommit });
    expect(await x.has("k")).toBe(false);
  });

  it("come to the same contents in either direction, for any changes", async () => {
    const key = fc.constantFrom("p", "q", "r", "s", "t");
    const value = fc.option(fc.constantFrom("1", "2", "3"), { nil: null });
    const changes = fc.dictionary(key, value, { maxKeys: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(changes, { minLength: 5, maxLength: 5 }),
        async ([base = {}, a = {}, b = {}, onX = {}, onY = {}]) => {
          const g = await crissCross(a, b, base);
          const [x, y] = [await g.at("x"), await g.at("y")];
          await change(x, onX, { last: "x" });
          await change(y, onY, { last: "y" });
          const [atX, atY] = [x.currentCommit, y.currentCommit];
          const there = await x.mergeFrom({ commit: atY }, { onConflict: "abandon" });
          const back = await y.mergeFrom({ commit: atX }, { onConflict: "abandon" });
          expect(there.merged).toBe(back.merged);
          expect(back.conflicts).toEqual(
            there.conflicts.map(({ ours, theirs, ...rest }) => ({ ...rest, ours: theirs, theirs: ours })),
          );
          if (there.merged) expect((await x.commit()).root).toBe((await y.commit()).root);
        },
      ),
      propertyOptions({ numRuns: 60 }),
    );
  });

  it("merge bases of bases in turn", async () => {
    // Two criss-crosses, one on top of the other.
    const g = await crissCross({ a: "1" }, { b: "1" });
    await g.add("x2", ["x", "y"], { x2: "1" });
    await g.add("y2", ["y", "x"], { y2: "1" });
    await g.add("x3", ["x2", "y2"], { x3: "1" });
    await g.add("y3", ["y2", "x2"], { k: "y3" });
    const x = await g.at("x3");
    await x.mergeFrom({ commit: g.id("y3") });
    expect(Object.keys(await contents(x)).sort()).toEqual(["a", "b", "k", "n", "x", "x2", "x3", "y", "y2"]);
  });
});

/** Two commits `a` and `b`, and two merges of them, `x` (on a) and `y` (on b): both have a and b as lowest common ancestors. */
async function crissCross(a: Changes, b: Changes, base: Changes = {}): Promise<Graph> {
  const g = await Graph.on();
  await g.add("base", [], { n: "0", ...base });
  await g.add("a", ["base"], a);
  await g.add("b", ["base"], b);
  await g.add("x", ["a", "b"], { x: "1" });
  await g.add("y", ["b", "a"], { y: "1" });
  return g;
}

/** Notes the ancestors of a commit and of all below it. */
async function collect(v: Versioned, id: string, known: Map<string, Set<string>>): Promise<Set<string>> {
  const found = known.get(id);
  if (found !== undefined) return found;
  const all = new Set([id]);
  for (const parent of await v.parents(id)) for (const each of await collect(v, parent, known)) all.add(each);
  known.set(id, all);
  return all;
}
