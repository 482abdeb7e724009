import type { Hash } from "../chunk/hash.ts";
import { missingCommit } from "../chunk/store.ts";
import type { KVStore } from "../kv/store.ts";
import { HISTORY_KINDS, listRefs } from "./ref.ts";

/** Thrown by a walk that has to begin again, as its horizon is wider now. */
export class Widened extends Error {}

/** Where the history that may be walked ends: the commits before which it was cut. */
export class Horizon {
  readonly #store: KVStore;
  readonly #cuts: Set<Hash>;
  readonly #mayWiden: boolean;

  /** @param scope whether only these cuts count, as for what one ref holds, or those of other refs, too, where a commit is missing */
  constructor(store: KVStore, cuts: Iterable<Hash> = [], scope: "these" | "any" = "any") {
    this.#store = store;
    this.#cuts = new Set(cuts);
    this.#mayWiden = scope === "any";
  }

  /** Whether history does not end before it began. */
  get isOpen(): boolean {
    return this.#cuts.size === 0;
  }

  /** Whether a commit lies beyond. */
  has(hash: Hash): boolean {
    return this.#cuts.has(hash);
  }

  /** Adds the cuts of all refs as they are now; whether there were others than known before. */
  async widen(): Promise<boolean> {
    if (!this.#mayWiden) return false;
    const before = this.#cuts.size;
    for await (const refs of listRefs(this.#store, ...HISTORY_KINDS)) {
      for (const [, ref] of refs) for (const cut of ref.head === undefined ? [] : ref.cuts) this.#cuts.add(cut);
    }
    return this.#cuts.size > before;
  }

  /** Whether one of some commits, near which something is missing, lies beyond the horizon of any ref as it is now. */
  async isBeyond(hashes: readonly Hash[]): Promise<boolean> {
    await this.widen();
    return hashes.some((hash) => this.has(hash));
  }

  /**
   * For a commit that another names and that is not there: the walk may have passed the horizon of another ref.
   *
   * @throws Widened if the horizon is wider now, so that the walk must begin again; CorruptionError otherwise
   */
  async note(missing: Hash): Promise<never> {
    throw (await this.widen()) ? new Widened() : missingCommit(missing);
  }
}
