import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allAncestors, firstParents, isAncestor, mergeBases, reachableFrom } from "../../src/commit/ancestry.ts";
import { type CommitRecord, skipDepths } from "../../src/commit/commit.ts";
import { Horizon } from "../../src/commit/horizon.ts";
import { Repository } from "../../src/commit/repository.ts";
import { Memory } from "../../src/kv/memory.ts";
import { propertyOptions } from "../support/seed.ts";
import { build, cold, lowestCommon, pick, picks, shape } from "./graph.ts";

/** History ends nowhere. */
const OPEN = new Horizon(new Memory());

describe("on any commit graph", () => {
  it("isAncestor is what walking all parents says", async () => {
    await fc.assert(
      fc.asyncProperty(shape, picks, async (made, pairs) => {
        const graph = await build(made);
        for (const [i, j] of pairs) {
          const [a, b] = [pick(graph.commits, i), pick(graph.commits, j)];
          for (const { commits } of [Repository.of(graph.store), cold(graph)]) {
            expect(await isAncestor(commits, a, b, OPEN)).toBe(graph.ancestors.get(b.hash)?.has(a.hash));
            expect(await isAncestor(commits, b, a, OPEN)).toBe(graph.ancestors.get(a.hash)?.has(b.hash));
          }
        }
      }),
      propertyOptions({ numRuns: 120 }),
    );
  });

  it("reachableFrom asks several heads at once", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(), fc.array(fc.nat(), { maxLength: 4 }), async (made, i, others) => {
        const graph = await build(made);
        const target = pick(graph.commits, i);
        const heads = others.map((other) => pick(graph.commits, other));
        const expected = heads.some(({ hash }) => graph.ancestors.get(hash)?.has(target.hash));
        expect(await reachableFrom(cold(graph).commits, target, heads, OPEN)).toBe(expected);
      }),
      propertyOptions({ numRuns: 150 }),
    );
  });

  it("mergeBases are all lowest common ancestors, in the order of their ids, from either side", async () => {
    await fc.assert(
      fc.asyncProperty(shape, picks, async (made, pairs) => {
        const graph = await build(made);
        for (const [i, j] of pairs) {
          const [a, b] = [pick(graph.commits, i), pick(graph.commits, j)];
          const expected = lowestCommon(graph, [a], b);
          for (const { commits } of [Repository.of(graph.store), cold(graph)]) {
            expect((await mergeBases(commits, [a], b, OPEN)).map(({ hash }) => hash)).toEqual(expected);
            expect((await mergeBases(commits, [b], a, OPEN)).map(({ hash }) => hash)).toEqual(expected);
          }
        }
      }),
      propertyOptions({ numRuns: 120 }),
    );
  });

  it("mergeBases of what several commits would be merged into", async () => {
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.array(fc.nat(), { minLength: 2, maxLength: 4 }),
        fc.nat(),
        async (made, several, j) => {
          const graph = await build(made);
          const as = several.map((index) => pick(graph.commits, index));
          const b = pick(graph.commits, j);
          const bases = await mergeBases(cold(graph).commits, as, b, OPEN);
          expect(bases.map(({ hash }) => hash)).toEqual(lowestCommon(graph, as, b));
        },
      ),
      propertyOptions({ numRuns: 150 }),
    );
  });

  it("histories list every ancestor once, children first, newest generation first, up to the limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.nat(),
        fc.option(fc.nat({ max: 100 }), { nil: Number.POSITIVE_INFINITY }),
        async (made, i, limit) => {
          const graph = await build(made);
          const from = pick(graph.commits, i);
          const all: CommitRecord[] = [];
          for await (const page of allAncestors(cold(graph).commits, from, limit, OPEN)) all.push(...page);
          const expected = graph.commits
            .filter(({ hash }) => graph.ancestors.get(from.hash)?.has(hash))
            .sort((a, b) => b.generation - a.generation || (a.hash < b.hash ? -1 : 1));
          expect(all.map(({ hash }) => hash)).toEqual(expected.slice(0, limit).map(({ hash }) => hash));
          const line: CommitRecord[] = [];
          for await (const page of firstParents(cold(graph).commits, from, limit, OPEN)) line.push(...page);
          const firsts: string[] = [];
          for (let at: CommitRecord | undefined = from; at !== undefined && firsts.length < limit; ) {
            firsts.push(at.hash);
            const [parent]: readonly string[] = at.parents;
            at = graph.commits.find(({ hash }) => hash === parent);
          }
          expect(line.map(({ hash }) => hash)).toEqual(firsts);
        },
      ),
      propertyOptions({ numRuns: 120 }),
    );
  });

  it("a commit knows its generation, depth, merges and the ancestors at its skip depths", async () => {
    await fc.assert(
      fc.asyncProperty(shape, async (made) => {
        const graph = await build(made);
        const byId = new Map<string, CommitRecord>(graph.commits.map((commit) => [commit.hash, commit]));
        const { commits } = cold(graph);
        for (const { hash } of graph.commits) {
          const commit = await commits.load(hash);
          const parents = commit.parents.map((parent) => byId.get(parent));
          expect(commit.generation).toBe(Math.max(-1, ...parents.map((parent) => parent?.generation ?? -1)) + 1);
          expect(commit.depth).toBe((parents[0]?.depth ?? -1) + 1);
          expect(commit.merges).toBe((parents[0]?.merges ?? 0) + (parents.length > 1 ? 1 : 0));
          const line = new Map<number, string>();
          for (let at: CommitRecord | undefined = commit; at !== undefined; at = byId.get(at.parents[0] ?? "")) {
            line.set(at.depth, at.hash);
          }
          expect(commit.skips).toEqual(skipDepths(commit.depth).map((depth) => line.get(depth)));
          for (const depth of [0, Math.floor(commit.depth / 3), commit.depth]) {
            expect(await commits.ancestorAt(commit, depth)).toBe(line.get(depth));
          }
        }
      }),
      propertyOptions({ numRuns: 40 }),
    );
  });
});

describe("a criss-cross", () => {
  it("has two merge bases, and its middle one", async () => {
    // 0 root; 1 and 2 on it; 3 merges 2 into 1, 4 merges 1 into 2.
    const { store, commits } = await build([[], [0], [1], [1, 0], [1, 2]]);
    const [, one, two, left, right] = commits;
    if (one === undefined || two === undefined || left === undefined || right === undefined)
      throw new Error("no graph");
    const bases = await mergeBases(Repository.of(store).commits, [left], right, OPEN);
    expect(bases.map(({ hash }) => hash)).toEqual([one.hash, two.hash].sort());
  });
});

describe("histories that share nothing", () => {
  it("have no merge base, and no ancestors in common", async () => {
    const graph = await build([[], [0], [0], [], [0], [0, 4]]);
    const { commits } = cold(graph);
    const [, , a, other, b] = graph.commits;
    if (a === undefined || b === undefined || other === undefined) throw new Error("no graph");
    expect(await mergeBases(commits, [a], b, OPEN)).toEqual([]);
    expect(await isAncestor(commits, other, a, OPEN)).toBe(false);
  });
});

describe("skipDepths", () => {
  it("names the next lower multiple of 4, and at multiples of 4^j those below down to the next multiple of 4^(j+1)", () => {
    expect([0, 1, 2, 3, 4, 5].map(skipDepths)).toEqual([[], [], [0], [0], [0], []]);
    expect(skipDepths(16)).toEqual([12, 8, 4, 0]);
    expect(skipDepths(18)).toEqual([16]);
    expect(skipDepths(20)).toEqual([16]);
    expect(skipDepths(64)).toEqual([60, 56, 52, 48, 32, 16, 0]);
  });

  it("names 1.25 ancestors on average, falling, all above the parent", () => {
    let total = 0;
    for (let depth = 0; depth < 4096; depth++) {
      const depths = skipDepths(depth);
      total += depths.length;
      expect(depths).toEqual([...new Set(depths)].sort((a, b) => b - a));
      for (const each of depths) expect(each >= 0 && each < depth - 1).toBe(true);
    }
    expect(total / 4096).toBeGreaterThan(1.2);
    expect(total / 4096).toBeLessThan(1.3);
  });
});
