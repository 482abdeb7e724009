import fc from "fast-check";
import { chunkKey } from "../../src/chunk/key.ts";
import type { CommitRecord } from "../../src/commit/commit.ts";
import { Repository } from "../../src/commit/repository.ts";
import { Memory } from "../../src/kv/memory.ts";
import { EMPTY_ROOT } from "../../src/tree/edit.ts";
import { newCommit } from "../../src/versioned/write.ts";
import { ViewOf } from "../support/counting-store.ts";

/** For each commit, how far before it its parents were made. None: a root commit. */
type Shape = readonly (readonly number[])[];

/** Commits of some shape, in the order in which they were made. */
export interface Graph {
  readonly store: Memory;
  readonly commits: readonly CommitRecord[];
  readonly ancestors: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Makes the commits of a shape in a new store. */
export async function build(shape: Shape): Promise<Graph> {
  const store = new Memory();
  const repository = Repository.of(store);
  const commits: CommitRecord[] = [];
  const ancestors = new Map<string, Set<string>>();
  for (const [n, steps] of shape.entries()) {
    const parents = [...new Set(steps.map((step) => commits[n - 1 - (step % Math.max(n, 1))]))].filter(
      (parent) => parent !== undefined,
    );
    const made = await newCommit(repository, { root: EMPTY_ROOT, edits: undefined }, [], parents, { n });
    await repository.chunks.put(made.chunks, 0);
    const commit = repository.commits.add(made.commit);
    commits.push(commit);
    const all = new Set<string>([commit.hash]);
    for (const { hash } of parents) for (const ancestor of ancestors.get(hash) ?? []) all.add(ancestor);
    ancestors.set(commit.hash, all);
  }
  return { store, commits, ancestors };
}

/** Removes all commits but some from the store. */
export function keepOnly({ store, commits }: Graph, kept: ReadonlySet<string>): void {
  for (const { hash } of commits) if (!kept.has(hash)) store.remove(chunkKey("commit", hash));
}

/** Commits of the graph as another process reads them, with nothing cached. */
export function cold(graph: Graph): Repository {
  return Repository.of(new ViewOf(graph.store));
}

/** The lowest common ancestors of `b` and any of `as`, by their definition. */
export function lowestCommon({ ancestors }: Graph, as: readonly CommitRecord[], b: CommitRecord): string[] {
  const above = new Set(as.flatMap(({ hash }) => [...(ancestors.get(hash) ?? [])]));
  const common = [...(ancestors.get(b.hash) ?? [])].filter((hash) => above.has(hash));
  return common.filter((hash) => !common.some((other) => other !== hash && ancestors.get(other)?.has(hash))).sort();
}

/** Mostly lines, with merges and forks: near parents most. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.nat({ max: 4 }) },
  { weight: 1, arbitrary: fc.nat({ max: 60 }) },
);
const parents = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(step) },
  { weight: 5, arbitrary: fc.tuple(step, step) },
  { weight: 1, arbitrary: fc.array(step, { maxLength: 4 }) },
);
/** Any shape. */
export const shape: fc.Arbitrary<Shape> = fc.array(parents, { minLength: 1, maxLength: 90, size: "max" });
/** Pairs of commits: one of the last, one of all. */
export const picks = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 89 })), { minLength: 1, maxLength: 12 });

/** A commit, counted from the last. */
export function pick(commits: readonly CommitRecord[], index: number): CommitRecord {
  const commit = commits[commits.length - 1 - (index % commits.length)];
  if (commit === undefined) throw new Error("no commit");
  return commit;
}
