import { HASH_BYTES, hashOf, writeHash } from "../chunk/hash.ts";
import { varintLength, writeVarint } from "../chunk/varint.ts";
import type { EntryList } from "./entry-list.ts";
import { ENDS_FORCED, HEADER, NODE_KIND, Node, STARTS_FORCED, WIDE } from "./node.ts";

/** Encodes the entries of a list from `from` to before `to` as a node. */
export function buildNode(
  list: EntryList,
  from: number,
  to: number,
  level: number,
  startsForced: boolean,
  endsForced: boolean,
): Node {
  const count = to - from;
  const prefix = list.commonPrefix(from, to);
  let keyBytes = 0;
  let slotBytes = 0;
  for (let i = from; i < to; i++) {
    keyBytes += list.keyEnd(i) - list.keyStart(i) - prefix;
    slotBytes += list.slotLength(i);
  }
  const wide = keyBytes > 0xffff || slotBytes > 0xffff;
  const width = wide ? 4 : 2;
  const heap = HEADER + 2 * width * count;
  const payload = new Uint8Array(heap + prefix + keyBytes + slotBytes);
  payload[0] = NODE_KIND;
  payload[1] = level;
  payload[2] = (startsForced ? STARTS_FORCED : 0) | (endsForced ? ENDS_FORCED : 0) | (wide ? WIDE : 0);
  payload[3] = count & 0xff;
  payload[4] = count >> 8;
  payload[5] = prefix & 0xff;
  payload[6] = prefix >> 8;
  if (count > 0) list.copyKey(from, 0, prefix, payload, heap);
  let keyAt = heap + prefix;
  let slotAt = keyAt + keyBytes;
  for (let i = 0; i < count; i++) {
    keyAt = list.copyKey(from + i, prefix, Number.POSITIVE_INFINITY, payload, keyAt);
    writeOffset(payload, i, keyAt - heap - prefix, wide);
  }
  for (let i = 0; i < count; i++) {
    slotAt = list.copySlot(from + i, payload, slotAt);
    writeOffset(payload, count + i, slotAt - heap - prefix - keyBytes, wide);
  }
  return new Node(hashOf(payload), payload, list.children(from, to), false);
}

function writeOffset(payload: Uint8Array, index: number, offset: number, wide: boolean): void {
  let at = HEADER + (wide ? 4 : 2) * index;
  payload[at++] = offset & 0xff;
  payload[at++] = (offset >> 8) & 0xff;
  if (wide) {
    payload[at++] = (offset >> 16) & 0xff;
    payload[at] = offset >>> 24;
  }
}

/**
 * The node with other slots for some of its keys: `edits` from `first` to before `end`, of which those that remove keys
 * are passed over. Its keys are copied as they lie. `undefined` if the offsets' width changes: the node must be built.
 */
export function replaceSlots(node: Node, edits: EntryList, first: number, end: number): Node | undefined {
  const { count, slotsStart } = node;
  const replaced: number[] = [];
  const children = node.children.slice();
  let slotBytes = node.payload.length - slotsStart;
  for (let edit = first; edit < end; edit++) {
    if (edits.isRemoval(edit)) continue;
    const index = node.lowerBound(edits.key(edit));
    replaced.push(index, edit);
    const child = edits.child(edit);
    if (child !== undefined) children[index] = child;
    slotBytes += edits.slotLength(edit) - (node.slotEnd(index) - node.slotStart(index));
  }
  if ((node.keyBytes > 0xffff || slotBytes > 0xffff) !== node.wide) return undefined;
  const payload = new Uint8Array(slotsStart + slotBytes);
  payload.set(node.payload.subarray(0, slotsStart));
  let copied = 0;
  let at = slotsStart;
  const copyUpTo = (index: number): void => {
    const start = node.slotStart(copied);
    payload.set(node.payload.subarray(start, index === count ? undefined : node.slotStart(index)), at);
    for (; copied < index; copied++)
      writeOffset(payload, count + copied, at - slotsStart + node.slotEnd(copied) - start, node.wide);
    at += index === count ? node.payload.length - start : node.slotStart(index) - start;
  };
  for (let i = 0; i < replaced.length; i += 2) {
    const index = replaced[i] ?? 0;
    if (copied < index) copyUpTo(index);
    at = edits.copySlot(replaced[i + 1] ?? 0, payload, at);
    writeOffset(payload, count + index, at - slotsStart, node.wide);
    copied = index + 1;
  }
  if (copied < count) copyUpTo(count);
  return new Node(hashOf(payload), payload, children, false);
}

/** The slot of an inner node's entry for `child`. */
export function childSlot(child: Node): Uint8Array {
  const { size, bytes } = child.totals();
  const slot = new Uint8Array(HASH_BYTES + varintLength(size) + varintLength(bytes));
  writeHash(child.hash, slot, 0);
  writeVarint(bytes, slot, writeVarint(size, slot, HASH_BYTES));
  return slot;
}
