import { hashOf } from "../chunk/hash.ts";
import type { EntryList } from "./entry-list.ts";
import { ENDS_FORCED, HEADER, NO_CHILDREN, NODE_KIND, Node, STARTS_FORCED, WIDE } from "./node.ts";

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
  const { keys } = list;
  // All keys begin with what the first and the last do.
  const prefix = count === 0 ? 0 : keys.sharedLength(from, to - 1);
  const slotsFrom = list.slotStart(from);
  const slotBytes = list.slotStart(to) - slotsFrom;
  const keyBytes = keys.start(to) - keys.start(from) - prefix * count;
  const wide = keyBytes > 0xffff || slotBytes > 0xffff;
  const heap = HEADER + (wide ? 8 : 4) * count;
  const keysAt = heap + prefix;
  const slotsAt = keysAt + keyBytes;
  const payload = new Uint8Array(slotsAt + slotBytes);
  payload[0] = NODE_KIND;
  payload[1] = level;
  payload[2] = (startsForced ? STARTS_FORCED : 0) | (endsForced ? ENDS_FORCED : 0) | (wide ? WIDE : 0);
  payload[3] = count & 0xff;
  payload[4] = count >> 8;
  payload[5] = prefix & 0xff;
  payload[6] = prefix >> 8;
  const source = keys.bytes;
  for (let i = 0, at = keys.start(from); i < prefix; i++) payload[heap + i] = source[at++] ?? 0;
  let end = keysAt;
  for (let i = 0; i < count; i++) {
    const keyEnd = keys.end(from + i);
    for (let at = keys.start(from + i) + prefix; at < keyEnd; at++) payload[end++] = source[at] ?? 0;
    writeOffset(payload, i, end - keysAt, wide);
    writeOffset(payload, count + i, list.slotEnd(from + i) - slotsFrom, wide);
  }
  payload.set(list.slots.subarray(slotsFrom, slotsFrom + slotBytes), slotsAt);
  if (level === 0) return new Node(hashOf(payload), payload, NO_CHILDREN, false);
  return new Node(hashOf(payload), payload, list.children(from, to), false, list.held(from, to));
}

/** Writes where the key of an entry ends (or, behind those of all keys, its slot). */
export function writeOffset(payload: Uint8Array, index: number, offset: number, wide: boolean): void {
  let at = HEADER + (wide ? 4 : 2) * index;
  payload[at++] = offset & 0xff;
  payload[at++] = (offset >> 8) & 0xff;
  if (wide) {
    payload[at++] = (offset >> 16) & 0xff;
    payload[at] = offset >>> 24;
  }
}
