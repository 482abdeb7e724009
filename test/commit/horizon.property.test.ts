import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allAncestors, firstParents, isAncestor, mergeBases, reachableFrom } from "../../src/commit/ancestry.ts";
import type { CommitRecord } from "../../src/commit/commit.ts";
import { Horizon } from "../../src/commit/horizon.ts";
import { HistoryCutError } from "../../src/errors.ts";
import { propertyOptions } from "../support/seed.ts";
import { build, cold, type Graph, keepOnly, lowestCommon, pick, shape } from "./graph.ts";

const indexes = fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 5 });

/** What a walk from a commit that does not enter the cuts meets. */
function held(graph: Graph, from: CommitRecord, cuts: ReadonlySet<string>): Set<string> {
  const met = new Set<string>();
  const byId = new Map<string, CommitRecord>(graph.commits.map((commit) => [commit.hash, commit]));
  const visit = (hash: string): void => {
    if (cuts.has(hash) || met.has(hash)) return;
    met.add(hash);
    for (const parent of byId.get(hash)?.parents ?? []) visit(parent);
  };
  visit(from.hash);
  return met;
}

/** A graph, two commits of it, and cuts: what lies beyond is removed, or still there. */
const cutGraph = fc.record({
  made: shape,
  i: fc.nat({ max: 30 }),
  j: fc.nat({ max: 89 }),
  at: indexes,
  removed: fc.boolean(),
});

type CutGraph = typeof cutGraph extends fc.Arbitrary<infer T> ? T : never;

async function cutting({ made, i, j, at, removed }: CutGraph): Promise<{
  graph: Graph;
  a: CommitRecord;
  b: CommitRecord;
  cuts: Set<CommitRecord["hash"]>;
  horizon: Horizon;
}> {
  const graph = await build(made);
  const [a, b] = [pick(graph.commits, i), pick(graph.commits, j)];
  const cuts = new Set(
    at.map((index) => pick(graph.commits, index).hash).filter((hash) => hash !== a.hash && hash !== b.hash),
  );
  if (removed) keepOnly(graph, new Set([...held(graph, a, cuts), ...held(graph, b, cuts)]));
  return { graph, a, b, cuts, horizon: new Horizon(graph.store, cuts) };
}

describe("with a horizon", () => {
  it("isAncestor is right, or says that it does not know", async () => {
    await fc.assert(
      fc.asyncProperty(cutGraph, async (given) => {
        const { graph, a, b, cuts, horizon } = await cutting(given);
        const answer = await isAncestor(cold(graph).commits, b, a, horizon);
        const isHeld = held(graph, a, cuts).has(b.hash);
        if (isHeld || cuts.size === 0) expect(answer).toBe(graph.ancestors.get(a.hash)?.has(b.hash));
        else expect(answer === undefined || answer === graph.ancestors.get(a.hash)?.has(b.hash)).toBe(true);
        if (answer === true) expect(isHeld).toBe(true);
        expect(await reachableFrom(cold(graph).commits, b, [a], horizon)).toBe(answer);
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("mergeBases are all lowest common ancestors, and held by both; or the history is said to be cut", async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(cutGraph, async (given) => {
        const { graph, a, b, cuts, horizon } = await cutting(given);
        const expected = lowestCommon(graph, [a], b);
        let bases: CommitRecord[];
        try {
          bases = await mergeBases(cold(graph).commits, [a], b, horizon);
        } catch (error) {
          expect(error).toBeInstanceOf(HistoryCutError);
          expect(cuts.size).toBeGreaterThan(0);
          return;
        }
        found++;
        expect(bases.map(({ hash }) => hash)).toEqual(expected);
      }),
      propertyOptions({ numRuns: 500 }),
    );
    expect(found).toBeGreaterThan(0);
  });

  it("finds bases that are this side of it on lines", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 30 }),
        fc.nat({ max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat({ max: 29 }),
        async (trunk, left, right, cutAt) => {
          fc.pre(cutAt < trunk);
          const made = [[], ...Array.from({ length: trunk }, () => [0])];
          const graph = await build([
            ...made,
            ...Array.from({ length: left }, () => [0]),
            ...Array.from({ length: right }, (_, step) => [step === 0 ? left : 0]),
          ]);
          const base = graph.commits[trunk];
          const a = graph.commits[trunk + left];
          const b = graph.commits.at(-1);
          const cut = graph.commits[cutAt];
          if (base === undefined || a === undefined || b === undefined || cut === undefined)
            throw new Error("no graph");
          const horizon = new Horizon(graph.store, [cut.hash]);
          expect(await mergeBases(cold(graph).commits, [a], b, horizon)).toMatchObject([{ hash: base.hash }]);
        },
      ),
      propertyOptions({ numRuns: 50 }),
    );
  });

  it("histories end before it", async () => {
    await fc.assert(
      fc.asyncProperty(
        cutGraph,
        fc.option(fc.nat({ max: 60 }), { nil: Number.POSITIVE_INFINITY }),
        async (given, limit) => {
          const { graph, a, cuts, horizon } = await cutting(given);
          const all: string[] = [];
          for await (const page of allAncestors(cold(graph).commits, a, limit, horizon)) {
            all.push(...page.map(({ hash }) => hash));
          }
          const expected = held(graph, a, cuts);
          expect(all).toHaveLength(Math.min(limit, expected.size));
          for (const hash of all) expect(expected.delete(hash)).toBe(true);
          const line: string[] = [];
          for await (const page of firstParents(cold(graph).commits, a, limit, horizon)) {
            line.push(...page.map(({ hash }) => hash));
          }
          const firsts: string[] = [];
          const byId = new Map<string, CommitRecord>(graph.commits.map((commit) => [commit.hash, commit]));
          for (let at: CommitRecord | undefined = a; at !== undefined && firsts.length < limit; ) {
            firsts.push(at.hash);
            const [parent]: readonly CommitRecord["hash"][] = at.parents;
            at = parent === undefined || cuts.has(parent) ? undefined : byId.get(parent);
          }
          expect(line).toEqual(firsts);
        },
      ),
      propertyOptions({ numRuns: 300 }),
    );
  });
});
