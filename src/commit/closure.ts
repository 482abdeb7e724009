/** What refs hold of the commit graph, read from the store and no cache. */
import type { Hash } from "../chunk/hash.ts";
import { type ChunkStore, missingCommit } from "../chunk/store.ts";
import { type CommitRecord, decodeCommit, lowestNamed } from "./commit.ts";
import { type Tips, walksFrom } from "./tips.ts";

/** How many commits are read at once. */
const BATCH = 1024;

/** Some of the commits that refs hold. */
export interface Held {
  /** These are held with their trees. */
  readonly commits: readonly CommitRecord[];
  /** Commits beyond cuts whose trees are held, as those of commits above are stored as changes of them (`tail.ts`). */
  readonly tails: readonly CommitRecord[];
  /** Of these only the commits themselves are held: descendants of a cut history need them to name their ancestors. */
  readonly spine: readonly CommitRecord[];
}

/**
 * The commits that refs hold, in batches: with trees, each once for each group of refs with the same cuts, and where a
 * history is cut, the spine below.
 *
 * @throws CorruptionError if one is missing or damaged
 */
export async function* closure(chunks: ChunkStore, tips: Tips): AsyncGenerator<Held, void> {
  for (const { cuts, open, find } of walksFrom(tips)) {
    while (open.length > 0) {
      const commits = await readCommits(chunks, open.splice(-BATCH));
      for (const { parents } of commits) for (const parent of parents) find(parent);
      const lowest = commits.filter(({ parents: [first] }) => first !== undefined && cuts.has(first));
      yield { commits, tails: await tailsBelow(chunks, lowest), spine: await spineBelow(chunks, lowest) };
    }
  }
}

/**
 * The spine below commits whose first parent is not kept: from each, the lowest ancestor that it names, the lowest that
 * that one names, and so on. A descendant finds in them all first-parent ancestors that it names (`skipDepths`).
 */
async function spineBelow(chunks: ChunkStore, commits: readonly CommitRecord[]): Promise<CommitRecord[]> {
  const spine = new Map<Hash, CommitRecord>();
  for (let open = commits; open.length > 0; ) {
    const next = new Set<Hash>();
    for (const commit of open) {
      const hash = lowestNamed(commit);
      if (hash !== undefined && !spine.has(hash)) next.add(hash);
    }
    open = await readCommits(chunks, [...next]);
    for (const commit of open) spine.set(commit.hash, commit);
  }
  return [...spine.values()];
}

/** The tails below commits whose first parent is not kept, with their bases. */
async function tailsBelow(chunks: ChunkStore, commits: readonly CommitRecord[]): Promise<CommitRecord[]> {
  const tails = new Map<Hash, CommitRecord>();
  for (let open = commits; open.length > 0; ) {
    const next = new Set<Hash>();
    for (const { note, parents } of open) {
      const [parent] = parents;
      if (note !== undefined && parent !== undefined && !tails.has(parent)) next.add(parent);
    }
    open = await readCommits(chunks, [...next]);
    for (const commit of open) tails.set(commit.hash, commit);
  }
  return [...tails.values()];
}

async function readCommits(chunks: ChunkStore, hashes: readonly Hash[]): Promise<CommitRecord[]> {
  const found = await chunks.readSound("commit", hashes);
  return hashes.map((hash) => {
    const chunk = found.get(hash);
    if (chunk === undefined) throw missingCommit(hash);
    return decodeCommit(hash, chunk);
  });
}
