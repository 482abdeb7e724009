import type { Delta } from "../chunk/codec.ts";
import { DeltaWriter } from "../chunk/delta.ts";
import { HEADER, type Node } from "./node.ts";

/** Where the bytes of a node lie that belong to one of its entries. */
interface Part {
  start(node: Node, index: number): number;
  end(node: Node, index: number): number;
}

/** An entry's bytes, in the order in which a node has them: of each part, those of all entries. */
const KEY_OFFSET: Part = { start: offsetAt, end: (node, i) => offsetAt(node, i + 1) };
const SLOT_OFFSET: Part = {
  start: (node, i) => offsetAt(node, node.count + i),
  end: (node, i) => offsetAt(node, node.count + i + 1),
};
const KEY: Part = { start: (node, i) => node.suffixStart(i), end: (node, i) => node.suffixEnd(i) };
const SLOT: Part = { start: (node, i) => node.slotStart(i), end: (node, i) => node.slotEnd(i) };

function offsetAt(node: Node, place: number): number {
  return HEADER + (node.wide ? 4 : 2) * place;
}

/**
 * A node as a difference from another one of its level, found by comparing the entries that have the same keys; `undefined` if
 * that takes more than half of the node's bytes.
 */
export function deltaOf(node: Node, base: Node): Delta | undefined {
  if (node.level !== base.level) return undefined;
  const writer = new DeltaWriter(base.payload, node.payload);
  const isAlike = isSameUpToSlots(node, base);
  const twins = isAlike ? undefined : twinsOf(node, base);
  const addEach = (part: Part): void => {
    for (let i = 0; i < node.count; i++) {
      const start = part.start(node, i);
      const end = part.end(node, i);
      const twin = twins === undefined ? i : (twins[i] ?? -1);
      if (twin < 0) writer.insert(start, end);
      else writer.add(start, end, part.start(base, twin), part.end(base, twin));
    }
  };
  if (isAlike) {
    writer.add(0, node.slotsStart, 0, base.slotsStart);
  } else {
    writer.add(0, HEADER, 0, HEADER);
    addEach(KEY_OFFSET);
    addEach(SLOT_OFFSET);
    const { prefixStart } = node;
    writer.add(prefixStart, prefixStart + node.prefixLength, base.prefixStart, base.prefixStart + base.prefixLength);
    addEach(KEY);
  }
  addEach(SLOT);
  const delta = writer.finish();
  return delta.length < node.payload.length / 2 ? { base: base.hash, delta } : undefined;
}

/** Whether two nodes have the same keys, and slots of the same lengths: what mostly is so, and gives the same delta in less steps. */
function isSameUpToSlots(node: Node, base: Node): boolean {
  const { slotsStart } = node;
  if (slotsStart !== base.slotsStart) return false;
  for (let i = 0; i < slotsStart; i++) if (node.payload[i] !== base.payload[i]) return false;
  return true;
}

/** For each entry of a node the one of another node that has the same key; -1: there is none. */
function twinsOf(node: Node, base: Node): number[] {
  const twins: number[] = [];
  let other = 0;
  for (let i = 0; i < node.count; i++) {
    let order = -1;
    for (; other < base.count; other++) {
      order = base.compareEntries(other, node, i);
      if (order >= 0) break;
    }
    twins.push(other < base.count && order === 0 ? other : -1);
  }
  return twins;
}
