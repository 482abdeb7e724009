import type { Hash } from "../chunk/hash.ts";

/** Heads whose histories end before the same commits. */
export interface TipGroup {
  /** A walk down from the heads does not enter these. */
  readonly cuts: ReadonlySet<Hash>;
  readonly heads: ReadonlySet<Hash>;
}

/** What refs lead to, each once. */
export class Tips {
  readonly #groups: Map<string, { readonly cuts: ReadonlySet<Hash>; readonly heads: Set<Hash> }> = new Map();

  /** Adds what a ref leads to. */
  add({ head, cuts }: { readonly head: Hash; readonly cuts: readonly Hash[] }): void {
    const key = cuts.join("");
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, { cuts: new Set(cuts), heads: new Set([head]) });
    else group.heads.add(head);
  }

  /** Whether others lead to the same. */
  equals(other: Tips): boolean {
    const same = (a: Tips, b: Tips): boolean =>
      [...a.#groups].every(([key, { heads }]) => [...heads].every((head) => b.#groups.get(key)?.heads.has(head)));
    return same(this, other) && same(other, this);
  }

  /** By their cuts; those without any first. */
  groups(): TipGroup[] {
    return [...this.#groups.values()].sort((a, b) => a.cuts.size - b.cuts.size);
  }
}
