import type { Delta } from "../chunk/codec.ts";
import { DeltaWriter } from "../chunk/delta.ts";
import { HEADER, type Node } from "./node.ts";

/** An entry of a node, and the one of another node that has the same key. */
type Pair = readonly [index: number, other: number | undefined];

/** A stretch of a node's bytes that belongs to one entry. */
type Part = (node: Node, index: number) => readonly [start: number, end: number];

/** An entry's bytes, in the order in which a node has them: of each part, those of all entries. */
const PARTS: readonly Part[] = [
  (node, i) => offsetAt(node, i),
  (node, i) => offsetAt(node, node.count + i),
  (node, i) => [node.suffixStart(i), node.suffixEnd(i)],
  (node, i) => [node.slotStart(i), node.slotEnd(i)],
];

function offsetAt(node: Node, place: number): readonly [number, number] {
  const width = node.wide ? 4 : 2;
  const start = HEADER + width * place;
  return [start, start + width];
}

/**
 * A node as a difference from another one of its level, found by comparing the entries that have the same keys; `undefined` if
 * that takes more than half of the node's bytes.
 */
export function deltaOf(node: Node, base: Node): Delta | undefined {
  if (node.level !== base.level) return undefined;
  const writer = new DeltaWriter(base.payload, node.payload);
  const pairs = pairsOf(node, base);
  writer.add(0, HEADER, 0, HEADER);
  PARTS.forEach((part, at) => {
    if (at === 2) {
      const { prefixStart } = node;
      const otherStart = base.prefixStart;
      writer.add(prefixStart, prefixStart + node.prefixLength, otherStart, otherStart + base.prefixLength);
    }
    for (const [index, other] of pairs) {
      const [start, end] = part(node, index);
      if (other === undefined) writer.insert(start, end);
      else writer.add(start, end, ...part(base, other));
    }
  });
  const delta = writer.finish();
  return delta.length < node.payload.length / 2 ? { base: base.hash, delta } : undefined;
}

function pairsOf(node: Node, base: Node): Pair[] {
  const pairs: Pair[] = [];
  let other = 0;
  for (let i = 0; i < node.count; i++) {
    let order = -1;
    for (; other < base.count; other++) {
      order = base.compareEntries(other, node, i);
      if (order >= 0) break;
    }
    pairs.push([i, other < base.count && order === 0 ? other : undefined]);
  }
  return pairs;
}
