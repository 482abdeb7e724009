import { isHash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";
import { isMissing } from "../chunk/store.ts";
import { type CommitRecord, decodeCommit } from "../commit/commit.ts";
import { isHeld } from "../commit/held.ts";
import type { Repository } from "../commit/repository.ts";
import { SessionCollectedError } from "../errors.ts";
import { walk } from "../tree/walk.ts";

/**
 * Runs work on the contents of commits. If something is missing, finds out why: what no branch and no tag holds may have
 * been collected; anything else is damage.
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
    if (!isMissing(error)) throw error;
    for (const commit of commits) {
      if ((await isHeld(repository, commit)) || !(await isIncomplete(repository, commit, error.at))) continue;
      throw new SessionCollectedError(
        `Commit ${commit.hash}, which this handle builds on, was collected as garbage: no branch and no tag led to it. reset() to go on from HEAD.`,
        { cause: error },
      );
    }
    // Damage; or it was collected, and somebody put it again and published it meanwhile.
    return work();
  }
}

/** Whether something of a commit or its ancestors is gone, or `chunk`, which is missing, belongs to it. */
async function isIncomplete({ chunks }: Repository, commit: CommitRecord, chunk: string | undefined): Promise<boolean> {
  const visited = new HashSet();
  try {
    for await (const _ of walk(chunks, [commit.root], visited));
    for (let open = [commit.hash]; open.length > 0; ) {
      const found = await chunks.read("commit", open);
      if (found.size < open.length) return true;
      const parents = [...found].flatMap(([hash, payload]) => decodeCommit(hash, payload).parents);
      open = [...new Set(parents)].filter((hash) => visited.add(hash));
    }
    return chunk !== undefined && isHash(chunk) && visited.has(chunk);
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}
