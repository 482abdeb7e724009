import { type Hash, isHash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";
import { type ChunkStore, isMissing } from "../chunk/store.ts";
import { type CommitRecord, decodeCommit } from "../commit/commit.ts";
import { isHeld } from "../commit/held.ts";
import type { Repository } from "../commit/repository.ts";
import { SessionCollectedError } from "../errors.ts";
import { walk } from "../tree/walk.ts";

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
  const own = [commit.root];
  const held: Hash[] = [];
  const seen = new HashSet();
  let isGone = false;
  for (let open = [...commit.parents]; open.length > 0; ) {
    const wanted = open.filter((hash) => seen.add(hash));
    const found = await chunks.read("commit", wanted);
    if (found.size < wanted.length) isGone = true;
    open = [];
    for (const [hash, payload] of found) {
      const parent = decodeCommit(hash, payload);
      if (await isHeld(repository, parent)) held.push(parent.root);
      else {
        own.push(parent.root);
        open.push(...parent.parents);
      }
    }
  }
  const below = await partsOf(chunks, held);
  return !below.has(missing) && (isGone || (await partsOf(chunks, own)).has(missing) || !(await areThere(chunks, own)));
}

/** The chunks of trees, as far as they can be read. */
async function partsOf(chunks: ChunkStore, roots: readonly Hash[]): Promise<HashSet> {
  const parts = new HashSet();
  for await (const _ of walk(chunks, roots, parts, "skip"));
  return parts;
}

/** Whether trees can be walked. */
async function areThere(chunks: ChunkStore, roots: readonly Hash[]): Promise<boolean> {
  try {
    for await (const _ of walk(chunks, roots, new HashSet()));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
