/** Which commits refs hold. */
import type { Hash } from "../chunk/hash.ts";
import { isMissing, missingCommit } from "../chunk/store.ts";
import type { KVStore } from "../kv/store.ts";
import { reachableFrom } from "./ancestry.ts";
import type { CommitRecord } from "./commit.ts";
import { Descent } from "./descent.ts";
import { Horizon } from "./horizon.ts";
import { HISTORY_KINDS, listRefs, type Ref } from "./ref.ts";
import type { Repository } from "./repository.ts";
import { Tips } from "./tips.ts";

/** How many heads are loaded at once. */
const BATCH = 1024;

/** What the refs whose epoch is `epoch` or a later one lead to. */
export async function tipsFrom(store: KVStore, epoch: number): Promise<Tips> {
  const tips = new Tips();
  for await (const refs of listRefs(store, ...HISTORY_KINDS)) {
    for (const [, ref] of refs) if (ref.head !== undefined && ref.epoch >= epoch) tips.add(ref);
  }
  return tips;
}

/** Some tips with the same cuts, and the walk down from them. */
interface Part {
  readonly cuts: readonly Hash[];
  readonly hashes: readonly Hash[];
  readonly horizon: Horizon;
  walk: { readonly heads: readonly CommitRecord[]; readonly descent: Descent } | undefined;
}

/** Says of commits whether tips hold them. However many it is asked about, it walks the history below the tips once. */
export class Holders {
  readonly #repository: Repository;
  readonly #parts: Part[] = [];

  constructor(repository: Repository, tips: Tips) {
    this.#repository = repository;
    for (const { heads, cuts } of tips.groups()) {
      const horizon = new Horizon(repository.store, cuts, "these");
      const all = [...heads];
      for (let from = 0; from < all.length; from += BATCH) {
        this.#parts.push({ cuts: [...cuts], hashes: all.slice(from, from + BATCH), horizon, walk: undefined });
      }
    }
  }

  /** The cuts of tips that hold a commit; `undefined` if none does. */
  async cutsAbove(commit: CommitRecord): Promise<readonly Hash[] | undefined> {
    const { commits } = this.#repository;
    for (const part of this.#parts) {
      part.walk ??= await this.#begin(part);
      const { heads, descent } = part.walk;
      if ((await reachableFrom(commits, commit, heads, part.horizon, descent)) === true) return part.cuts;
    }
    return undefined;
  }

  async #begin({ hashes, horizon }: Part): Promise<NonNullable<Part["walk"]>> {
    const { commits } = this.#repository;
    const heads = await commits.loadMany(hashes);
    return { heads, descent: new Descent(commits, heads, horizon) };
  }
}

/**
 * What a ref leads to. Where that was collected since the ref was read, as it moved on: what it leads to now.
 *
 * @param again reads the ref again
 * @returns `undefined` if it is gone
 * @throws CorruptionError if it has not moved, and its commit is missing
 */
export async function headOf(
  { commits }: Repository,
  ref: Ref | undefined,
  again: () => Promise<Ref | undefined>,
): Promise<{ readonly ref: Ref; readonly commit: CommitRecord } | undefined> {
  for (let known = ref; known !== undefined; ) {
    const commit = await commits.find(known.head);
    if (commit !== undefined) return { ref: known, commit };
    const now = await again();
    if (now?.head === known.head) throw missingCommit(known.head);
    known = now;
  }
  return undefined;
}

/** Whether a ref holds a commit. */
export async function isHeld(repository: Repository, commit: CommitRecord): Promise<boolean> {
  for (let tips = await tipsFrom(repository.store, 0); ; ) {
    try {
      return (await new Holders(repository, tips).cutsAbove(commit)) !== undefined;
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Refs may have moved on since they were listed, and what they led to may have been collected.
      const now = await tipsFrom(repository.store, 0);
      if (now.equals(tips)) throw error;
      tips = now;
    }
  }
}
