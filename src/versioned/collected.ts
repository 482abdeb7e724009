import type { CommitRecord } from "../commit/commit.ts";
import { isHeld } from "../commit/held.ts";
import type { Repository } from "../commit/repository.ts";
import { CorruptionError, SessionCollectedError } from "../errors.ts";

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
    if (!(error instanceof CorruptionError && error.isMissing)) throw error;
    for (const commit of commits) {
      if (await isHeld(repository, commit)) continue;
      throw new SessionCollectedError(
        `Commit ${commit.hash}, which this handle builds on, was collected as garbage: no branch and no tag led to it. reset() to go on from HEAD.`,
        { cause: error },
      );
    }
    throw error;
  }
}
