import type { Chunk } from "../chunk/store.ts";
import type { CommitRecord } from "../commit/commit.ts";
import type { Info } from "../commit/info.ts";
import type { Repository } from "../commit/repository.ts";
import { type Edited, EMPTY_ROOT } from "../tree/edit.ts";
import type { Node } from "../tree/node.ts";

/** A commit that is made, and the chunks to store for it. */
export interface NewCommit {
  readonly commit: CommitRecord;
  readonly root: Node;
  /** The nodes among the chunks. */
  readonly fresh: readonly Node[];
  readonly chunks: readonly Chunk[];
}

/** Makes a commit of an edited tree. Nothing is stored. */
export async function newCommit(
  repository: Repository,
  tree: Edited,
  blobs: readonly Chunk[],
  parents: readonly CommitRecord[],
  info: Info | undefined,
): Promise<NewCommit> {
  const { size, bytes } = tree.root.totals();
  const commit = await repository.commits.make({ root: tree.root.hash, size, bytes, parents, info });
  const nodes = tree.fresh.map(({ hash, payload }): Chunk => ({ kind: "node", hash, payload }));
  return {
    commit,
    root: tree.root,
    fresh: tree.fresh,
    chunks: [...blobs, ...nodes, { kind: "commit", hash: commit.hash, payload: commit.payload }],
  };
}

/** The commit that every history begins with: no keys, no parents, no info. The same in every store. */
export function rootCommit(repository: Repository): Promise<NewCommit> {
  return newCommit(repository, { root: EMPTY_ROOT, fresh: [EMPTY_ROOT] }, [], [], undefined);
}
