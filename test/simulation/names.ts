/** Short names for hashes and nonces, in the order in which a run meets them: what its trace says of keys and values. */
import { decodeChunk } from "../../src/chunk/codec.ts";
import { hashOfChunkKey } from "../../src/chunk/key.ts";
import { decodeEpoch, EPOCH_KEY } from "../../src/commit/epoch.ts";
import { decodeRef, NONCE_BYTES } from "../../src/commit/ref.ts";
import { isChunkKey } from "../../src/kv/chunk-keys.ts";

export class Names {
  readonly #numbers: Map<string, Map<string, number>> = new Map();

  #name(letter: string, what: string): string {
    const known = this.#numbers.get(letter) ?? new Map<string, number>();
    this.#numbers.set(letter, known);
    const number = known.get(what) ?? known.size + 1;
    known.set(what, number);
    return letter + number;
  }

  /** A commit's name: C and a number. */
  commit(hash: string): string {
    return this.#name("C", hash);
  }

  /** A store key: that of a commit is C and a number, that of another chunk N and a number. */
  key(key: string): string {
    const commit = hashOfChunkKey("commit", key);
    if (commit !== undefined) return this.commit(commit);
    return hashOfChunkKey("node", key) === undefined ? key : this.#name("N", key);
  }

  /** A stored value: a ref as its commit, epoch and nonce; a chunk as its epoch. */
  stored(key: string, value: Uint8Array | undefined): string {
    if (value === undefined) return "absent";
    if (isChunkKey(key)) return `e${decodeChunk(value).epoch}`;
    if (key === EPOCH_KEY) return `epoch ${decodeEpoch(value)}`;
    if (!key.startsWith("b/") && !key.startsWith("t/")) return `${value.length} bytes`;
    const ref = decodeRef(key, value);
    const nonce = this.#name("n", value.subarray(2, 2 + NONCE_BYTES).join());
    return ref.head === undefined ? `reserved ${nonce}` : `${this.commit(ref.head)} e${ref.epoch} ${nonce}`;
  }
}
