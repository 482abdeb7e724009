/**
 * Removes the chunks that no ref leads to, beside writers in any process. The protocol, and why each race is safe, is in
 * `docs/collection.md`; the numbers below are its steps.
 */

import { decodeChunk } from "../chunk/codec.ts";
import type { Hash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";
import { type ChunkKind, chunkKeyPrefix, hashOfChunkKey } from "../chunk/key.ts";
import { ChunkStore, isMissing } from "../chunk/store.ts";
import { CorruptionError, StorageError } from "../errors.ts";
import { checkStore, type KVStore, pages } from "../kv/store.ts";
import { checkMilliseconds, checkOptions, checkProgress, checkSignal } from "../options.ts";
import { walk, wasVisited } from "../tree/walk.ts";
import { closure } from "./closure.ts";
import { type CommitRecord, decodeCommit } from "./commit.ts";
import { beginEpoch, raiseRefs, readEpoch } from "./epoch.ts";
import { deleteLostUsage } from "./ref.ts";
import { startsOf } from "./tail.ts";
import type { Tips } from "./tips.ts";

/** How old garbage must be unless the call says, in ms. */
const DEFAULT_MIN_AGE = 3_600_000;
/** No chunk is younger. */
const NONE = Number.POSITIVE_INFINITY;
/** How many chunks are looked at at once. */
const BATCH = 1024;

/** How to collect. */
export interface CollectOptions {
  /** Commits that the store first saw less than so many ms ago stay, with what they need; an hour unless given. Not needed for safety: it spares writers from having their unpublished work collected. */
  readonly minAge?: number;
  /** Stops it between two steps: what was removed is gone, and the next run finishes the job. */
  readonly signal?: AbortSignal;
  /** Is told now and then how far it is. */
  readonly onProgress?: (progress: CollectProgress) => void;
}

/** How far a collection is. */
export interface CollectProgress {
  /** First what is in use is marked, then the rest is removed. */
  readonly phase: "mark" | "sweep";
  /** Chunks that were marked, or looked at for removal. */
  readonly chunks: number;
  /** Chunks that were removed. */
  readonly removed: number;
}

/** What a collection did. */
export interface Collected {
  /** Commits that were removed. */
  readonly commits: number;
  /** Other chunks that were removed: nodes, and parts of large values. */
  readonly chunks: number;
  /** The stored bytes of all of them. */
  readonly bytes: number;
  /** `false`: another collection began meanwhile, and this one left the work to it. */
  readonly completed: boolean;
}

/**
 * Removes commits, nodes and values that no branch and no tag leads to.
 *
 * Safe beside writers and other collections, in any process, at any `minAge`: what was published stays. A writer whose
 * unpublished commits were collected puts them again from memory, or gets a `SessionCollectedError` from its next write. If a collection is
 * interrupted, the next one finishes its work. Needs 32 to 64 bytes of memory for each chunk that stays.
 *
 * @throws RangeError if `minAge` is no number from 0 on
 * @throws CorruptionError if something that a ref leads to is missing or damaged; nothing is removed
 * @throws StorageError if the store cannot remove a key conditionally
 *
 * @example
 * import { collectGarbage, Memory, Versioned } from "vkv";
 *
 * const store = new Memory();
 * const v = await Versioned.open(store);
 * await v.snapshot({ title: new TextEncoder().encode("Plan") }); // is never published
 * const { commits } = await collectGarbage(store, { minAge: 0 });
 * commits; // → 1
 */
export async function collectGarbage(store: KVStore, options: CollectOptions = {}): Promise<Collected> {
  checkStore(store);
  checkOptions(options, "collectGarbage", ["minAge", "signal", "onProgress"]);
  const { minAge = DEFAULT_MIN_AGE } = options;
  checkMilliseconds(minAge, "minAge");
  checkSignal(options.signal);
  checkProgress(options.onProgress);
  if (!store.traits.conditionalRemove) {
    throw new StorageError("This store cannot remove a key conditionally, so that nothing can be collected safely.");
  }
  return new Collection(store.authority, { ...options, minAge }).run();
}

class Collection {
  readonly #store: KVStore;
  readonly #chunks: ChunkStore;
  readonly #options: CollectOptions;
  /** What is younger stays. */
  readonly #youngest: number;
  readonly #marked: HashSet = new HashSet();
  /** Commits that stay without their trees. */
  readonly #spine: HashSet = new HashSet();
  #looked = 0;
  readonly #removed: Record<ChunkKind, number> = { commit: 0, node: 0 };
  #bytes = 0;

  constructor(store: KVStore, options: CollectOptions & { readonly minAge: number }) {
    this.#store = store;
    this.#chunks = new ChunkStore(store);
    this.#options = options;
    this.#youngest = options.minAge === 0 ? NONE : Date.now() - options.minAge;
  }

  async run(): Promise<Collected> {
    this.#step("mark");
    const epoch = await beginEpoch(this.#store); // 1
    await deleteLostUsage(this.#store);
    const tips = await raiseRefs(this.#store, epoch); // 2
    const isMarked = await this.#mark(tips, epoch); // 3
    const completed = isMarked && (await readEpoch(this.#store)) === epoch; // 4
    if (completed) {
      // 5. Commits first: one that is still there has what it needs.
      await this.#sweep("commit", epoch);
      await this.#sweep("node", epoch);
    }
    return { commits: this.#removed.commit, chunks: this.#removed.node, bytes: this.#bytes, completed };
  }

  #step(phase: CollectProgress["phase"]): void {
    this.#options.signal?.throwIfAborted();
    const removed = this.#removed.commit + this.#removed.node;
    this.#options.onProgress?.({ phase, chunks: phase === "mark" ? this.#marked.size : this.#looked, removed });
  }

  /** Marks what stays; whether it could. */
  async #mark(tips: Tips, epoch: number): Promise<boolean> {
    try {
      await this.#markHeld(tips);
      if (this.#youngest !== NONE) await this.#markYoung();
      return true;
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Refs may have moved on since they were raised, and a later collection may have removed what they led to.
      if ((await readEpoch(this.#store)) === epoch) throw error;
      return false;
    }
  }

  /** Marks what refs hold. */
  async #markHeld(tips: Tips): Promise<void> {
    for await (const { commits, tails, spine } of closure(this.#chunks, tips)) {
      for (const { hash } of spine) this.#spine.add(hash);
      const whole = [...commits, ...tails];
      for (const { hash } of whole) this.#marked.add(hash);
      await this.#markTrees(whole, "throw");
    }
  }

  async #markTrees(commits: readonly CommitRecord[], whatIsMissing: "throw" | "skip"): Promise<void> {
    const starts = commits.flatMap(startsOf);
    for await (const _ of walk(this.#chunks, starts, this.#marked, whatIsMissing)) this.#step("mark");
  }

  /** Marks the commits that are too young to be collected, though no ref holds them, and what of theirs is there. */
  async #markYoung(): Promise<void> {
    for await (const batch of this.#unmarked("commit")) {
      this.#step("mark");
      const open = batch.filter((commit) => this.#isYoung(commit)).map(({ hash }) => hash);
      for (const hash of open) this.#marked.add(hash);
      while (open.length > 0) {
        const found = await this.#chunks.readSound("commit", open.splice(-BATCH), "skip");
        const commits = [...found].map(([hash, chunk]) => decodeCommit(hash, chunk));
        for (const { parents } of commits) {
          for (const parent of parents) if (this.#marked.add(parent)) open.push(parent);
        }
        await this.#markTrees(commits, "skip");
      }
    }
  }

  #isYoung({ createdAt }: Pick<Candidate, "createdAt">): boolean {
    return createdAt > this.#youngest;
  }

  async #sweep(kind: ChunkKind, epoch: number): Promise<void> {
    for await (const batch of this.#unmarked(kind)) {
      this.#step("sweep");
      await Promise.all(
        batch.map(async ({ key, bytes, ...chunk }) => {
          if (chunk.epoch >= epoch || this.#isYoung(chunk)) return;
          if (!(await this.#store.cas(key, undefined, bytes))) return;
          this.#removed[kind]++;
          this.#bytes += bytes.length;
        }),
      );
    }
  }

  /** The stored chunks of a kind that are not marked. */
  async *#unmarked(kind: ChunkKind): AsyncGenerator<Candidate[], void> {
    for await (const keys of pages(this.#store.keys(chunkKeyPrefix(kind)), BATCH)) {
      this.#looked += keys.length;
      const candidates = new Map<string, Hash>();
      for (const key of keys) {
        const hash = hashOfChunkKey(kind, key);
        if (hash !== undefined && !wasVisited(this.#marked, hash) && !this.#spine.has(hash)) candidates.set(key, hash);
      }
      const stored = await this.#store.getMany([...candidates.keys()]);
      const batch: Candidate[] = [];
      for (const [key, bytes] of stored) {
        const hash = candidates.get(key);
        if (hash !== undefined) batch.push({ key, hash, bytes, ...header(bytes) });
      }
      yield batch;
    }
  }
}

interface Candidate {
  readonly key: string;
  readonly hash: Hash;
  readonly bytes: Uint8Array;
  readonly epoch: number;
  readonly createdAt: number;
}

/** A damaged chunk that nothing needs counts as old. */
function header(bytes: Uint8Array): { epoch: number; createdAt: number } {
  try {
    const { epoch, createdAt } = decodeChunk(bytes);
    return { epoch, createdAt };
  } catch (error) {
    if (error instanceof CorruptionError) return { epoch: 0, createdAt: 0 };
    throw error;
  }
}
