import type { Node } from "./node.ts";
import type { NodeReader } from "./node-store.ts";

/** A node, and where it hangs in the tree. */
export interface Spot {
  readonly node: Node;
  readonly parent: Spot | undefined;
  readonly index: number;
}

/** The spot on a level below `from` in which a key is or would be; the last one if all keys are smaller. */
export function seek(
  reader: NodeReader,
  from: Spot,
  level: number,
  keys: Uint8Array,
  start: number,
  end: number,
): Spot | "missed" {
  let spot = from;
  while (spot.node.level > level) {
    const { node } = spot;
    const child = below(reader, spot, Math.min(node.lowerBound(keys, start, end), node.count - 1));
    if (child === undefined) return "missed";
    spot = child;
  }
  return spot;
}

/** The lowest spot above, or the root's, that ends behind a key. */
export function climb(spot: Spot, keys: Uint8Array, start: number, end: number): Spot {
  let top = spot;
  while (top.parent !== undefined && top.node.compareKey(top.node.count - 1, keys, start, end) < 0) top = top.parent;
  return top;
}

/** Whether a spot is the last one of its level. */
export function isLast({ parent, index }: Spot): boolean {
  return parent === undefined || (index === parent.node.count - 1 && isLast(parent));
}

/** The spot beside one on the same level: 1 for the next one, -1 for the one before; `undefined` at the end. */
export function beside(reader: NodeReader, spot: Spot, step: 1 | -1): Spot | "missed" | undefined {
  const { index } = spot;
  let { parent } = spot;
  if (parent === undefined) return undefined;
  let to = index + step;
  if (to < 0 || to === parent.node.count) {
    const next = beside(reader, parent, step);
    if (next === undefined || next === "missed") return next;
    parent = next;
    to = step === 1 ? 0 : parent.node.count - 1;
  }
  return below(reader, parent, to) ?? "missed";
}

function below(reader: NodeReader, parent: Spot, index: number): Spot | undefined {
  const node = reader.child(parent.node, index);
  return node && { node, parent, index };
}
