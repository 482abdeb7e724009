import type { Hash } from "../chunk/hash.ts";
import { missingCommit } from "../chunk/store.ts";
import type { KVStore } from "../kv/store.ts";
import { HISTORY_KINDS, listRefs } from "./ref.ts";

/** Where the history that may be walked ends: the commits before which it was cut. */
export class Horizon {
  readonly #store: KVStore;
  readonly #cuts: Set<Hash>;

  constructor(store: KVStore, cuts: Iterable<Hash> = []) {
    this.#store = store;
    this.#cuts = new Set(cuts);
  }

  /** Whether history does not end before it began. */
  get isOpen(): boolean {
    return this.#cuts.size === 0;
  }

  /** Whether a commit lies beyond. */
  has(hash: Hash): boolean {
    return this.#cuts.has(hash);
  }

  /**
   * Takes note of a commit that another names and that is not there: it lies beyond the horizon of some other ref, if any
   * history of the store was cut.
   *
   * @throws CorruptionError if none was
   */
  async note(missing: Hash): Promise<void> {
    if (!(await isAnyCut(this.#store))) throw missingCommit(missing);
    this.#cuts.add(missing);
  }
}

async function isAnyCut(store: KVStore): Promise<boolean> {
  for (const kind of HISTORY_KINDS) {
    for await (const refs of listRefs(store, kind)) {
      if (refs.some(([, ref]) => ref.head !== undefined && ref.cuts.length > 0)) return true;
    }
  }
  return false;
}
