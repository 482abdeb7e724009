/**
 * Immutable chunks over a `KVStore`: named by the hash of their payload, verified whenever they are read, and put by
 * the rule of the collection protocol: a chunk's epoch only ever rises, and only by `cas`.
 */
import { CorruptionError, StorageError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import { baseOf, type Delta, decodeChunk, encodeChunk, encodeChunks, type StoredChunk } from "./codec.ts";
import { applyDelta } from "./delta.ts";
import { type Hash, hashOf } from "./hash.ts";
import { type ChunkKind, chunkKey } from "./key.ts";

/** A chunk to be stored. */
export interface Chunk {
  readonly kind: ChunkKind;
  readonly hash: Hash;
  readonly payload: Uint8Array;
  /** What else is to be known of it, outside its name. */
  readonly note?: Uint8Array | undefined;
  /** Stores it as what differs from another chunk, which is safe. */
  readonly delta?: Delta | undefined;
}

/** The name of a chunk. */
export type ChunkName = Pick<Chunk, "kind" | "hash">;

/** A stored chunk that was verified. */
export interface SoundChunk {
  readonly payload: Uint8Array;
  readonly note: Uint8Array | undefined;
  /** The chunk that it is stored as a difference from, the one that this is a difference from, and so on to one that is whole; without those behind one that was at hand. */
  readonly bases: readonly Hash[];
  readonly epoch: number;
  readonly createdAt: number;
}

/** The same, with how it lies in the store. */
interface Sound {
  readonly chunk: SoundChunk;
  readonly stored: StoredChunk;
  readonly bytes: Uint8Array;
}

/** What of chunks is at hand: their payloads. */
export type KnownPayload = (hash: Hash) => Uint8Array | undefined;

/** What other chunks are differences from. */
type Base = Pick<SoundChunk, "payload" | "bases">;
type Bases = (hash: Hash) => Base | undefined;

/** What to do about a damaged chunk. */
type WhatIsDamaged = "throw" | "skip";

/** How many chunks one batch of the store holds at most. */
const BATCH = 4096;
/** How often a chunk that others change meanwhile is tried again. Each time another writer or a collector got ahead; no more than a few can. */
const ATTEMPTS = 100;
/** The longest chain of differences that is followed. Writers make much shorter ones, but what is collected may come back in another form. */
export const MAX_CHAIN = 64;
const NOTHING = new Uint8Array(0);

/** The chunks of one store. */
export class ChunkStore {
  readonly store: KVStore;
  readonly #now: () => number;

  constructor(store: KVStore, now: () => number = Date.now) {
    this.store = store;
    this.#now = now;
  }

  /**
   * The payloads of those of `hashes` that are there, each checked against its hash: `CorruptionError` for a damaged one.
   * One round trip, and another one for each difference in a row that one is stored as, from chunks that are not at hand.
   */
  async read(
    kind: ChunkKind,
    hashes: readonly Hash[],
    whatIsDamaged: WhatIsDamaged = "throw",
  ): Promise<Map<Hash, Uint8Array>> {
    const payloads = new Map<Hash, Uint8Array>();
    for (const [hash, { payload }] of await this.readSound(kind, hashes, whatIsDamaged)) payloads.set(hash, payload);
    return payloads;
  }

  /** The same, with what else is known of them. */
  async readSound(
    kind: ChunkKind,
    hashes: readonly Hash[],
    whatIsDamaged: WhatIsDamaged = "throw",
    known?: KnownPayload,
  ): Promise<Map<Hash, SoundChunk>> {
    const found = new Map<Hash, SoundChunk>();
    for (let from = 0; from < hashes.length; from += BATCH) {
      const batch = hashes.slice(from, from + BATCH);
      const keys = batch.map((hash) => chunkKey(kind, hash));
      const stored = await this.store.getMany(keys);
      const bases = await this.#bases(stored.values(), known);
      for (let i = 0; i < batch.length; i++) {
        const hash = batch[i];
        const bytes = stored.get(keys[i] ?? "");
        if (hash === undefined || bytes === undefined) continue;
        const sound = asSound(hash, bytes, bases) ?? (await this.#readAgain({ kind, hash }, whatIsDamaged));
        if (sound !== undefined) found.set(hash, sound.chunk);
      }
    }
    return found;
  }

  /**
   * By node, what it is stored as a difference from now, what that is a difference from, and so on; without nodes of which any
   * of that is not there. Their payloads are not looked at. One round trip, and another one for each difference in a row.
   */
  async chains(hashes: readonly Hash[]): Promise<Map<Hash, readonly Hash[]>> {
    const chains = new Map<Hash, readonly Hash[]>();
    for (let from = 0; from < hashes.length; from += BATCH) {
      const batch = hashes.slice(from, from + BATCH);
      const stored = await this.store.getMany(batch.map((hash) => chunkKey("node", hash)));
      const below = await this.#readBases(stored.values());
      for (const hash of batch) {
        const chain: Hash[] = [];
        let bytes = stored.get(chunkKey("node", hash)) ?? NOTHING;
        for (let base = baseOf(bytes); base !== undefined && chain.length < MAX_CHAIN; base = baseOf(bytes)) {
          chain.push(base);
          bytes = below.get(base) ?? NOTHING;
        }
        if (bytes.length > 0 && baseOf(bytes) === undefined) chains.set(hash, chain);
      }
    }
    return chains;
  }

  /** The stored bytes of the chunks that stored ones are differences from, those that are not at hand, in one batch, or in several where they are differences, too; none for one that is not there. */
  async #readBases(stored: Iterable<Uint8Array>, known?: KnownPayload): Promise<ReadonlyMap<Hash, Uint8Array>> {
    const read = new Map<Hash, Uint8Array>();
    let open = basesOf(stored);
    for (let round = 0; open.size > 0 && round < MAX_CHAIN; round++) {
      const hashes = [...open].filter((hash) => !read.has(hash) && known?.(hash) === undefined);
      if (hashes.length === 0) break;
      const found = await this.store.getMany(hashes.map((hash) => chunkKey("node", hash)));
      for (const hash of hashes) read.set(hash, found.get(chunkKey("node", hash)) ?? NOTHING);
      open = basesOf(found.values());
    }
    return read;
  }

  /** The chunks that stored ones are differences from. */
  async #bases(stored: Iterable<Uint8Array>, known?: KnownPayload): Promise<Bases> {
    const read = await this.#readBases(stored, known);
    const made = new Map<Hash, Base | undefined>();
    const baseOf: Bases = (hash) => {
      const payload = known?.(hash);
      if (payload !== undefined) return { payload, bases: [] };
      const bytes = read.get(hash);
      if (bytes !== undefined && !made.has(hash)) {
        // Nothing is a difference from itself.
        made.set(hash, undefined);
        made.set(hash, asBase(bytes, baseOf));
      }
      return made.get(hash);
    };
    return baseOf;
  }

  /**
   * Stores chunks so that no collector of `epoch` or an earlier one removes them. One round trip when all are new;
   * two more when some are there with a lower epoch, and two more for each difference in a row that these are stored as.
   * One that is there stays in the form that it is in.
   *
   * @returns those that were there
   * @throws StorageError if the store says again and again that a chunk is there, and that it is not
   */
  async put(chunks: readonly Chunk[], epoch: number): Promise<ReadonlyMap<Hash, SoundChunk>> {
    const known = new Map<Hash, SoundChunk>();
    for (let from = 0; from < chunks.length; from += BATCH) {
      let open: readonly Chunk[] = chunks.slice(from, from + BATCH);
      for (let attempt = 0; open.length > 0; attempt++) {
        if (attempt === ATTEMPTS) throw contradiction();
        open = await this.#putBatch(open, epoch, known);
      }
    }
    return known;
  }

  /** Creates chunks, and raises those that are there; returns those that were removed in between. */
  async #putBatch(chunks: readonly Chunk[], epoch: number, known: Map<Hash, SoundChunk>): Promise<Chunk[]> {
    const bodies = chunks.map((chunk) => chunk.delta ?? chunk);
    const stored = encodeChunks({ epoch, createdAt: this.#now() }, bodies);
    const entries = chunks.map(({ kind, hash }, i): [string, Uint8Array] => [
      chunkKey(kind, hash),
      stored[i] ?? NOTHING,
    ]);
    const existing = await this.store.createMany(entries);
    if (existing.length === 0) return [];
    const names = new Set(existing);
    const there = chunks.filter(({ kind, hash }) => names.has(chunkKey(kind, hash)));
    const put: Put<Chunk> = { found: (hash, chunk) => known.set(hash, chunk), instead: (chunk) => chunk };
    return this.#raiseBatch(there, epoch, { put });
  }

  /** Raises chunks that are stored to `epoch`; returns those that are not there, or cannot be read as what they are a difference from is gone. */
  async raise<T extends ChunkName>(names: readonly T[], epoch: number): Promise<T[]> {
    const missing: T[] = [];
    for (let from = 0; from < names.length; from += BATCH) {
      missing.push(...(await this.#raiseBatch(names.slice(from, from + BATCH), epoch)));
    }
    return missing;
  }

  async #raiseBatch<T extends ChunkName>(
    names: readonly T[],
    epoch: number,
    { put, chain = 0 }: { readonly put?: Put<T>; readonly chain?: number } = {},
  ): Promise<T[]> {
    const missing: T[] = [];
    let open = names;
    for (let attempt = 0; open.length > 0; attempt++) {
      if (attempt === ATTEMPTS) throw contradiction();
      const stored = await this.store.getMany(open.map(({ kind, hash }) => chunkKey(kind, hash)));
      const lost = await this.#raiseBases(stored.values(), epoch, chain);
      const bases = await this.#bases(stored.values());
      const settled = await Promise.all(
        open.map(async (name, i): Promise<boolean> => {
          const key = chunkKey(name.kind, name.hash);
          const known = stored.get(key);
          const base = known && baseOf(known);
          if (known !== undefined && base !== undefined && lost.has(base) && put !== undefined) {
            const { createdAt, epoch: before } = decodeChunk(known);
            const body = { payload: put.instead(name).payload };
            return this.store.cas(key, encodeChunk({ ...body, createdAt, epoch: Math.max(epoch, before) }), known);
          }
          const isThere = known !== undefined && (base === undefined || !lost.has(base));
          const sound = isThere ? (asSound(name.hash, known, bases) ?? (await this.#readAgain(name))) : undefined;
          if (sound === undefined) {
            missing.push(...open.slice(i, i + 1));
            return true;
          }
          const { chunk, bytes } = sound;
          put?.found(name.hash, chunk);
          if (chunk.epoch >= epoch) return true;
          return this.store.cas(key, encodeChunk({ ...sound.stored, epoch }), bytes);
        }),
      );
      open = open.filter((_, i) => settled[i] === false);
    }
    return missing;
  }

  /** Raises the chunks that stored ones are differences from, before those; returns the ones that are gone. */
  async #raiseBases(stored: Iterable<Uint8Array>, epoch: number, chain: number): Promise<Set<Hash>> {
    const names = [...basesOf(stored)].map((hash): ChunkName => ({ kind: "node", hash }));
    if (names.length === 0 || chain === MAX_CHAIN) return new Set(names.map(({ hash }) => hash));
    return new Set((await this.#raiseBatch(names, epoch, { chain: chain + 1 })).map(({ hash }) => hash));
  }

  /** A chunk that was read damaged, as a cache may hold it, read past caches. */
  async #readAgain({ kind, hash }: ChunkName, whatIsDamaged: WhatIsDamaged = "throw"): Promise<Sound | undefined> {
    try {
      return await this.#readFresh(kind, hash, 0);
    } catch (error) {
      if (whatIsDamaged === "skip" && error instanceof CorruptionError) return undefined;
      throw error;
    }
  }

  async #readFresh(kind: ChunkKind, hash: Hash, chain: number): Promise<Sound | undefined> {
    const bytes = await this.store.getFresh(chunkKey(kind, hash));
    const base = bytes && baseOf(bytes);
    if (bytes === undefined || base === undefined || chain === MAX_CHAIN) return bytes && verified(hash, bytes, noBase);
    const below = await this.#readFresh("node", base, chain + 1);
    if (below === undefined) throw missingChunk(base);
    return verified(hash, bytes, () => below.chunk);
  }
}

/** What putting chunks does with those that are there. */
interface Put<T> {
  found(hash: Hash, chunk: SoundChunk): void;
  /** What takes the place of one that cannot be read, as what it is a difference from is gone. */
  instead(name: T): Chunk;
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

/** The chunks that stored ones are differences from. */
function basesOf(stored: Iterable<Uint8Array>): Set<Hash> {
  const bases = new Set<Hash>();
  for (const bytes of stored) {
    const base = baseOf(bytes);
    if (base !== undefined) bases.add(base);
  }
  return bases;
}

function noBase(): undefined {
  return undefined;
}

/** The chunk that `bytes` hold; `undefined` if they are damaged. */
function asSound(hash: Hash, bytes: Uint8Array, bases: Bases): Sound | undefined {
  try {
    return verified(hash, bytes, bases);
  } catch {
    return undefined;
  }
}

/** What `bytes` hold as what another chunk is a difference from: that one's name tells whether it is sound. */
function asBase(bytes: Uint8Array, bases: Bases): Base | undefined {
  try {
    return bodyOf(decodeChunk(bytes), bases);
  } catch {
    return undefined;
  }
}

/** The stored chunk, after a check of its payload against its name. */
function verified(hash: Hash, bytes: Uint8Array, bases: Bases): Sound {
  let stored: StoredChunk;
  let read: Base;
  try {
    stored = decodeChunk(bytes);
    read = bodyOf(stored, bases);
  } catch (cause) {
    if (cause instanceof CorruptionError) throw new CorruptionError(`Chunk ${hash} is damaged.`, { at: hash, cause });
    throw cause;
  }
  if (hashOf(read.payload) !== hash) {
    throw new CorruptionError(`Chunk ${hash} is damaged: its bytes do not hash to its name.`, { at: hash });
  }
  const { epoch, createdAt } = stored;
  const note = stored.base === undefined ? stored.note : undefined;
  // Written out: to copy what was read takes three times the memory.
  return { chunk: { payload: read.payload, bases: read.bases, note, epoch, createdAt }, stored, bytes };
}

function bodyOf(stored: StoredChunk, bases: Bases): Base {
  if (stored.base === undefined) return { payload: stored.payload, bases: [] };
  const base = bases(stored.base);
  if (base === undefined) throw new CorruptionError(`Chunk ${stored.base}, which it is a difference from, is damaged.`);
  return { payload: applyDelta(base.payload, stored.delta), bases: [stored.base, ...base.bases] };
}
