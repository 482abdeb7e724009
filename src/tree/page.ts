import type { ChunkStore } from "../chunk/store.ts";
import { readSlots } from "./blob.ts";
import { keyTexts } from "./key-bytes.ts";
import type { Node } from "./node.ts";

/** Entries of a leaf, from `from` to before `to`. */
interface Run {
  readonly leaf: Node;
  readonly from: number;
  readonly to: number;
}

/** Entries as a scan finds them: whole stretches of leaves, of which nothing is copied until it is asked for. */
export class Page {
  readonly #runs: Run[] = [];
  readonly #reverse: boolean;
  #length = 0;

  /** @param reverse whether the entries of each run come backwards */
  constructor(reverse = false) {
    this.#reverse = reverse;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds entries of a leaf. */
  add(leaf: Node, from: number, to: number): void {
    this.#runs.push({ leaf, from, to });
    this.#length += to - from;
  }

  get keys(): string[] {
    return this.#each(textsOf);
  }

  /** The slots, as views. */
  get slots(): Uint8Array[] {
    return this.#each(({ leaf, from, to }) => Array.from({ length: to - from }, (_, i) => leaf.slot(from + i)));
  }

  /** Copies of the values in one new array, runs copied as they lie; `undefined` if some lie outside. */
  inlineValues(): Uint8Array[] | undefined {
    let room = 0;
    for (const { leaf, from, to } of this.#runs) room += leaf.slotStart(to) - leaf.slotStart(from);
    const slab = new Uint8Array(room);
    const values: Uint8Array[] = [];
    let end = 0;
    for (const { leaf, from, to } of this.#runs) {
      const start = leaf.slotStart(from);
      const shift = end - start;
      slab.set(leaf.payload.subarray(start, leaf.slotStart(to)), end);
      end = leaf.slotStart(to) + shift;
      for (let i = 0; i < to - from; i++) {
        const index = this.#reverse ? to - 1 - i : from + i;
        const at = leaf.slotStart(index) + shift;
        if (slab[at] !== 0) return undefined;
        values.push(slab.subarray(at + 1, leaf.slotEnd(index) + shift));
      }
    }
    return values;
  }

  /** What each run gives, one after another. */
  #each<T>(of: (run: Run) => T[]): T[] {
    const all: T[] = [];
    for (const run of this.#runs) {
      const items = of(run);
      if (this.#reverse) items.reverse();
      for (const item of items) all.push(item);
    }
    return all;
  }
}

/** Copies of the values of a page; those that lie outside leaves are fetched. */
export async function readValues(chunks: ChunkStore, page: Page): Promise<(Uint8Array | undefined)[]> {
  return page.inlineValues() ?? readSlots(chunks, page.slots);
}

/** Where the keys of a run lie until they are decoded: an array of their own would cost more than that. */
let scratch = new Uint8Array(4096);

function textsOf({ leaf, from, to }: Run): string[] {
  const room = (to - from) * leaf.prefixLength + leaf.suffixEnd(to - 1) - leaf.suffixStart(from);
  if (room > scratch.length) scratch = new Uint8Array(2 * room);
  const ends: number[] = [];
  let end = 0;
  for (let i = from; i < to; i++) {
    end = leaf.copyKey(i, scratch, end);
    ends.push(end);
  }
  return keyTexts(scratch.subarray(0, end), ends);
}
