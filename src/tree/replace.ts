/**
 * Changes the slots of keys that are there, on one level of a tree: no boundary moves, so that each node above becomes one
 * node again, whose keys are copied as they lie. One walk down finds all places, and only then is anything built.
 */
import { childSlotLength, writeChildSlot } from "./child-slot.ts";
import type { EntryList } from "./entry-list.ts";
import { NO_CHILDREN, type Node, setChild, slotTotals } from "./node.ts";
import { writeOffset } from "./node-builder.ts";
import type { NodeReader } from "./node-store.ts";

/** What becomes of some entries of a node: they get the slots of edits, or lead to what becomes of a child. */
export interface Patch {
  readonly node: Node;
  readonly indexes: number[];
  readonly changes: (number | Patch)[];
}

/**
 * Where those edits of a level that come at `from` to before `to` change slots, at or below a node. `undefined` if they do
 * more: a key comes or goes. Nodes that are missed are passed over.
 */
export function findSlots(
  reader: NodeReader,
  node: Node,
  level: number,
  edits: EntryList,
  from: number,
  to: number,
): Patch | undefined {
  const patch: Patch = { node, indexes: [], changes: [] };
  const { keys } = edits;
  for (let i = from; i < to; ) {
    const index = node.lowerBound(keys.bytes, keys.start(i), keys.end(i));
    const isHere = node.level === level;
    if (index === node.count || (isHere && node.compareKey(index, keys.bytes, keys.start(i), keys.end(i)) !== 0)) {
      // To remove what is not there changes nothing.
      if (!edits.isRemoval(i)) return undefined;
      i++;
    } else if (isHere) {
      if (edits.isRemoval(i)) return undefined;
      if (!edits.isSlot(i, node, index)) addTo(patch, index, i);
      i++;
    } else {
      let end = i + 1;
      while (end < to && node.compareKey(index, keys.bytes, keys.start(end), keys.end(end)) >= 0) end++;
      const child = reader.child(node, index);
      const below = child && findSlots(reader, child, level, edits, i, end);
      if (child !== undefined && below === undefined) return undefined;
      if (below !== undefined && below.indexes.length > 0) addTo(patch, index, below);
      i = end;
    }
  }
  return patch;
}

function addTo(patch: Patch, index: number, change: number | Patch): void {
  patch.indexes.push(index);
  patch.changes.push(change);
}

/** The node after its entries were changed; it has a change. */
export function replaceSlots({ node, indexes, changes }: Patch, edits: EntryList): Node {
  const { count, slotsStart, wide } = node;
  const source = node.payload;
  const children = node.level === 0 ? NO_CHILDREN : node.children.slice();
  // Every change of an inner node is another child.
  const held = node.held.length === 0 ? indexes : together(node.held, indexes);
  const built: (Node | undefined)[] = [];
  let { size, bytes } = node.totals();
  let { length } = source;
  // Whether all else stays where it was: mostly, values are as long as those before them.
  let isInPlace = true;
  for (let k = 0; k < indexes.length; k++) {
    const index = indexes[k] ?? 0;
    const change = changes[k];
    const before = node.entryTotals(index);
    let after = before;
    let slotLength = 0;
    if (typeof change === "object") {
      const child = replaceSlots(change, edits);
      built[k] = child;
      setChild(children, index, { node: child, used: false });
      after = child.totals();
      slotLength = childSlotLength(after);
    } else if (change !== undefined) {
      const child = edits.child(change);
      if (child !== undefined) setChild(children, index, child);
      after = slotTotals(node.level, edits.slots, edits.slotStart(change), edits.slotEnd(change));
      slotLength = edits.slotEnd(change) - edits.slotStart(change);
    }
    size += after.size - before.size;
    bytes += after.bytes - before.bytes;
    const difference = slotLength - (node.slotEnd(index) - node.slotStart(index));
    if (difference !== 0) isInPlace = false;
    length += difference;
  }
  // Slots never take so many bytes that offsets need more of them: their width is the keys'.
  const payload = new Uint8Array(length);
  if (isInPlace) payload.set(source);
  let from = 0;
  let at = 0;
  for (let k = 0; k < indexes.length; k++) {
    const index = indexes[k] ?? 0;
    const change = changes[k];
    const child = built[k];
    const start = node.slotStart(index);
    if (!isInPlace) payload.set(source.subarray(from, start), at);
    at += start - from;
    from = node.slotEnd(index);
    if (child !== undefined) at = writeChildSlot(child.hash, child.totals(), payload, at);
    else if (typeof change === "number") at = edits.copySlot(change, payload, at);
    const shift = at - from;
    const next = indexes[k + 1] ?? count;
    for (let i = index; shift !== 0 && i < next; i++)
      writeOffset(payload, count + i, node.slotEnd(i) - slotsStart + shift, wide);
  }
  if (!isInPlace) payload.set(source.subarray(from), at);
  return node.withSlots(payload, children, node.level === 0 ? undefined : held, { size, bytes }, indexes);
}

/** The numbers of two lists. (They are short: a set of them would cost more.) */
function together(list: readonly number[], more: readonly number[]): readonly number[] {
  const fresh = more.filter((number) => !list.includes(number));
  return fresh.length === 0 ? list : [...list, ...fresh];
}
