import { baseOf, decodeChunk, type StoredChunk } from "../chunk/codec.ts";
import { applyDelta } from "../chunk/delta.ts";
import { type Hash, hashOf } from "../chunk/hash.ts";
import { type ChunkKind, chunkKey } from "../chunk/key.ts";
import { MAX_CHAIN, type SoundChunk } from "../chunk/store.ts";
import { CorruptionError, FormatVersionError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import type { Fault } from "./damage.ts";

/** The highest epoch that was met, and at which key of the store. */
export interface HighestEpoch {
  readonly epoch: number;
  readonly key: string;
}

/** The fault of a chunk that is not there. */
export const MISSING: Fault = { what: "missing", why: "it is missing" };

/** Reads chunks one by one, past all caches, and says of each that is not sound what is wrong with it. */
export class ChunkCheck {
  /** How many chunks were read. */
  count = 0;
  /** The highest epoch of their headers. */
  highest: HighestEpoch = { epoch: 0, key: "" };
  readonly #store: KVStore;
  readonly #step: () => void;

  /** @param step is called before each batch */
  constructor(store: KVStore, step: () => void) {
    this.#store = store;
    this.#step = step;
  }

  /** Chunks, or what is wrong with them. One round trip, and another one for each difference in a row. */
  async read(kind: ChunkKind, hashes: ReadonlySet<Hash>): Promise<Map<Hash, SoundChunk | Fault>> {
    this.count += hashes.size;
    return this.readAgain(kind, hashes);
  }

  /** The same, for those that are counted elsewhere. */
  async readAgain(kind: ChunkKind, hashes: Iterable<Hash>): Promise<Map<Hash, SoundChunk | Fault>> {
    const names = new Map([...hashes].map((hash) => [chunkKey(kind, hash), hash]));
    const found = new Map<Hash, SoundChunk | Fault>();
    if (names.size === 0) return found;
    this.#step();
    const stored = await this.#store.getMany([...names.keys()]);
    // No commit is a difference from another.
    const bases = kind === "node" ? await this.#readBases(stored.values()) : found;
    for (const [key, hash] of names) found.set(hash, this.#open(key, hash, stored.get(key), bases));
    return found;
  }

  async #readBases(stored: Iterable<Uint8Array>, chain = 0): Promise<Map<Hash, SoundChunk | Fault>> {
    const names = new Map<string, Hash>();
    for (const bytes of stored) {
      const base = baseOf(bytes);
      if (base !== undefined) names.set(chunkKey("node", base), base);
    }
    const found = new Map<Hash, SoundChunk | Fault>();
    if (names.size === 0 || chain === MAX_CHAIN) return found;
    const chunks = await this.#store.getMany([...names.keys()]);
    const bases = await this.#readBases(chunks.values(), chain + 1);
    for (const [key, hash] of names) found.set(hash, this.#open(key, hash, chunks.get(key), bases));
    return found;
  }

  #open(
    key: string,
    hash: Hash,
    stored: Uint8Array | undefined,
    bases: ReadonlyMap<Hash, SoundChunk | Fault>,
  ): SoundChunk | Fault {
    if (stored === undefined) return MISSING;
    const chunk = attempt("changed", () => decodeChunk(stored));
    if (isFault(chunk)) return chunk;
    const body = this.#bodyOf(chunk, bases);
    if (isFault(body)) return body;
    if (hashOf(body.payload) !== hash) return { what: "changed", why: "its bytes do not hash to its name" };
    const { epoch, createdAt } = chunk;
    if (epoch > this.highest.epoch) this.highest = { epoch, key };
    return { ...body, epoch, createdAt };
  }

  #bodyOf(
    chunk: StoredChunk,
    bases: ReadonlyMap<Hash, SoundChunk | Fault>,
  ): Pick<SoundChunk, "payload" | "note" | "bases"> | Fault {
    if (chunk.base === undefined) return { payload: chunk.payload, note: chunk.note, bases: [] };
    const base = bases.get(chunk.base);
    if (base === undefined) return { what: "changed", why: "it is a difference from another, which it cannot be" };
    if (isFault(base)) return { at: chunk.base, ...base };
    const payload = attempt("changed", () => applyDelta(base.payload, chunk.delta));
    return isFault(payload) ? payload : { payload, note: undefined, bases: [chunk.base, ...base.bases] };
  }
}

/** What `decode` gives, or the fault that it found. */
export function attempt<T>(what: Fault["what"], decode: () => T): T | Fault {
  try {
    return decode();
  } catch (error) {
    if (error instanceof FormatVersionError) return { what, why: `it is of no known version: ${error.found}` };
    if (error instanceof CorruptionError)
      return { what, why: `it cannot be read: ${error.message.replace(/\.$/, "")}` };
    throw error;
  }
}

/** Whether a result is a fault. */
export function isFault(result: unknown): result is Fault {
  return typeof result === "object" && result !== null && "why" in result;
}
