import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAncestor, mergeBases } from "../../src/commit/ancestry.ts";
import type { CommitRecord } from "../../src/commit/commit.ts";
import type { Descent } from "../../src/commit/descent.ts";
import { Horizon } from "../../src/commit/horizon.ts";
import { makeRef, refKey } from "../../src/commit/ref.ts";
import { Repository } from "../../src/commit/repository.ts";
import { Walks } from "../../src/commit/walks.ts";
import { HistoryCutError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import { ViewOf } from "../support/counting-store.ts";
import { propertyOptions } from "../support/seed.ts";
import { build, cold, lowestCommon, pick, shape } from "./graph.ts";

/** History ends nowhere. */
const OPEN = new Horizon(new Memory());

const question = fc.record({
  a: fc.nat({ max: 89 }),
  b: fc.nat({ max: 89 }),
  about: fc.constantFrom("ancestor", "bases", "both"),
  /** Whether the next question waits for the answer. */
  isAwaited: fc.boolean(),
});

describe("walks that are kept", () => {
  it("change no answer, in whatever order questions come, and also when they come at once", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.array(question, { minLength: 2, maxLength: 40 }), async (made, questions) => {
        const graph = await build(made);
        const { commits } = cold(graph);
        Walks.of(commits, 0);
        const answers: Promise<void>[] = [];
        for (const { a: i, b: j, about, isAwaited } of questions) {
          const [a, b] = [pick(graph.commits, i), pick(graph.commits, j)];
          const ask = async (): Promise<void> => {
            if (about !== "bases")
              expect(await isAncestor(commits, a, b, OPEN)).toBe(graph.ancestors.get(b.hash)?.has(a.hash));
            if (about === "ancestor") return;
            const bases = await mergeBases(commits, [a], b, OPEN);
            expect(bases.map(({ hash }) => hash)).toEqual(lowestCommon(graph, [a], b));
          };
          answers.push(ask());
          if (isAwaited) await answers.at(-1);
        }
        await Promise.all(answers);
      }),
      propertyOptions({ numRuns: 200 }),
    );
  });

  it("are gone on with by one at a time", async () => {
    // 0 root; 1 to 4 a line on it; 5 and 6 both on 4.
    const graph = await build([[], [0], [0], [0], [0], [0], [1]]);
    const [root, , , , line, left, right] = graph.commits;
    if (root === undefined || line === undefined || left === undefined || right === undefined) throw new Error("none");
    const { commits } = cold(graph);
    const walks = Walks.of(commits, 0);
    const search = { over: false };
    walks.keep(line, await walks.take(line, 0, OPEN, search));
    const take = (head: CommitRecord): Promise<Descent> => walks.take(head, 0, OPEN, search);
    const [fromLeft, fromRight] = await Promise.all([take(left), take(right)]);
    expect(await fromLeft.reaches(right, search)).toBe(false);
    expect(await fromRight.reaches(left, search)).toBe(false);
    expect([await fromLeft.reaches(root, search), await fromRight.reaches(root, search)]).toEqual([true, true]);
  });

  it("give no base too few where another question finds meanwhile that history was cut", async () => {
    // 0 root; 1 on it, which both sides have; 2 to 4 a line on 0; 5 merges 1 and 4; 6 and 7 a line on 1.
    const graph = await build([[], [0], [1], [0], [0], [3, 0], [4], [0]]);
    const [, shared, , , , merged, , low] = graph.commits;
    if (shared === undefined || merged === undefined || low === undefined) throw new Error("none");
    const horizon = new Horizon(graph.store);
    const store = new ViewOf(graph.store);
    const { commits } = Repository.of(store);
    const walks = Walks.of(commits, 0);
    walks.keep(merged, await walks.take(merged, 0, horizon, { over: false }));
    graph.store.set(refKey("branch", "main"), makeRef(merged.hash, 0, [shared.hash]).stored);
    store.getMany = async (keys) => {
      await horizon.widen();
      return graph.store.getMany(keys);
    };
    await expect(mergeBases(commits, [low], merged, horizon)).rejects.toBeInstanceOf(HistoryCutError);
  });
});
