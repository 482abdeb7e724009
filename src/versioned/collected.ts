import { type Hash, isHash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";
import { type ChunkStore, isMissing, type SoundChunk } from "../chunk/store.ts";
import { type CommitRecord, decodeCommit } from "../commit/commit.ts";
import { isHeld } from "../commit/held.ts";
import type { Repository } from "../commit/repository.ts";
import { startsOf } from "../commit/tail.ts";
import { SessionCollectedError } from "../errors.ts";
import { walk, wasVisited } from "../tree/walk.ts";

/**
 * Runs work on the contents or the history of commits. If something is missing, finds out why: what no branch and no tag
 * holds may have been collected; anything else is damage.
 *
 * @throws SessionCollectedError, CorruptionError
 */
export async function whileHeld<T>(
  repository: Repository,
  commits: readonly CommitRecord[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = await whyMissing(repository, commits, error);
    if (why !== error || !isMissing(error)) throw why;
    // Damage; or it was collected, and somebody put it again and published it meanwhile.
    return work();
  }
}

/** The same for pages of something. */
export async function* pagesWhileHeld<T>(
  repository: Repository,
  commits: readonly CommitRecord[],
  pages: AsyncIterable<T>,
): AsyncGenerator<T, void> {
  try {
    yield* pages;
  } catch (error) {
    throw await whyMissing(repository, commits, error);
  }
}

/** The error to throw for one that was caught. */
async function whyMissing(repository: Repository, commits: readonly CommitRecord[], error: unknown): Promise<unknown> {
  const at = isMissing(error) ? error.at : undefined;
  if (at === undefined || !isHash(at)) return error;
  for (const commit of commits) {
    if ((await isHeld(repository, commit)) || !(await wasCollected(repository, commit, at))) continue;
    return new SessionCollectedError(
      `Commit ${commit.hash} was collected as garbage: no branch and no tag led to it. reset() to go on from HEAD.`,
      { cause: error },
    );
  }
  return error;
}

/** Whether a chunk, or something else, is gone of a commit that no ref holds, and not of what refs hold below it. */
async function wasCollected(repository: Repository, commit: CommitRecord, missing: Hash): Promise<boolean> {
  const { chunks } = repository;
  const own = [commit];
  const held: CommitRecord[] = [];
  const seen = new HashSet();
  let isGone = false;
  for (let open = [...commit.parents]; open.length > 0; ) {
    const wanted = open.filter((hash) => seen.add(hash));
    const found = await chunks.readSound("commit", wanted);
    if (found.size < wanted.length) isGone = true;
    open = [];
    for (const [hash, chunk] of found) {
      const parent = decodeCommit(hash, chunk);
      if (await isHeld(repository, parent)) held.push(...(await tailBelow(repository, parent)));
      else {
        own.push(parent);
        open.push(...parent.parents);
      }
    }
  }
  const below = await partsOf(chunks, held);
  if (wasVisited(below, missing)) return false;
  return isGone || wasVisited(await partsOf(chunks, own), missing) || !(await areThere(chunks, own));
}

/** A commit and what its tree is stored as changes of, as far as that can be read. */
async function tailBelow({ chunks }: Repository, commit: CommitRecord): Promise<CommitRecord[]> {
  const tail: CommitRecord[] = [];
  for (let at: CommitRecord | undefined = commit; at !== undefined; ) {
    tail.push(at);
    const [parent]: readonly Hash[] = at.note === undefined ? [] : at.parents;
    const chunk: SoundChunk | undefined = parent && (await chunks.readSound("commit", [parent])).get(parent);
    at = parent && chunk && decodeCommit(parent, chunk);
  }
  return tail;
}

/** What is stored of commits, as far as it can be read: with them what they name. */
async function partsOf(chunks: ChunkStore, commits: readonly CommitRecord[]): Promise<HashSet> {
  const parts = new HashSet();
  for await (const _ of walk(chunks, commits.flatMap(startsOf), parts, "skip"));
  for (const { hash, parents } of commits) for (const each of [hash, ...parents]) parts.add(each);
  return parts;
}

/** Whether what is stored of commits can be walked. */
async function areThere(chunks: ChunkStore, commits: readonly CommitRecord[]): Promise<boolean> {
  try {
    for await (const _ of walk(chunks, commits.flatMap(startsOf), new HashSet()));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
