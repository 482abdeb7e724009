import { type KVStore, Versioned } from "../index.ts";

/** The branches and tags at each commit, by its id. */
export type Labels = ReadonlyMap<string, CommitLabels>;

/** The branches and tags at one commit. */
export interface CommitLabels {
  readonly branches: readonly string[];
  readonly tags: readonly string[];
}

/** Reads where all branches and tags are. */
export async function readLabels(v: Versioned): Promise<Labels> {
  const labels = new Map<string, { branches: string[]; tags: string[] }>();
  const at = (commit: string): { branches: string[]; tags: string[] } => {
    const found = labels.get(commit) ?? { branches: [], tags: [] };
    labels.set(commit, found);
    return found;
  };
  const [branches, tags] = await Promise.all([branchHeads(v.store), v.listTags()]);
  for (const [branch, commit] of branches) at(commit).branches.push(branch);
  for (const [tag, { commit }] of tags) at(commit).tags.push(tag);
  return labels;
}

/** The commits that all branches are at, by their names, sorted. */
export async function branchHeads(store: KVStore): Promise<Map<string, string>> {
  const names = await Versioned.branches(store);
  const open = async (branch: string): Promise<[string, string]> => {
    const { currentCommit } = await Versioned.open(store, { branch, create: false });
    return [branch, currentCommit];
  };
  return new Map(await Promise.all(names.map(open)));
}

/** The branches and tags at a commit. */
export function labelsOf(labels: Labels, commit: string): CommitLabels {
  return labels.get(commit) ?? { branches: [], tags: [] };
}
