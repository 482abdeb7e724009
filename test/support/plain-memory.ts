import { Memory } from "../../src/kv/memory.ts";
import type { StoreTraits } from "../../src/kv/store.ts";

/** A store in memory in which every commit's tree is stored, unless `tailLimit` lets the tail of a history be stored as changes. */
export class PlainMemory extends Memory {
  override readonly traits: StoreTraits;

  constructor(tailLimit = 0) {
    super();
    this.traits = { maxKeyBytes: 1024, maxValueBytes: 2 ** 31 - 1, conditionalRemove: true, tailLimit };
  }
}

/** How commits are stored: all with their trees; or, for the most part, as changes. */
export const FORMS: readonly (readonly [name: string, tailLimit: number])[] = [
  ["trees", 0],
  ["changes", 2048],
];
