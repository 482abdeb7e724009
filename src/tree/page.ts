import type { ChunkStore } from "../chunk/store.ts";
import { readSlots } from "./blob.ts";
import { putKeyTexts } from "./key-bytes.ts";
import type { Node } from "./node.ts";

/** Entries of a leaf, from `from` to before `to`. */
interface Run {
  readonly leaf: Node;
  readonly from: number;
  readonly to: number;
}

/** Keys of leaves are decoded together up to so many bytes: it takes less time, but each key holds the text of all. */
const TEXT_BYTES = 512;
/** Where they lie until then: an array of their own would cost more than to decode them. */
let scratch = new Uint8Array(4096);
/** Where each of them ends. */
const scratchEnds: number[] = [];

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
    const keys = new Array<string>(this.#length);
    let at = 0;
    for (let from = 0; from < this.#runs.length; ) {
      let end = 0;
      let count = 0;
      for (; from < this.#runs.length; from++) {
        const run = this.#runs[from] as Run;
        const room = keyRoom(run);
        if (count > 0 && end + room > TEXT_BYTES) break;
        if (room > scratch.length) scratch = new Uint8Array(2 * room);
        for (let i = run.from; i < run.to; i++) {
          end = run.leaf.copyKey(this.#reverse ? run.to - 1 - (i - run.from) : i, scratch, end);
          scratchEnds[count++] = end;
        }
      }
      putKeyTexts(scratch.subarray(0, end), scratchEnds, count, keys, at);
      at += count;
    }
    return keys;
  }

  /** The slots, as views. */
  get slots(): Uint8Array[] {
    const slots: Uint8Array[] = [];
    for (const { leaf, from, to } of this.#runs) {
      for (let i = 0; i < to - from; i++) slots.push(leaf.slot(this.#reverse ? to - 1 - i : from + i));
    }
    return slots;
  }

  /** Copies of the values in one new array, runs copied as they lie; `undefined` if some lie outside. */
  inlineValues(): Uint8Array[] | undefined {
    let room = 0;
    for (const { leaf, from, to } of this.#runs) room += leaf.slotStart(to) - leaf.slotStart(from);
    const slab = new Uint8Array(room);
    const { buffer } = slab;
    const values = new Array<Uint8Array>(this.#length);
    let count = 0;
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
        // Half the time of `subarray`.
        values[count++] = new Uint8Array(buffer, at + 1, leaf.slotEnd(index) + shift - at - 1);
      }
    }
    return values;
  }
}

/** Copies of the values of a page; those that lie outside leaves are fetched. */
export async function readValues(chunks: ChunkStore, page: Page): Promise<(Uint8Array | undefined)[]> {
  return page.inlineValues() ?? readSlots(chunks, page.slots);
}

/** How many bytes the keys of a run take. */
function keyRoom({ leaf, from, to }: Run): number {
  return (to - from) * leaf.prefixLength + leaf.suffixEnd(to - 1) - leaf.suffixStart(from);
}
