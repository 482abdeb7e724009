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
  const writeOffset = (index: number, offset: number): void => {
    let at = HEADER + width * index;
    payload[at++] = offset & 0xff;
    payload[at++] = (offset >> 8) & 0xff;
    if (wide) {
      payload[at++] = (offset >> 16) & 0xff;
      payload[at] = offset >>> 24;
    }
  };
  if (count > 0) list.copyKey(from, 0, prefix, payload, heap);
  let keyAt = heap + prefix;
  let slotAt = keyAt + keyBytes;
  for (let i = 0; i < count; i++) {
    keyAt = list.copyKey(from + i, prefix, Number.POSITIVE_INFINITY, payload, keyAt);
    writeOffset(i, keyAt - heap - prefix);
  }
  for (let i = 0; i < count; i++) {
    slotAt = list.copySlot(from + i, payload, slotAt);
    writeOffset(count + i, slotAt - heap - prefix - keyBytes);
  }
  return new Node(hashOf(payload), payload);
}

/** The slot of an inner node's entry for `child`. */
export function childSlot(child: Node): Uint8Array {
  const { size, bytes } = child.totals();
  const slot = new Uint8Array(HASH_BYTES + varintLength(size) + varintLength(bytes));
  writeHash(child.hash, slot, 0);
  writeVarint(bytes, slot, writeVarint(size, slot, HASH_BYTES));
  return slot;
}
