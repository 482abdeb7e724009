import type { Node, NodeRef } from "./node.ts";

const NO_SLOT = new Uint8Array(0);

/**
 * Entries on their way into nodes, in key order: keys one after another in one array, slots where they already lie.
 * An entry without slot is a removal.
 */
export class EntryList {
  #keys: Uint8Array;
  readonly #keyEnds: number[] = [];
  readonly #slots: Uint8Array[] = [];
  readonly #slotStarts: number[] = [];
  readonly #slotEnds: number[] = [];
  /** Of entries of inner nodes: the children that are at hand. */
  readonly #children: (NodeRef | undefined)[] = [];

  /** A list with room for so many bytes of keys; it grows. */
  constructor(keyBytes = 128) {
    this.#keys = new Uint8Array(keyBytes);
  }

  get length(): number {
    return this.#keyEnds.length;
  }

  /** The array that holds all keys; adding entries may replace it. */
  get keys(): Uint8Array {
    return this.#keys;
  }

  keyStart(index: number): number {
    return index === 0 ? 0 : (this.#keyEnds[index - 1] ?? 0);
  }

  keyEnd(index: number): number {
    return this.#keyEnds[index] ?? 0;
  }

  /** An entry's key, as a view. */
  key(index: number): Uint8Array {
    return this.#keys.subarray(this.keyStart(index), this.keyEnd(index));
  }

  /** Whether an entry is a removal. */
  isRemoval(index: number): boolean {
    return (this.#slotStarts[index] ?? -1) < 0;
  }

  slotLength(index: number): number {
    return (this.#slotEnds[index] ?? 0) - (this.#slotStarts[index] ?? 0);
  }

  /** An entry's slot, as a view. */
  slot(index: number): Uint8Array {
    return (this.#slots[index] ?? NO_SLOT).subarray(this.#slotStarts[index], this.#slotEnds[index]);
  }

  /** The child of an entry of an inner node, if it is at hand. */
  child(index: number): NodeRef | undefined {
    return this.#children[index];
  }

  /** The children of some entries, as far as they are at hand. */
  children(from: number, to: number): (NodeRef | undefined)[] {
    return this.#children.slice(from, to);
  }

  /** Adds an entry for a child of an inner node. */
  pushChild(key: Uint8Array, slot: Uint8Array, child: NodeRef): void {
    this.#children[this.length] = child;
    this.push(key, slot);
  }

  /** Adds an entry. `slot` is kept, not copied; `undefined` adds a removal. */
  push(key: Uint8Array, slot: Uint8Array | undefined): void {
    const at = this.#reserve(key.length);
    this.#keys.set(key, at);
    this.#close(at + key.length, slot ?? NO_SLOT, slot === undefined ? -1 : 0, slot === undefined ? -1 : slot.length);
  }

  /** Adds an entry whose key `write` puts into the array, taking at most `room` bytes. */
  pushWritten(room: number, write: (target: Uint8Array, at: number) => number, slot: Uint8Array | undefined): void {
    const at = this.#reserve(room);
    const end = write(this.#keys, at);
    this.#close(end, slot ?? NO_SLOT, slot === undefined ? -1 : 0, slot === undefined ? -1 : slot.length);
  }

  /** Adds an entry of another list. */
  pushFrom(list: EntryList, index: number): void {
    this.#adopt(list.#children[index]);
    const start = list.keyStart(index);
    const end = list.keyEnd(index);
    let at = this.#reserve(end - start);
    const source = list.keys;
    for (let i = start; i < end; i++) this.#keys[at++] = source[i] ?? 0;
    this.#close(at, list.#slots[index] ?? NO_SLOT, list.#slotStarts[index] ?? -1, list.#slotEnds[index] ?? -1);
  }

  /** Adds an entry of a node. */
  pushNode(node: Node, index: number): void {
    this.#adopt(node.children[index]);
    this.#pushNodeKey(node, index);
    this.#slots.push(node.payload);
    this.#slotStarts.push(node.slotStart(index));
    this.#slotEnds.push(node.slotEnd(index));
  }

  /** Adds the key of a node's entry with the slot of a list's. */
  pushUpdated(node: Node, index: number, list: EntryList, listIndex: number): void {
    this.#adopt(list.#children[listIndex]);
    this.#pushNodeKey(node, index);
    this.#slots.push(list.#slots[listIndex] ?? NO_SLOT);
    this.#slotStarts.push(list.#slotStarts[listIndex] ?? -1);
    this.#slotEnds.push(list.#slotEnds[listIndex] ?? -1);
  }

  /** Keeps the child of the entry that comes next. */
  #adopt(child: NodeRef | undefined): void {
    if (child !== undefined) this.#children[this.length] = child;
  }

  #pushNodeKey(node: Node, index: number): void {
    const start = node.suffixStart(index);
    const end = node.suffixEnd(index);
    let at = this.#reserve(node.prefixLength + end - start);
    const keys = this.#keys;
    const { payload, prefixStart } = node;
    for (let i = 0; i < node.prefixLength; i++) keys[at++] = payload[prefixStart + i] ?? 0;
    for (let i = start; i < end; i++) keys[at++] = payload[i] ?? 0;
    this.#keyEnds.push(at);
  }

  /** How many bytes the keys from `from` to before `to` begin with in common: as the first and the last do. */
  commonPrefix(from: number, to: number): number {
    if (to === from) return 0;
    const a = this.keyStart(from);
    const b = this.keyStart(to - 1);
    const length = Math.min(this.keyEnd(from) - a, this.keyEnd(to - 1) - b);
    let shared = 0;
    while (shared < length && this.#keys[a + shared] === this.#keys[b + shared]) shared++;
    return shared;
  }

  /** Copies bytes `from` to before `to` of an entry's key; returns the offset after them. */
  copyKey(index: number, from: number, to: number, target: Uint8Array, offset: number): number {
    const end = Math.min(this.keyEnd(index), this.keyStart(index) + to);
    let at = offset;
    for (let i = this.keyStart(index) + from; i < end; i++) target[at++] = this.#keys[i] ?? 0;
    return at;
  }

  /** Copies an entry's slot; returns the offset after it. */
  copySlot(index: number, target: Uint8Array, offset: number): number {
    const source = this.#slots[index] ?? NO_SLOT;
    const end = this.#slotEnds[index] ?? 0;
    let at = offset;
    for (let i = this.#slotStarts[index] ?? 0; i < end; i++) target[at++] = source[i] ?? 0;
    return at;
  }

  #close(keyEnd: number, slots: Uint8Array, slotStart: number, slotEnd: number): void {
    this.#keyEnds.push(keyEnd);
    this.#slots.push(slots);
    this.#slotStarts.push(slotStart);
    this.#slotEnds.push(slotEnd);
  }

  #reserve(room: number): number {
    const used = this.#keyEnds.at(-1) ?? 0;
    if (used + room > this.#keys.length) {
      const grown = new Uint8Array(Math.max(2 * this.#keys.length, used + room));
      grown.set(this.#keys.subarray(0, used));
      this.#keys = grown;
    }
    return used;
  }
}
