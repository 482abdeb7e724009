/** What a check found, and what leads there. */
import type { Hash } from "../chunk/hash.ts";
import { type ChunkKind, chunkKey } from "../chunk/key.ts";
import { compareText } from "./key-bytes.ts";

/** The user keys after `gt`, or from `gte` on, up to `lte`; without bounds, all. */
export interface KeySpan {
  /** Only keys after this one. */
  readonly gt?: string;
  /** Only keys from this one on. */
  readonly gte?: string;
  /** Only keys up to this one. */
  readonly lte?: string;
}

/** What is wrong with a chunk: it is not there, its stored bytes changed, or it was wrong when it was made. */
export interface Fault {
  readonly what: "missing" | "changed" | "wrong";
  /** One sentence's end: "it ends too early". */
  readonly why: string;
  /** The node whose fault it is, if it is that of another one, which this one is stored as a difference from. */
  readonly at?: Hash;
}

/** A chunk with a fault. */
export interface Damage extends Fault {
  readonly kind: ChunkKind;
  readonly hash: Hash;
  /** The keys that it holds or leads to, wherever that is; `undefined` until that is known. */
  keys: KeySpan | undefined;
}

/** A place that is damaged or leads to damage. */
interface Place {
  /** The numbers of the places that it leads to, all lower than its own. */
  readonly below: readonly number[];
  readonly damage: readonly Damage[];
  /** Its keys; of the parts of values `undefined`, whose keys are those of all places that lead to them. */
  readonly keys: KeySpan | undefined;
}

/** Damage, and the places that lead to it: no more of a sound store than nothing. */
export class DamageMap {
  /** How much damage was left out because there was too much of it. */
  omitted = 0;
  readonly #limit: number;
  readonly #known: Map<string, Damage> = new Map();
  readonly #places: Place[] = [];

  /** @param limit how many damaged chunks are remembered */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** All damage, in the order in which it was found. */
  get all(): Damage[] {
    return [...this.#known.values()];
  }

  /** Notes that a chunk has a fault, once. Nothing is returned for what is left out. */
  note(kind: ChunkKind, hash: Hash, fault: Fault): Damage[] {
    const name = `${chunkKey(kind, hash)} ${fault.why}`;
    const known = this.#known.get(name);
    if (known !== undefined) return [known];
    if (this.#known.size >= this.#limit) {
      this.omitted++;
      return [];
    }
    const damage: Damage = { kind, hash, ...fault, keys: undefined };
    this.#known.set(name, damage);
    return [damage];
  }

  /** Adds a place; returns its number. */
  add(below: readonly number[], damage: readonly Damage[], keys?: KeySpan): number {
    return this.#places.push({ below, damage, keys }) - 1;
  }

  /** Says of all damage which keys it concerns. */
  spreadKeys(): void {
    const inherited: (KeySpan | undefined)[] = [];
    for (let at = this.#places.length - 1; at >= 0; at--) {
      const place = this.#places[at];
      const keys = place?.keys ?? inherited[at];
      if (place === undefined || keys === undefined) continue;
      for (const each of place.damage) each.keys = hull(each.keys, keys);
      for (const below of place.below) inherited[below] = hull(inherited[below], keys);
    }
  }

  /** The damage that some places lead to. */
  below(tops: Iterable<number>): Set<Damage> {
    const marked = new Uint8Array(this.#places.length);
    for (const top of tops) marked[top] = 1;
    const found = new Set<Damage>();
    for (let at = marked.length - 1; at >= 0; at--) {
      const place = marked[at] === 1 ? this.#places[at] : undefined;
      if (place === undefined) continue;
      for (const each of place.damage) found.add(each);
      for (const below of place.below) marked[below] = 1;
    }
    return found;
  }

  /** Which places lead to some damage. */
  above(damage: Damage): (place: number) => boolean {
    const marked = new Uint8Array(this.#places.length);
    this.#places.forEach((place, at) => {
      if (place.damage.includes(damage) || place.below.some((below) => marked[below] === 1)) marked[at] = 1;
    });
    return (place) => marked[place] === 1;
  }
}

/** The smallest span that has both. */
function hull(a: KeySpan | undefined, b: KeySpan): KeySpan {
  if (a === undefined) return b;
  const [low, high] = [lower(a, b), higher(a, b)];
  return { ...low, ...(high === undefined ? {} : { lte: high }) };
}

function lower(a: KeySpan, b: KeySpan): KeySpan {
  const [x, y] = [a.gte ?? a.gt, b.gte ?? b.gt];
  if (x === undefined || y === undefined) return {};
  const order = compareText(x, y) || (a.gte === undefined ? 1 : -1);
  const { gt, gte } = order < 0 ? a : b;
  return gte !== undefined ? { gte } : gt !== undefined ? { gt } : {};
}

function higher({ lte: x }: KeySpan, { lte: y }: KeySpan): string | undefined {
  if (x === undefined || y === undefined) return undefined;
  return compareText(x, y) < 0 ? y : x;
}
