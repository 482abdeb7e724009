import { describe } from "../bytes.ts";
import { type Hash, isHash } from "../chunk/hash.ts";
import { chunkKeyPrefix, hashOfChunkKey } from "../chunk/key.ts";
import type { CommitRecord } from "../commit/commit.ts";
import { checkName } from "../commit/names.ts";
import { readRef, refKey } from "../commit/ref.ts";
import type { Repository } from "../commit/repository.ts";
import { CommitNotFoundError } from "../errors.ts";

/** How many digits of a commit's id name it at least. */
const SHORTEST = 4;

/** The commit of an id; a `CommitNotFoundError` if there is none. */
export async function findCommit(repository: Repository, id: string): Promise<CommitRecord> {
  if (typeof id !== "string") throw new TypeError(`A commit id must be a string, not ${describe(id)}.`);
  const commit = isHash(id) ? await repository.commits.find(id) : undefined;
  if (commit === undefined) throw new CommitNotFoundError(id);
  return commit;
}

/** The full id that a text names: an id, a branch, a tag, or an id's beginning. */
export async function resolveCommit(repository: Repository, text: string): Promise<string> {
  if (typeof text !== "string") throw new TypeError(`A commit id must be a string, not ${describe(text)}.`);
  if (isHash(text)) return (await findCommit(repository, text)).hash;
  for (const kind of ["branch", "tag"] as const) {
    const ref = await readNamed(repository, kind, text);
    if (ref !== undefined) return ref;
  }
  const prefix = text.toLowerCase();
  if (prefix.length < SHORTEST || !/^[0-9a-f]+$/.test(prefix)) throw new CommitNotFoundError(text);
  const found: Hash[] = [];
  for await (const key of repository.store.keys(chunkKeyPrefix("commit", prefix))) {
    const hash = hashOfChunkKey("commit", key);
    if (hash?.startsWith(prefix)) found.push(hash);
  }
  const [only] = found;
  if (only === undefined || found.length > 1) throw new CommitNotFoundError(text, found.sort());
  return only;
}

async function readNamed(repository: Repository, kind: "branch" | "tag", name: string): Promise<Hash | undefined> {
  if (!isName(name)) return undefined;
  return (await readRef(repository.store, refKey(kind, name)))?.head;
}

function isName(text: string): boolean {
  try {
    checkName(text);
    return true;
  } catch {
    return false;
  }
}
