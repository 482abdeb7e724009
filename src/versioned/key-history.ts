import { equalValues } from "../bytes.ts";
import type { Hash } from "../chunk/hash.ts";
import { isMissing } from "../chunk/store.ts";
import { firstParents, popWithin } from "../commit/ancestry.ts";
import type { CommitRecord } from "../commit/commit.ts";
import { Frontier } from "../commit/frontier.ts";
import type { Horizon } from "../commit/horizon.ts";
import { ReadAhead } from "../commit/read-ahead.ts";
import type { Repository } from "../commit/repository.ts";
import { readSlots } from "../tree/blob.ts";
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

type Slot = Uint8Array | undefined;

/**
 * The commits that changed a key, newest first, in pages. Below a commit that has the value of one of its parents, only that
 * parent's history counts, as in `git log`: a merge is named only if it has a value that none of its parents has.
 */
export async function* keyHistory(
  repository: Repository,
  from: CommitRecord,
  key: Uint8Array,
  horizon: Horizon,
): AsyncGenerator<KeyChange[], void> {
  const slots = new SlotHistory(repository, key, horizon);
  const ahead = new ReadAhead(repository.commits, [from], horizon);
  const open = new Frontier([from]);
  const seen = new Set<Hash>([from.hash]);
  for (;;) {
    const next = await popWithin(open, ahead, horizon, from);
    if (next === undefined) return;
    const { commit, parents } = next;
    let read: readonly Slot[];
    try {
      read = await slots.of([commit, ...parents]);
    } catch (error) {
      // The first commit is asked for, wherever it lies.
      const around = commit === from ? parents : [commit, ...parents];
      if (!isMissing(error) || !(await horizon.isBeyond(around.map(({ hash }) => hash)))) throw error;
      // What is missing lies beyond the horizon as it is known now.
      if (commit === from || !horizon.has(commit.hash)) open.add(commit);
      continue;
    }
    const [slot, ...before] = read;
    const same = before.findIndex((each) => equalValues(each, slot));
    for (const parent of same < 0 ? parents : parents.slice(same, same + 1)) {
      if (!seen.has(parent.hash)) open.add(parent);
      seen.add(parent.hash);
    }
    slots.forget(commit);
    if (same >= 0 || (parents.length === 0 && slot === undefined)) continue;
    const [value] = await readSlots(repository.chunks, [slot]);
    yield [{ commit: commit.hash, value }];
  }
}

/** The slots of one key in commits: those of a whole line at once, as its history mostly goes on there. */
class SlotHistory {
  readonly #repository: Repository;
  readonly #key: Uint8Array;
  readonly #horizon: Horizon;
  readonly #known: Map<Hash, Slot> = new Map();
  #batch: number = BATCH.first;

  constructor(repository: Repository, key: Uint8Array, horizon: Horizon) {
    this.#repository = repository;
    this.#key = key;
    this.#horizon = horizon;
  }

  async of(commits: readonly CommitRecord[]): Promise<Slot[]> {
    const unknown = commits.filter(({ hash }) => !this.#known.has(hash));
    const [first] = unknown;
    if (first !== undefined) await this.#read([...unknown, ...(await this.#line(first))]);
    return commits.map(({ hash }) => this.#known.get(hash));
  }

  /** Forgets a commit that will not be asked for again. */
  forget({ hash }: CommitRecord): void {
    this.#known.delete(hash);
  }

  async #line(from: CommitRecord): Promise<CommitRecord[]> {
    const line: CommitRecord[] = [];
    for await (const page of firstParents(this.#repository.commits, from, this.#batch, this.#horizon))
      line.push(...page);
    this.#batch = Math.min(BATCH.most, this.#batch * BATCH.growth);
    return line;
  }

  /** Reads level by level; nodes that commits have in common are read once. */
  async #read(commits: readonly CommitRecord[]): Promise<void> {
    const roots = commits.map(({ root }) => root);
    const slots = await getSlotInEach(new NodeReader(this.#repository.nodes), roots, this.#key);
    for (const [i, { hash }] of commits.entries()) this.#known.set(hash, slots[i]);
  }
}
