import type { Chunk } from "../chunk/store.ts";
import type { CommitRecord } from "../commit/commit.ts";
import { tailLimitOf } from "../commit/format.ts";
import type { Info } from "../commit/info.ts";
import type { Repository } from "../commit/repository.ts";
import type { Session } from "../commit/session.ts";
import { sameEdits, tailNote } from "../commit/tail.ts";
import { CorruptionError } from "../errors.ts";
import { EMPTY_ROOT, edit } from "../tree/edit.ts";
import { EntryList } from "../tree/entry-list.ts";
import { withoutIdle } from "../tree/idle.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader, type NodeStore } from "../tree/node-store.ts";
import { nodeChunks } from "./node-chunks.ts";

/** A tree for a new commit. */
export interface NewTree {
  readonly root: Node;
  /** What differs from the tree of the commit's first parent; `undefined` if there is none. */
  readonly edits: EntryList | undefined;
}

/** A commit that is made, and the chunks to store for it. */
export interface NewCommit {
  readonly commit: CommitRecord;
  readonly root: Node;
  readonly chunks: readonly Chunk[];
}

/** The tree of a commit with changes. */
export async function changedTree(nodes: NodeStore, from: Node, changes: EntryList): Promise<NewTree> {
  const reader = new NodeReader(nodes);
  const root = await edit(reader, from, changes);
  if (root.hash === from.hash) return { root: from, edits: new EntryList() };
  return { root, edits: await withoutIdle(reader, from, changes) };
}

/** Makes a commit of a tree. Nothing is stored. */
export async function newCommit(
  repository: Repository,
  { root, edits }: NewTree,
  blobs: readonly Chunk[],
  parents: readonly CommitRecord[],
  info: Info | undefined,
): Promise<NewCommit> {
  const { size, bytes } = root.totals();
  const note = tailNote(tailLimitOf(repository.store), parents[0], edits);
  const commit = await repository.commits.make({ root: root.hash, size, bytes, parents, info, note });
  const nodes = note === undefined ? await nodeChunks(repository, root, parents[0]) : [];
  const chunk: Chunk = { kind: "commit", hash: commit.hash, payload: commit.payload, note };
  return { commit, root, chunks: [...blobs, ...nodes, chunk] };
}

/** The commit that every history begins with: no keys, no parents, no info. The same in every store. */
export function rootCommit(repository: Repository): Promise<NewCommit> {
  return newCommit(repository, { root: EMPTY_ROOT, edits: undefined }, [], [], undefined);
}

/** Stores a new commit as unpublished work; returns it as it is stored, and its tree. */
export async function storeCommit(session: Session, made: NewCommit): Promise<Pick<NewCommit, "commit" | "root">> {
  const { commits, nodes, trees } = session.repository;
  const before = (await session.put(made.chunks)).get(made.commit.hash);
  const note = before === undefined ? made.commit.note : before.note;
  // Somebody made it before, while the store was in an older format: then its tree is stored, and must be safe, too.
  const isWhole = note === undefined && made.commit.note !== undefined;
  if (isWhole) await session.put(await nodeChunks(session.repository, made.root, undefined));
  const commit = note === made.commit.note ? made.commit : { ...made.commit, note };
  if (note !== undefined && before !== undefined) await checkNote(session.repository, made.commit, commit);
  commits.add(commit);
  if (note !== undefined) {
    trees.remember(commit, made.root);
    return { commit, root: made.root };
  }
  return { commit, root: nodes.addStored(made.root) };
}

/** Checks what a record that was there says of a commit's changes: no name covers it. */
async function checkNote({ trees }: Repository, made: CommitRecord, found: CommitRecord): Promise<void> {
  if (made.note === undefined || found.note === undefined) await trees.root(found);
  else if (!sameEdits(made.note, found.note)) {
    throw new CorruptionError(`What is stored of commit ${made.hash} is not what it changed.`, { at: made.hash });
  }
}
