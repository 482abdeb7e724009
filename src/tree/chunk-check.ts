import { decodeChunk } from "../chunk/codec.ts";
import { type Hash, hashOf } from "../chunk/hash.ts";
import { type ChunkKind, chunkKey } from "../chunk/key.ts";
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

  /** The payload of each chunk, or its fault. One round trip. */
  async read(kind: ChunkKind, hashes: Iterable<Hash>): Promise<Map<Hash, Uint8Array | Fault>> {
    const names = new Map([...hashes].map((hash) => [chunkKey(kind, hash), hash]));
    const found = new Map<Hash, Uint8Array | Fault>();
    if (names.size === 0) return found;
    this.#step();
    const stored = await this.#store.getMany([...names.keys()]);
    for (const [key, hash] of names) found.set(hash, this.#open(key, hash, stored.get(key)));
    this.count += names.size;
    return found;
  }

  #open(key: string, hash: Hash, stored: Uint8Array | undefined): Uint8Array | Fault {
    if (stored === undefined) return MISSING;
    const chunk = attempt("changed", () => decodeChunk(stored));
    if (isFault(chunk)) return chunk;
    if (hashOf(chunk.payload) !== hash) return { what: "changed", why: "its bytes do not hash to its name" };
    if (chunk.epoch > this.highest.epoch) this.highest = { epoch: chunk.epoch, key };
    return chunk.payload;
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
