/** Commit graphs for cost tests: commits of the empty tree, told apart by their info. */
import type { CommitRecord } from "../../src/commit/commit.ts";
import { Repository } from "../../src/commit/repository.ts";
import type { Memory } from "../../src/kv/memory.ts";
import { EMPTY_ROOT } from "../../src/tree/edit.ts";
import { newCommit } from "../../src/versioned/write.ts";
import { PlainMemory } from "../support/plain-memory.ts";

/** Makes and stores a commit on its parents. */
export type Add = (...parents: CommitRecord[]) => Promise<CommitRecord>;

/** A store with a history. */
export interface History<T> {
  readonly store: Memory;
  readonly made: T;
}

/** Builds a history. */
export async function buildHistory<T>(build: (add: Add) => Promise<T>): Promise<History<T>> {
  const store = new PlainMemory();
  const repository = Repository.of(store);
  let count = 0;
  const add: Add = async (...parents) => {
    const { commit, chunks } = await newCommit(repository, { root: EMPTY_ROOT, edits: undefined }, [], parents, {
      n: count++,
    });
    await repository.chunks.put(chunks, 0);
    return repository.commits.add(commit);
  };
  return { store, made: await build(add) };
}

/** So many commits, one on the other, on `from`; the last one. */
export async function line(add: Add, from: CommitRecord, length: number): Promise<CommitRecord> {
  let at = from;
  for (let i = 0; i < length; i++) at = await add(at);
  return at;
}

/** Two commits and their lowest common ancestor. */
export interface Fork {
  readonly a: CommitRecord;
  readonly b: CommitRecord;
  readonly base: CommitRecord;
}

/** Histories of about `size` commits each, by name. */
export const FORKS: Readonly<Record<string, (add: Add, size: number) => Promise<Fork>>> = {
  async "two long lines from the middle"(add, size) {
    const base = await line(add, await add(), size / 2);
    return { base, a: await line(add, base, size / 4), b: await line(add, base, size / 4) };
  },
  async "one long line from the first commit"(add, size) {
    const base = await add();
    return { base, b: await add(base), a: await line(add, base, size) };
  },
  async "a fork at the end of a long line"(add, size) {
    const base = await line(add, await add(), size);
    return { base, a: await line(add, base, 3), b: await line(add, base, 2) };
  },
  async "100 merges of other writers since"(add, size) {
    let head = await add();
    let base = head;
    const merges = Math.floor(size / 3);
    for (let i = 0; i < merges; i++) {
      if (i === merges - 100) base = head;
      const theirs = await add(head);
      head = await add(await add(head), theirs);
    }
    return { base, a: head, b: await add(base) };
  },
  async "100 merges, each of a writer one behind"(add, size) {
    let head = await add();
    let base = head;
    let before = head;
    for (let i = 0; i < size / 2; i++) {
      if (i === size / 2 - 100) base = head;
      const theirs = await add(before);
      before = head;
      head = await add(head, theirs);
    }
    return { base, a: head, b: await add(base) };
  },
  async "10 merges of lines of 49"(add, size) {
    let head = await add();
    let base = head;
    for (let i = 0; i < size / 50; i++) {
      if (i === size / 50 - 10) base = head;
      const side = await line(add, head, 49);
      head = await add(await add(head), side);
    }
    return { base, a: head, b: await add(base) };
  },
  async "a branch that merges main every 10 commits"(add, size) {
    let main = await add();
    let branch = await add(main);
    for (let i = 0; i < size / 20; i++) {
      main = await line(add, main, 10);
      branch = await add(await line(add, branch, 9), main);
    }
    return { base: main, a: await line(add, main, 5), b: branch };
  },
  async "two branches that merge each other all the time"(add, size) {
    const root = await add();
    let [a, b] = [await add(root), await add(root)];
    let base = root;
    for (let i = 0; i < size / 4; i++) {
      const [x, y] = [await add(a, b), await add(b, a)];
      base = a.hash < b.hash ? a : b;
      [a, b] = [await add(x), await add(y)];
    }
    return { base, a, b };
  },
};
