import { BranchNotFoundError, ConcurrencyError, type KVStore, TagNotFoundError, Versioned } from "../../index.ts";
import type { Done, RefRow } from "../protocol.ts";
import { type Call, text } from "../request.ts";

/** All branches and tags. */
export async function refs(store: KVStore): Promise<{ branches: RefRow[]; tags: RefRow[] }> {
  const names = await Versioned.branches(store);
  const [first] = names;
  if (first === undefined) return { branches: [], tags: [] };
  const v = await Versioned.open(store, { branch: first, create: false });
  // A branch may be deleted in between.
  const branches = await Promise.all(names.map(async (name) => ({ name, commit: await headOf(v, name) })));
  const tags = [...(await v.listTags())].map(([name, { commit }]) => ({ name, commit }));
  return { branches: branches.filter((row): row is RefRow => row.commit !== undefined), tags };
}

async function headOf(v: Versioned, branch: string): Promise<string | undefined> {
  const handle = await openBranch(v, branch).catch((error: unknown) => {
    if (error instanceof BranchNotFoundError) return undefined;
    throw error;
  });
  return handle?.currentCommit;
}

/** A handle on a branch that is there. */
export function openBranch(v: Versioned, branch: string): Promise<Versioned> {
  return Versioned.open(v.store, { branch, create: false });
}

/** Creates a branch at a commit. */
export async function createBranch(v: Versioned, { body }: Call): Promise<Done> {
  const made = await v.createBranch(text(body, "name"), { at: text(body, "commit") });
  return { commit: made.currentCommit };
}

/** Creates a tag at a commit. */
export async function createTag(v: Versioned, { body }: Call): Promise<Done> {
  const commit = text(body, "commit");
  await v.createTag(text(body, "name"), { at: commit });
  return { commit };
}

/** Deletes a branch that is where the page saw it. */
export async function deleteBranch(v: Versioned, { body }: Call): Promise<Done> {
  const name = text(body, "name");
  await branchAt(v, name, text(body, "commit"));
  await v.deleteBranch(name);
  return { commit: undefined };
}

/** Deletes a tag that is what the page saw. */
export async function deleteTag(v: Versioned, { body }: Call): Promise<Done> {
  const name = text(body, "name");
  const tag = (await v.listTags()).get(name);
  if (tag === undefined) throw new TagNotFoundError(name);
  if (tag.commit !== text(body, "commit")) throw moved(name);
  await v.deleteTag(name);
  return { commit: undefined };
}

/** Moves a branch that is where the page saw it. */
export async function resetBranch(v: Versioned, { body }: Call): Promise<Done> {
  const handle = await branchAt(v, text(body, "branch"), text(body, "from"));
  const to = await v.resolveCommit(text(body, "to"));
  await handle.resetTo(to);
  return { commit: to };
}

/** A handle on a branch whose HEAD is that commit. */
export async function branchAt(v: Versioned, branch: string, commit: string): Promise<Versioned> {
  const handle = await openBranch(v, branch);
  if (handle.currentCommit !== commit) throw moved(branch);
  return handle;
}

function moved(ref: string): ConcurrencyError {
  return new ConcurrencyError(`${JSON.stringify(ref)} has moved since it was shown. Load it again.`, { ref });
}
