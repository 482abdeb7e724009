import { equalValues } from "../bytes.ts";
import type { Hash } from "../chunk/hash.ts";
import { isMissing } from "../chunk/store.ts";
import { firstParents } from "../commit/ancestry.ts";
import type { CommitRecord } from "../commit/commit.ts";
import { Frontier } from "../commit/frontier.ts";
import { type Horizon, Widened } from "../commit/horizon.ts";
import type { Repository } from "../commit/repository.ts";
import { readSlots } from "../tree/blob.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader } from "../tree/node-store.ts";
import { getSlotInEach } from "../tree/read.ts";

/** How many commits of a line are looked at in one batch: few first, as many look only for the latest change. */
const BATCH = { first: 16, growth: 4, most: 1024 };

/** A commit that changed a key. */
export interface KeyChange {
  /** Its id. */
  readonly commit: string;
  /** The value that it gave the key; `undefined`: it removed it. */
  readonly value: Uint8Array | undefined;
}

/** What a commit has for the key. */
interface Visit {
  readonly commit: CommitRecord;
  readonly slot: Uint8Array | undefined;
  /** How many commits were read with it. */
  readonly batch: number;
}

/**
 * The commits that changed a key, newest first, in pages. Below a commit that has the value of one of its parents, only that
 * parent's history counts, as in `git log`: a merge is named only if it has a value that none of its parents has. So what was
 * merged is read only where the first parent has another value.
 */
export async function* keyHistory(
  repository: Repository,
  from: CommitRecord,
  key: Uint8Array,
  horizon: Horizon,
): AsyncGenerator<KeyChange[], void> {
  const lines = new KeyLines(repository, key, horizon, from);
  const open = new Frontier([from]);
  const seen = new Set<Hash>([from.hash]);
  for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
    const visit = await lines.at(commit);
    if (visit === undefined) continue;
    const different: CommitRecord[] = [];
    let same: CommitRecord | undefined;
    for (const hash of commit.parents) {
      const parent = await lines.below(visit, hash);
      if (parent === undefined) continue;
      if (equalValues(parent.slot, visit.slot)) {
        same = parent.commit;
        break;
      }
      different.push(parent.commit);
    }
    for (const parent of same === undefined ? different : [same]) {
      if (!seen.has(parent.hash)) open.add(parent);
      seen.add(parent.hash);
    }
    lines.forget(commit);
    if (same !== undefined || (different.length === 0 && visit.slot === undefined)) continue;
    const [value] = await readSlots(repository.chunks, [visit.slot]);
    yield [{ commit: commit.hash, value }];
  }
}

/** What commits have for one key: that of a whole line of first parents at once, as its history mostly goes on there. */
class KeyLines {
  readonly #repository: Repository;
  readonly #key: Uint8Array;
  readonly #horizon: Horizon;
  readonly #from: CommitRecord;
  readonly #known: Map<Hash, Visit> = new Map();

  constructor(repository: Repository, key: Uint8Array, horizon: Horizon, from: CommitRecord) {
    this.#repository = repository;
    this.#key = key;
    this.#horizon = horizon;
    this.#from = from;
  }

  /** A commit's; `undefined` if it lies beyond the horizon. */
  async at(commit: CommitRecord): Promise<Visit | undefined> {
    if (!this.#known.has(commit.hash)) await this.#readLine(commit, BATCH.first);
    return this.#known.get(commit.hash);
  }

  /** That of a parent of a commit; `undefined` if it lies beyond the horizon. */
  async below({ commit, batch }: Visit, parent: Hash): Promise<Visit | undefined> {
    const known = this.#known.get(parent);
    if (known !== undefined || this.#horizon.has(parent)) return known;
    if (parent === commit.parents[0]) {
      await this.#readLine(commit, Math.min(BATCH.most, batch * BATCH.growth));
      return this.#known.get(parent);
    }
    const found = await this.#find(parent);
    return found && this.at(found);
  }

  /** Forgets a commit that will not be asked for again. */
  forget({ hash }: CommitRecord): void {
    this.#known.delete(hash);
  }

  async #find(hash: Hash): Promise<CommitRecord | undefined> {
    const found = await this.#repository.commits.find(hash);
    if (found !== undefined) return found;
    try {
      return await this.#horizon.note(hash);
    } catch (error) {
      if (error instanceof Widened) return this.#horizon.has(hash) ? undefined : this.#find(hash);
      throw error;
    }
  }

  /** Reads a line's commits, and then of their trees, level by level, the way to the key; nodes that trees have in common are read once. */
  async #readLine(top: CommitRecord, batch: number): Promise<void> {
    const { commits, nodes, trees } = this.#repository;
    const line: CommitRecord[] = [];
    for await (const page of firstParents(commits, top, batch, this.#horizon)) line.push(...page);
    const unknown = line.filter(({ hash }) => !this.#known.has(hash));
    const roots: (Node | Hash)[] = unknown.map(({ root }) => root);
    try {
      // The tree of one of a tail is soonest made from that of the one before.
      for (const [i, commit] of [...unknown.entries()].reverse()) {
        if (commit.note !== undefined) roots[i] = await trees.root(commit);
      }
      const slots = await getSlotInEach(new NodeReader(nodes), roots, this.#key);
      for (const [i, commit] of unknown.entries()) this.#known.set(commit.hash, { commit, slot: slots[i], batch });
    } catch (error) {
      // The first commit is asked for, wherever it lies.
      const hashes = unknown.filter((commit) => commit !== this.#from).map(({ hash }) => hash);
      if (!isMissing(error) || !(await this.#horizon.isBeyond(hashes))) throw error;
      // What is missing lies beyond the horizon as it is known now.
      if (top === this.#from || !this.#horizon.has(top.hash)) await this.#readLine(top, batch);
    }
  }
}
