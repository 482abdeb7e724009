import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Descent } from "../../src/commit/descent.ts";
import { Horizon } from "../../src/commit/horizon.ts";
import { propertyOptions } from "../support/seed.ts";
import { build, cold, keepOnly, pick, shape } from "./graph.ts";

const indexes = fc.array(fc.nat({ max: 89 }), { maxLength: 5 });
/** Commits to ask about, and whether each of them is still wanted when the first commits were read. */
const questions = fc.array(fc.tuple(fc.nat({ max: 89 }), fc.boolean()), { minLength: 1, maxLength: 20 });

describe("one walk", () => {
  it("answers every question as a walk of its own does, in any order, also after questions that were given up", async () => {
    await fc.assert(
      fc.asyncProperty(shape, indexes, indexes, questions, async (made, tops, cut, asked) => {
        const graph = await build(made);
        const heads = [...new Set(tops.map((index) => pick(graph.commits, index)))];
        const cuts = cut.map((index) => pick(graph.commits, index).hash);
        const horizon = new Horizon(graph.store, cuts, "these");
        const { commits } = cold(graph);
        const shared = new Descent(commits, heads, horizon);
        for (const [index, isWanted] of asked) {
          const target = pick(graph.commits, index);
          const search = { over: false };
          const answer = shared.reaches(target, search);
          if (!isWanted) {
            await Promise.resolve();
            await Promise.resolve();
            search.over = true;
            continue;
          }
          const own = new Descent(commits, heads, horizon);
          expect(await answer).toBe(await own.reaches(target, { over: false }));
        }
      }),
      propertyOptions({ numRuns: 150 }),
    );
  });

  it("goes on from where a walk from further down has come to, as if it had walked all the way", async () => {
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.nat({ max: 20 }),
        fc.nat(),
        fc.option(fc.nat({ max: 89 }), { nil: undefined }),
        questions,
        async (made, i, j, before, after) => {
          const graph = await build(made);
          const head = pick(graph.commits, i);
          const below = graph.commits.filter(({ hash }) => graph.ancestors.get(head.hash)?.has(hash));
          const lower = pick(below, j);
          const horizon = new Horizon(graph.store, [], "these");
          const { commits } = cold(graph);
          const first = new Descent(commits, [lower], horizon);
          if (before !== undefined) await first.reaches(pick(graph.commits, before), { over: false });
          const walk = new Descent(commits, [head], horizon);
          expect(await walk.reaches(lower, { over: false })).toBe(true);
          const last = { over: false };
          void first.reaches(pick(graph.commits.slice(0, 1), 0), last);
          await Promise.resolve();
          await Promise.resolve();
          walk.adopt(first);
          last.over = true;
          for (const [index] of after) {
            const target = pick(graph.commits, index);
            expect(await walk.reaches(target, { over: false })).toBe(graph.ancestors.get(head.hash)?.has(target.hash));
          }
        },
      ),
      propertyOptions({ numRuns: 150 }),
    );
  });

  it("comes to what is missing again with each question about what is below it", async () => {
    const graph = await build(Array.from({ length: 6 }, () => [0]));
    const [root, below, , above, , head] = graph.commits;
    if (root === undefined || below === undefined || above === undefined || head === undefined) throw new Error("none");
    keepOnly(graph, new Set([root.hash, above.hash, head.hash, graph.commits[4]?.hash ?? ""]));
    const { commits } = cold(graph);
    const descent = new Descent(commits, [head], new Horizon(graph.store, [], "these"));
    for (let i = 0; i < 2; i++) {
      await expect(descent.reaches(root, { over: false })).rejects.toThrow("is missing");
      expect(await descent.reaches(above, { over: false })).toBe(true);
    }
  });
});
