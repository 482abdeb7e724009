import { describe, expect, it } from "vitest";
import { CorruptionError, collectGarbage, Memory, Versioned, VkvError } from "vkv";
import { utf8 } from "../../src/bytes.ts";
import type { Hash } from "../../src/chunk/hash.ts";
import type { Chunk } from "../../src/chunk/store.ts";
import { skipDepths } from "../../src/commit/commit.ts";
import { inlineSlot } from "../../src/tree/slot.ts";
import { childSlot } from "../support/tree.ts";
import { failureOf } from "../versioned/helpers.ts";
import { type CommitFields, craftCommit, craftNode, plant } from "./craft.ts";

/** How long a call may take, in ms: the histories here are tiny, and an endless loop is the danger. */
const LONG = 5000;

interface Line {
  readonly chunks: Chunk[];
  readonly commits: readonly { readonly hash: Hash; readonly fields: CommitFields }[];
}

/**
 * A history: 0 – 1 – 2 – 3 – 4 – 5 – 6 – 7, with 8 on 2, 9 a merge of 7 and 8, and 10 on 9, each with a tree of its own.
 * `lie` changes what one of them says; those above are true otherwise.
 */
function history(lie: (at: number, fields: CommitFields, known: readonly Hash[]) => CommitFields): Line {
  const chunks: Chunk[] = [];
  const commits: { hash: Hash; fields: CommitFields }[] = [];
  const parentsOf = [[], [0], [1], [2], [3], [4], [5], [6], [2], [7, 8], [9]];
  /** The true first-parent line of each. */
  const lines: Hash[][] = [];
  parentsOf.forEach((parents, at) => {
    const tree = craftNode(0, [[`k${at}`, inlineSlot(utf8("v"))]]);
    chunks.push({ kind: "node", hash: tree.hash, payload: tree.payload });
    const above = parents.flatMap((parent) => commits[parent] ?? []);
    const line = [...(lines[parents[0] ?? -1] ?? []), ...above.slice(0, 1).map(({ hash }) => hash)];
    const depth = line.length;
    const truth: CommitFields = {
      root: tree.hash,
      size: 1,
      bytes: 1,
      generation: [0, 1, 2, 3, 4, 5, 6, 7, 3, 8, 9][at] ?? 0,
      depth,
      merges: at >= 9 ? 1 : 0,
      parents: above.map(({ hash }) => hash),
      skips: skipDepths(depth).flatMap((to) => line[to] ?? []),
    };
    const fields = lie(
      at,
      truth,
      commits.map(({ hash }) => hash),
    );
    const commit = craftCommit(fields);
    chunks.push(commit);
    lines.push(line);
    commits.push({ hash: commit.hash, fields });
  });
  return { chunks, commits };
}

/** Calls everything that looks at a history; each must end soon, with a result or with an error of vkv. */
async function useWholly({ chunks, commits }: Line): Promise<Map<string, unknown>> {
  const results = new Map<string, unknown>();
  const [oldest, tip, side] = [commits[0]?.hash ?? "", commits[10]?.hash ?? "", commits[8]?.hash ?? ""];
  const attempt = async (name: string, work: (v: Versioned) => Promise<unknown>): Promise<void> => {
    const store = new Memory();
    await plant(store, chunks, tip as Hash);
    await plant(store, [], side as Hash, "side");
    const start = performance.now();
    try {
      results.set(name, await work(await Versioned.open(store)));
    } catch (error) {
      if (!(error instanceof VkvError)) throw error;
      results.set(name, error);
    }
    expect(performance.now() - start).toBeLessThan(LONG);
  };
  await attempt("history", (v) => v.history().toArray());
  await attempt("all history", (v) => v.history({ allParents: true }).toArray());
  await attempt("initialCommit", (v) => v.initialCommit());
  await attempt("mergeBase", (v) => v.mergeBase(tip, side));
  await attempt("mergeBase backwards", (v) => v.mergeBase(side, oldest));
  await attempt("mergeFrom", async (v) => {
    await v.snapshot({ x: utf8("1") });
    await v.mergeFrom("side", { defaultMerge: "ours" });
    return v.keys().toArray();
  });
  await attempt("merge", async (v) => {
    const other = await v.checkout(commits[7]?.hash ?? "");
    await other?.snapshot({ y: utf8("1") });
    return other?.merge({ defaultMerge: "theirs" });
  });
  await attempt("resetTo", (v) => v.resetTo(commits[3]?.hash ?? ""));
  await attempt("diff", (v) => v.diff(oldest, tip));
  await attempt("snapshot", async (v) => {
    const id = await v.snapshot({ x: utf8("1") });
    await v.merge();
    const again = await Versioned.open(v.store);
    return again.currentCommit === id;
  });
  await attempt("collectGarbage", (v) => collectGarbage(v.store, { minAge: 0 }));
  return results;
}

const NUMBERS = [0, 1, 3, 4, 8, 1000, Number.MAX_SAFE_INTEGER];

describe("a crafted history with right hashes", () => {
  it("is walked if it is true", async () => {
    const { chunks, commits } = history((_, fields) => fields);
    const ids = commits.map(({ hash }) => hash);
    const results = await useWholly({ chunks, commits });
    expect(results.get("history")).toEqual([10, 9, 7, 6, 5, 4, 3, 2, 1, 0].map((at) => ids[at]));
    expect(results.get("initialCommit")).toBe(ids[0]);
    expect(results.get("mergeBase")).toBe(ids[8]);
    for (const [name, result] of results) expect([name, result]).not.toEqual([name, expect.any(Error)]);
  });

  it.each(["generation", "depth", "merges"] as const)(
    "ends every call soon, whatever a commit says of its %s",
    async (field) => {
      for (const liar of [4, 8, 9, 10]) {
        for (const number of NUMBERS) {
          await useWholly(
            history((at, fields) => {
              if (at !== liar || fields[field] === number) return fields;
              const changed = { ...fields, [field]: number };
              const depths = skipDepths(changed.depth);
              return { ...changed, skips: depths.map((_, i) => fields.skips[i] ?? fields.parents[0] ?? fields.root) };
            }),
          );
        }
      }
    },
    120_000,
  );

  it("ends every call soon, whatever a commit names as its ancestors", async () => {
    for (const liar of [4, 5, 8, 9, 10]) {
      for (let named = 0; named < liar; named++) {
        await useWholly(
          history((at, fields, known) => {
            const other = known[named];
            if (at !== liar || other === undefined) return fields;
            return { ...fields, skips: fields.skips.map(() => other) };
          }),
        );
        await useWholly(
          history((at, fields, known) => {
            const other = known[named];
            if (at !== liar || other === undefined) return fields;
            return { ...fields, parents: [other, ...fields.parents.slice(1)] };
          }),
        );
      }
    }
  }, 120_000);

  it.each([
    ["size", { size: 2 }],
    ["size", { size: 2 ** 40 }],
    ["bytes", { bytes: 0 }],
    ["bytes", { bytes: 2 }],
  ])("is refused by whatever reads the tree of a commit that says a wrong %s", async (_, lie) => {
    const { chunks, commits } = history((at, fields) => (at === 10 ? { ...fields, ...lie } : fields));
    const store = new Memory();
    await plant(store, chunks, commits[10]?.hash as Hash);
    const v = await Versioned.open(store);
    await failureOf(CorruptionError, v.get("k10"));
    await failureOf(CorruptionError, v.keys().toArray());
    await failureOf(CorruptionError, v.snapshot({ x: utf8("1") }));
    await failureOf(CorruptionError, v.diff(v.currentCommit, commits[3]?.hash ?? ""));
  });

  it("is refused where a commit's tree is another kind of chunk", async () => {
    const inner = craftNode(1, [["k", childSlot(craftNode(0, [["k", inlineSlot(utf8("v"))]]))]]);
    for (const wrong of ["commit", "missing"]) {
      const { chunks, commits } = history((at, fields, known) => {
        return at === 10 ? { ...fields, root: wrong === "commit" ? (known[1] ?? inner.hash) : inner.hash } : fields;
      });
      const store = new Memory();
      await plant(store, chunks, commits[10]?.hash as Hash);
      // The same bytes where nodes are looked for.
      const commit = chunks.find(({ hash }) => hash === commits[1]?.hash);
      if (commit !== undefined) await plant(store, [{ ...commit, kind: "node" }], commits[10]?.hash as Hash);
      const v = await Versioned.open(store);
      await failureOf(CorruptionError, v.keys().toArray());
      await failureOf(CorruptionError, collectGarbage(store, { minAge: 0 }));
    }
  });
});
