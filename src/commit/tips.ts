import type { Hash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";

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

/** A walk down from heads whose histories end before the same commits. */
export interface TipWalk {
  readonly cuts: ReadonlySet<Hash>;
  /** What was found, and is still to be visited; the walker takes it out. */
  readonly open: Hash[];
  /** Notes a parent of what was visited. */
  find(hash: Hash): void;
}

/**
 * The walks that visit every commit that tips hold: each once for each group of tips with the same cuts, if no tip whose
 * history is whole holds it. One walk must end before the next begins.
 */
export function* walksFrom(tips: Tips): Generator<TipWalk, void> {
  const whole = new HashSet();
  for (const { cuts, heads } of tips.groups()) {
    const seen = cuts.size === 0 ? whole : new HashSet();
    const open: Hash[] = [];
    const enter = (hash: Hash): void => {
      if ((seen === whole || !whole.has(hash)) && seen.add(hash)) open.push(hash);
    };
    for (const head of heads) enter(head);
    const find = (hash: Hash): void => {
      if (!cuts.has(hash)) enter(hash);
    };
    yield { cuts, open, find };
  }
}
