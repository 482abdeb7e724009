import type { Node } from "../tree/node.ts";
import type { NodeStore } from "../tree/node-store.ts";
import { scan } from "../tree/scan.ts";
import { slotSize } from "../tree/slot.ts";

/** A key, and what decides whether it is dropped. */
export interface Candidate {
  readonly key: string;
  /** The bytes of its value. */
  readonly size: number;
  /** The higher, the later. */
  readonly lastUse: number;
}

/** Whether a key is never dropped: its last `/` segment begins with `__`. */
export function isKept(key: string): boolean {
  return key.startsWith("__", key.lastIndexOf("/") + 1);
}

/** Every key of a tree, in key order. */
export async function candidates(nodes: NodeStore, root: Node, lastUse: (key: string) => number): Promise<Candidate[]> {
  const all: Candidate[] = [];
  for await (const { keys, slots } of scan(nodes, root, {})) {
    keys.forEach((key, i) => {
      const slot = slots[i];
      all.push({ key, size: slot === undefined ? 0 : slotSize(slot, 0, slot.length), lastUse: lastUse(key) });
    });
  }
  return all;
}

/**
 * The keys to drop so that `excess` bytes go, or all that can be if it takes more: the coldest first; of equally cold ones
 * the largest first, and of those the first in key order.
 *
 * @param all in key order
 */
export function coldest(all: readonly Candidate[], excess: number): Set<string> {
  const chosen = new Set<string>();
  const order = all.filter(({ key }) => !isKept(key)).sort((a, b) => a.lastUse - b.lastUse || b.size - a.size);
  let rest = excess;
  for (const { key, size } of order) {
    if (rest <= 0) break;
    chosen.add(key);
    rest -= size;
  }
  return chosen;
}
