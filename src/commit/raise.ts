/** Making commits that no ref holds safe for an epoch (`docs/collection.md`). */
import type { Hash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";
import { type ChunkName, missingChunk } from "../chunk/store.ts";
import { walk } from "../tree/walk.ts";
import type { CommitRecord } from "./commit.ts";
import type { Repository } from "./repository.ts";
import { startsOf } from "./tail.ts";

/** How many commits are raised at once. */
const BATCH = 1024;
const NONE: ReadonlySet<Hash> = new Set();

/** What raising commits came upon. */
interface Raised {
  readonly commits: ReadonlyMap<Hash, CommitRecord>;
  /** The parents of those that are held, by where the histories of what holds them are cut. */
  readonly held: ReadonlyMap<Hash, readonly Hash[]>;
}

/**
 * Raises commits, and all below them that is not held, to an epoch: each commit and each chunk once, however many of the
 * commits lead to it.
 *
 * @param heldBy where the history of what holds a commit, and is safe for the epoch, is cut; `undefined` if nothing does
 * @returns where the history of each of the commits is cut
 * @throws CorruptionError if something is missing
 */
export async function raiseCommits(
  repository: Repository,
  commits: readonly CommitRecord[],
  epoch: number,
  heldBy: (commit: CommitRecord) => Promise<readonly Hash[] | undefined>,
): Promise<ReadonlyMap<Hash, readonly Hash[]>> {
  const raised = await raiseBelow(repository, commits, epoch, heldBy);
  const rising = [...raised.commits.values()].sort((a, b) => a.generation - b.generation);
  const cuts = gather(rising, ({ parents }) => parents.flatMap((parent) => raised.held.get(parent) ?? []));
  // What holds a parent may be cut before its child.
  const cut = new Set([...raised.held.values()].flat());
  const inside = gather(rising, ({ hash }) => (cut.has(hash) ? [hash] : []));
  return new Map(
    commits.map(({ hash }) => {
      const own = inside.get(hash) ?? NONE;
      return [hash, [...(cuts.get(hash) ?? NONE)].filter((each) => !own.has(each)).sort()];
    }),
  );
}

async function raiseBelow(
  { chunks, commits }: Repository,
  starts: readonly CommitRecord[],
  epoch: number,
  heldBy: (commit: CommitRecord) => Promise<readonly Hash[] | undefined>,
): Promise<Raised> {
  const visited = new HashSet();
  const raised = new Map<Hash, CommitRecord>();
  const held = new Map<Hash, readonly Hash[]>();
  const raise = async (names: readonly ChunkName[]): Promise<void> => {
    const [missing] = await chunks.raise(names, epoch);
    if (missing !== undefined) throw missingChunk(missing.hash);
  };
  const open: CommitRecord[] = [];
  const enter = (commit: CommitRecord): void => {
    raised.set(commit.hash, commit);
    open.push(commit);
  };
  starts.forEach(enter);
  while (open.length > 0) {
    const batch = open.splice(-BATCH);
    await raise(batch.map(({ hash }) => ({ kind: "commit", hash })));
    for await (const hashes of walk(chunks, batch.flatMap(startsOf), visited)) {
      await raise(hashes.map((hash) => ({ kind: "node", hash })));
    }
    const parents = new Set(batch.flatMap((commit) => commit.parents));
    for (const parent of await commits.loadMany([...parents].filter((hash) => !raised.has(hash) && !held.has(hash)))) {
      const cuts = await heldBy(parent);
      if (cuts === undefined) enter(parent);
      else held.set(parent.hash, cuts);
    }
  }
  return { commits: raised, held };
}

/** What each commit, or one of those below it, has. Sets are shared as far as they are equal, so that a long line costs one. */
function gather(
  rising: readonly CommitRecord[],
  of: (commit: CommitRecord) => readonly Hash[],
): ReadonlyMap<Hash, ReadonlySet<Hash>> {
  const all = new Map<Hash, ReadonlySet<Hash>>();
  for (const commit of rising) {
    const below = commit.parents.map((parent) => all.get(parent) ?? NONE);
    all.set(commit.hash, union([...below, new Set(of(commit))]));
  }
  return all;
}

function union(sets: readonly ReadonlySet<Hash>[]): ReadonlySet<Hash> {
  const largest = sets.reduce((best, set) => (set.size > best.size ? set : best), NONE);
  const others = sets.filter((set) => set !== largest).flatMap((set) => [...set]);
  return others.every((hash) => largest.has(hash)) ? largest : new Set([...largest, ...others]);
}
