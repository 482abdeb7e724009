/**
 * Immutable chunks over a `KVStore`: named by the hash of their payload, verified whenever they are read, and put by
 * the rule of the collection protocol: a chunk's epoch only ever rises, and only by `cas`.
 */
import { CorruptionError, StorageError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import { decodeChunk, encodeChunk, type StoredChunk } from "./codec.ts";
import { type Hash, hashOf } from "./hash.ts";
import { type ChunkKind, chunkKey } from "./key.ts";

/** A chunk to be stored. */
export interface Chunk {
  readonly kind: ChunkKind;
  readonly hash: Hash;
  readonly payload: Uint8Array;
}

/** The name of a chunk. */
export type ChunkName = Pick<Chunk, "kind" | "hash">;

/** A stored chunk that was verified, and the stored bytes. */
interface Sound {
  readonly chunk: StoredChunk;
  readonly bytes: Uint8Array;
}

/** How many chunks one batch of the store holds at most. */
const BATCH = 4096;
/** How often a chunk that others change meanwhile is tried again. Each time another writer or a collector got ahead; no more than a few can. */
const ATTEMPTS = 100;

/** The chunks of one store. */
export class ChunkStore {
  readonly store: KVStore;
  readonly #now: () => number;

  constructor(store: KVStore, now: () => number = Date.now) {
    this.store = store;
    this.#now = now;
  }

  /** The payloads of those of `hashes` that are there, each checked against its hash: `CorruptionError` for a damaged one. */
  async read(
    kind: ChunkKind,
    hashes: readonly Hash[],
    whatIsDamaged: "throw" | "skip" = "throw",
  ): Promise<Map<Hash, Uint8Array>> {
    const payloads = new Map<Hash, Uint8Array>();
    for (const [hash, { payload }] of await this.readStored(kind, hashes, whatIsDamaged)) payloads.set(hash, payload);
    return payloads;
  }

  /** The same, as they lie in the store. */
  async readStored(
    kind: ChunkKind,
    hashes: readonly Hash[],
    whatIsDamaged: "throw" | "skip" = "throw",
  ): Promise<Map<Hash, StoredChunk>> {
    const found = new Map<Hash, StoredChunk>();
    for (let from = 0; from < hashes.length; from += BATCH) {
      const batch = hashes.slice(from, from + BATCH);
      const stored = await this.store.getMany(batch.map((hash) => chunkKey(kind, hash)));
      for (const hash of batch) {
        const bytes = stored.get(chunkKey(kind, hash));
        if (bytes === undefined) continue;
        const sound = asSound(hash, bytes) ?? (await this.#readAgain({ kind, hash }, whatIsDamaged));
        if (sound !== undefined) found.set(hash, sound.chunk);
      }
    }
    return found;
  }

  /**
   * Stores chunks so that no collector of `epoch` or an earlier one removes them. One round trip when all are new;
   * two more when some are there with a lower epoch.
   *
   * @throws StorageError if the store says again and again that a chunk is there, and that it is not
   */
  async put(chunks: readonly Chunk[], epoch: number): Promise<void> {
    for (let from = 0; from < chunks.length; from += BATCH) {
      let open: readonly Chunk[] = chunks.slice(from, from + BATCH);
      for (let attempt = 0; open.length > 0; attempt++) {
        if (attempt === ATTEMPTS) throw contradiction();
        open = await this.#putBatch(open, epoch);
      }
    }
  }

  /** Creates chunks, and raises those that are there; returns those that were removed in between. */
  async #putBatch(chunks: readonly Chunk[], epoch: number): Promise<Chunk[]> {
    const createdAt = this.#now();
    const entries: [string, Uint8Array][] = chunks.map(({ kind, hash, payload }) => [
      chunkKey(kind, hash),
      encodeChunk({ epoch, createdAt, payload }),
    ]);
    const existing = await this.store.createMany(entries);
    if (existing.length === 0) return [];
    const names = new Set(existing);
    const known = chunks.filter(({ kind, hash }) => names.has(chunkKey(kind, hash)));
    return this.#raiseBatch(known, epoch);
  }

  /** Raises chunks that are stored to `epoch`; returns those that are not there. */
  async raise<T extends ChunkName>(names: readonly T[], epoch: number): Promise<T[]> {
    const missing: T[] = [];
    for (let from = 0; from < names.length; from += BATCH) {
      missing.push(...(await this.#raiseBatch(names.slice(from, from + BATCH), epoch)));
    }
    return missing;
  }

  async #raiseBatch<T extends ChunkName>(names: readonly T[], epoch: number): Promise<T[]> {
    const missing: T[] = [];
    let open = names;
    for (let attempt = 0; open.length > 0; attempt++) {
      if (attempt === ATTEMPTS) throw contradiction();
      const stored = await this.store.getMany(open.map(({ kind, hash }) => chunkKey(kind, hash)));
      const settled = await Promise.all(
        open.map(async (name, i): Promise<boolean> => {
          const known = stored.get(chunkKey(name.kind, name.hash));
          const sound = known && (asSound(name.hash, known) ?? (await this.#readAgain(name)));
          if (sound === undefined) {
            missing.push(...open.slice(i, i + 1));
            return true;
          }
          const { chunk, bytes } = sound;
          if (chunk.epoch >= epoch) return true;
          return this.store.cas(chunkKey(name.kind, name.hash), encodeChunk({ ...chunk, epoch }), bytes);
        }),
      );
      open = open.filter((_, i) => settled[i] === false);
    }
    return missing;
  }

  /** A chunk that was read damaged, as a cache may hold it, read past caches. */
  async #readAgain({ kind, hash }: ChunkName, whatIsDamaged: "throw" | "skip" = "throw"): Promise<Sound | undefined> {
    const bytes = await this.store.getFresh(chunkKey(kind, hash));
    try {
      return bytes && { chunk: verified(hash, bytes), bytes };
    } catch (error) {
      if (whatIsDamaged === "skip" && error instanceof CorruptionError) return undefined;
      throw error;
    }
  }
}

/** The error for a chunk that something else names, and that is not there. */
export function missingChunk(hash: Hash): CorruptionError {
  return new CorruptionError(`Chunk ${hash} is missing.`, { at: hash, isMissing: true });
}

/** The same for a commit. */
export function missingCommit(hash: Hash): CorruptionError {
  return new CorruptionError(`Commit ${hash} is missing.`, { at: hash, isMissing: true });
}

/** Whether an error is one of those. */
export function isMissing(error: unknown): error is CorruptionError {
  return error instanceof CorruptionError && error.isMissing;
}

function contradiction(): StorageError {
  return new StorageError("The store contradicts itself about what it holds.");
}

/** The chunk that `bytes` hold; `undefined` if they are damaged. */
function asSound(hash: Hash, bytes: Uint8Array): Sound | undefined {
  try {
    return { chunk: verified(hash, bytes), bytes };
  } catch {
    return undefined;
  }
}

/** The stored chunk, after a check of its payload against its name. */
function verified(hash: Hash, bytes: Uint8Array): StoredChunk {
  let chunk: StoredChunk;
  try {
    chunk = decodeChunk(bytes);
  } catch (cause) {
    if (cause instanceof CorruptionError) throw new CorruptionError(`Chunk ${hash} is damaged.`, { at: hash, cause });
    throw cause;
  }
  if (hashOf(chunk.payload) !== hash) {
    throw new CorruptionError(`Chunk ${hash} is damaged: its bytes do not hash to its name.`, { at: hash });
  }
  return chunk;
}
