import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeChunk } from "../../src/chunk/codec.ts";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import type { CommitRecord } from "../../src/commit/commit.ts";
import { raiseCommits } from "../../src/commit/raise.ts";
import { propertyOptions } from "../support/seed.ts";
import { build, cold, type Graph, pick, shape } from "./graph.ts";

const index = fc.nat({ max: 89 });
/** Commits that are held, with where what holds them is cut. */
const holdings = fc.array(fc.tuple(index, fc.array(index, { maxLength: 2 })), { maxLength: 12 });

/** What is to be raised for one commit, and where its history is cut then, by their definition. */
function expected(
  { commits }: Graph,
  start: CommitRecord,
  held: ReadonlyMap<Hash, readonly Hash[]>,
): { readonly raised: ReadonlySet<Hash>; readonly cuts: readonly Hash[] } {
  const byId = new Map(commits.map((commit) => [commit.hash, commit]));
  const raised = new Set<Hash>();
  const cuts = new Set<Hash>();
  const enter = (hash: Hash): void => {
    if (raised.has(hash)) return;
    raised.add(hash);
    for (const parent of byId.get(hash)?.parents ?? []) {
      const above = held.get(parent);
      if (above === undefined) enter(parent);
      else for (const cut of above) cuts.add(cut);
    }
  };
  enter(start.hash);
  return { raised, cuts: [...cuts].filter((cut) => !raised.has(cut)).sort() };
}

describe("raising several commits", () => {
  it("raises what is below each of them, but for what is held, and knows where the history of each is cut", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.array(index, { maxLength: 5 }), holdings, async (made, picked, holding) => {
        const graph = await build(made);
        const held = new Map(
          holding.map(([at, cuts]) => [pick(graph.commits, at).hash, cuts.map((cut) => pick(graph.commits, cut).hash)]),
        );
        const starts = picked.map((at) => pick(graph.commits, at)).filter(({ hash }) => !held.has(hash));
        const found = await raiseCommits(cold(graph), starts, 1, async ({ hash }) => held.get(hash));
        const raised = new Set<Hash>();
        for (const start of starts) {
          const each = expected(graph, start, held);
          expect(found.get(start.hash)).toEqual(each.cuts);
          for (const hash of each.raised) raised.add(hash);
        }
        for (const { hash } of graph.commits) {
          const { epoch } = decodeChunk(graph.store.memory.get(chunkKey("commit", hash)) ?? new Uint8Array(0));
          expect(epoch).toBe(raised.has(hash) ? 1 : 0);
        }
      }),
      propertyOptions({ numRuns: 150 }),
    );
  });
});
