import type { Chunk } from "../chunk/store.ts";
import type { CommitRecord } from "../commit/commit.ts";
import type { Info } from "../commit/info.ts";
import type { Repository } from "../commit/repository.ts";
import { EMPTY_ROOT } from "../tree/edit.ts";
import type { Node } from "../tree/node.ts";
import { unstoredNodes } from "../tree/unstored.ts";

/** A commit that is made, and the chunks to store for it. */
export interface NewCommit {
  readonly commit: CommitRecord;
  readonly root: Node;
  /** The nodes among the chunks. */
  readonly nodes: readonly Node[];
  readonly chunks: readonly Chunk[];
}

/** Makes a commit of an edited tree. Nothing is stored. */
export async function newCommit(
  repository: Repository,
  root: Node,
  blobs: readonly Chunk[],
  parents: readonly CommitRecord[],
  info: Info | undefined,
): Promise<NewCommit> {
  const { size, bytes } = root.totals();
  const commit = await repository.commits.make({ root: root.hash, size, bytes, parents, info });
  const nodes = unstoredNodes(root);
  return {
    commit,
    root,
    nodes,
    chunks: [
      ...blobs,
      ...nodes.map(({ hash, payload }): Chunk => ({ kind: "node", hash, payload })),
      { kind: "commit", hash: commit.hash, payload: commit.payload },
    ],
  };
}

/** The commit that every history begins with: no keys, no parents, no info. The same in every store. */
export function rootCommit(repository: Repository): Promise<NewCommit> {
  return newCommit(repository, EMPTY_ROOT, [], [], undefined);
}
