import { childSlotLength, writeChildSlot } from "./child-slot.ts";
import { KeyList } from "./key-list.ts";
import type { Node, NodeRef } from "./node.ts";
import { writeInlineSlot } from "./slot.ts";

/** Entries on their way into nodes, in key order: keys and slots, each one after another in one array. An entry with an empty slot is a removal. */
export class EntryList {
  readonly #keys: KeyList;
  #slots: Uint8Array;
  readonly #slotEnds: number[] = [];
  /** Of entries of inner nodes: the children that are at hand. */
  readonly #children: (NodeRef | undefined)[] = [];
  /** The same for those of them that may not be stored. */
  readonly #held: boolean[] = [];

  /**
   * A list with room for so many bytes of slots; it grows.
   *
   * @param keys the keys that entries are added to, or those of all entries, which then get their slots one by one
   */
  constructor(keys: KeyList = new KeyList(), slotRoom = 0) {
    this.#keys = keys;
    this.#slots = new Uint8Array(slotRoom);
  }

  get length(): number {
    return this.#slotEnds.length;
  }

  get keys(): KeyList {
    return this.#keys;
  }

  /** How many bytes it has room for. */
  get room(): number {
    return this.#keys.bytes.length + this.#slots.length;
  }

  /** Removes all entries; the room stays. */
  clear(): void {
    this.#keys.clear();
    this.#slotEnds.length = 0;
    this.#children.length = 0;
    this.#held.length = 0;
  }

  /** An entry's key, as a view. */
  key(index: number): Uint8Array {
    return this.#keys.key(index);
  }

  /** Whether an entry is a removal. */
  isRemoval(index: number): boolean {
    return this.slotStart(index) === this.slotEnd(index);
  }

  hasRemovals(): boolean {
    for (let i = 0; i < this.length; i++) if (this.isRemoval(i)) return true;
    return false;
  }

  /** The array that holds all slots; adding entries may replace it. */
  get slots(): Uint8Array {
    return this.#slots;
  }

  slotStart(index: number): number {
    return index === 0 ? 0 : (this.#slotEnds[index - 1] ?? 0);
  }

  slotEnd(index: number): number {
    return this.#slotEnds[index] ?? 0;
  }

  /** An entry's slot, as a view. */
  slot(index: number): Uint8Array {
    return this.#slots.subarray(this.slotStart(index), this.slotEnd(index));
  }

  /** Copies an entry's slot to `offset`; returns the offset after it. (It is short: a view of it would cost more than to copy it.) */
  copySlot(index: number, target: Uint8Array, offset: number): number {
    const slots = this.#slots;
    const end = this.slotEnd(index);
    let at = offset;
    for (let i = this.slotStart(index); i < end; i++) target[at++] = slots[i] ?? 0;
    return at;
  }

  /** Whether an entry's slot holds the same bytes as that of a node's entry. */
  isSlot(index: number, node: Node, nodeIndex: number): boolean {
    const start = this.slotStart(index);
    const nodeStart = node.slotStart(nodeIndex);
    const length = this.slotEnd(index) - start;
    if (length !== node.slotEnd(nodeIndex) - nodeStart) return false;
    for (let i = 0; i < length; i++) if (this.#slots[start + i] !== node.payload[nodeStart + i]) return false;
    return true;
  }

  /** The child of an entry of an inner node, if it is at hand. */
  child(index: number): NodeRef | undefined {
    return this.#children[index];
  }

  /** The children of some entries, as far as they are at hand. */
  children(from: number, to: number): (NodeRef | undefined)[] {
    return this.#children.slice(from, to);
  }

  /** Which of some entries have children that may not be stored, counted from `from`. */
  held(from: number, to: number): number[] {
    const held: number[] = [];
    for (let i = from; i < to; i++) if (this.#held[i] === true) held.push(i - from);
    return held;
  }

  /** Adds an entry. `undefined` adds a removal. */
  push(key: Uint8Array, slot: Uint8Array | undefined): void {
    this.#keys.push(key, 0, key.length);
    this.pushSlot(slot);
  }

  /** The slot of the next key; `undefined` for a removal. */
  pushSlot(slot: Uint8Array | undefined): void {
    if (slot === undefined) this.#slotEnds.push(this.#slotEnds.at(-1) ?? 0);
    else this.#pushSlots(slot, 0, slot.length);
  }

  /** The slot of the next key, for a small value. */
  pushValue(value: Uint8Array): void {
    const at = this.#reserve(value.length + 1);
    this.#slotEnds.push(writeInlineSlot(value, this.#slots, at));
  }

  /** Adds an entry of an inner node, for a child. */
  pushChild(child: Node): void {
    this.#adopt({ node: child, used: false }, true);
    this.#pushNodeKey(child, child.count - 1);
    const at = this.#reserve(childSlotLength(child.totals()));
    this.#slotEnds.push(writeChildSlot(child.hash, child.totals(), this.#slots, at));
  }

  /** Adds the removal of a child from an inner node. */
  pushGone(child: Node): void {
    this.#pushNodeKey(child, child.count - 1);
    this.pushSlot(undefined);
  }

  /** Adds an entry of another list. */
  pushFrom(list: EntryList, index: number): void {
    this.#adopt(list.#children[index], list.#held[index]);
    const { keys } = list;
    this.#keys.push(keys.bytes, keys.start(index), keys.end(index));
    this.#pushSlots(list.#slots, list.slotStart(index), list.slotEnd(index));
  }

  /** Adds the entries of a node from `from` to before `to`. */
  pushNode(node: Node, from: number, to: number): void {
    if (from === to) return;
    const start = node.slotStart(from);
    const at = this.#reserve(node.slotStart(to) - start);
    this.#slots.set(node.payload.subarray(start, node.slotStart(to)), at);
    for (let i = from; i < to; i++) {
      if (node.level > 0) this.#adopt(node.children[i], !node.isStored && node.held.includes(i));
      this.#pushNodeKey(node, i);
      this.#slotEnds.push(at + node.slotEnd(i) - start);
    }
  }

  /** Keeps the child of the entry that comes next. */
  #adopt(child: NodeRef | undefined, held: boolean | undefined): void {
    if (child === undefined) return;
    this.#children[this.length] = child;
    if (held === true) this.#held[this.length] = true;
  }

  #pushNodeKey(node: Node, index: number): void {
    const { prefixStart, prefixLength } = node;
    this.#keys.push(
      node.payload,
      prefixStart,
      prefixStart + prefixLength,
      node.suffixStart(index),
      node.suffixEnd(index),
    );
  }

  #pushSlots(source: Uint8Array, start: number, end: number): void {
    const at = this.#reserve(end - start);
    this.#slots.set(source.subarray(start, end), at);
    this.#slotEnds.push(at + end - start);
  }

  #reserve(room: number): number {
    const used = this.#slotEnds.at(-1) ?? 0;
    if (used + room > this.#slots.length) {
      const grown = new Uint8Array(Math.max(2 * this.#slots.length, used + room));
      grown.set(this.#slots.subarray(0, used));
      this.#slots = grown;
    }
    return used;
  }
}
