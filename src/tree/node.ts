/**
 * A node of the tree, read where it lies: nothing is decoded but what is asked for.
 *
 * ```
 * kind     1 byte   1: a node
 * level    1 byte   0: a leaf
 * flags    1 byte   1: starts at a forced boundary, 2: ends at one, 4: offsets of four bytes instead of two
 * count    2 bytes  entries
 * prefix   2 bytes  how many bytes all keys of the node begin with in common
 * key ends, then slot ends: an offset each, from the start of the keys, of the slots
 * prefix, then the keys without it, then the slots
 * ```
 *
 * Numbers are little-endian. An entry of a leaf is a user key and a slot for its value (`slot.ts`); one of an inner
 * node is the last key of a child and a slot of the child's hash, then its number of keys and their values' bytes as
 * varints. Keys ascend. The encoding is canonical: the same entries have the same bytes.
 */
import { HASH_BYTES, type Hash, hashOf, readHash } from "../chunk/hash.ts";
import { ByteReader } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";
import { maxEntries } from "./boundary.ts";
import { childTotals, type Totals } from "./child-slot.ts";
import { MAX_KEY_BYTES } from "./key-bytes.ts";
import { checkSlot, slotSize } from "./slot.ts";

/** The first byte of a node's payload. */
export const NODE_KIND = 1;
/** Flag: the node starts at a forced boundary. */
export const STARTS_FORCED = 1;
/** Flag: the node ends at a forced boundary. */
export const ENDS_FORCED = 2;
/** Flag: offsets take four bytes instead of two. */
export const WIDE = 4;
/** The bytes before the offsets. */
export const HEADER = 7;
/** How often an inner node is searched before the heads of its keys are noted: those that edits replace seldom are. */
const SEARCHES_BEFORE_HEADS = 4;
/** More levels than any tree has: each node but the last of a level holds several entries. */
const MAX_LEVEL = 60;

/** A place that holds a node: one in the cache, which outlives what is cached there, or one of its own. */
export interface NodeRef {
  node: Node | undefined;
  /** Whether it was used since the cache last looked. */
  used: boolean;
}

/** What a node was made from, and which of its entries got other slots. */
interface Replaced {
  readonly from: Hash;
  readonly indexes: readonly number[];
}

/** The children of a leaf. */
export const NO_CHILDREN: (NodeRef | undefined)[] = [];
const NONE: readonly number[] = [];

/** Notes a child at an index; places before it that are not there are empty. */
export function setChild(children: (NodeRef | undefined)[], index: number, child: NodeRef): void {
  for (let i = children.length; i < index; i++) children.push(undefined);
  children[index] = child;
}

/** The totals of an entry whose slot lies in `bytes` from `start` to `end`: of a leaf's value, of a child. */
export function slotTotals(level: number, bytes: Uint8Array, start: number, end: number): Totals {
  return level === 0 ? { size: 1, bytes: slotSize(bytes, start, end) } : childTotals(bytes, start, end);
}

/** A node of the tree. */
export class Node {
  readonly hash: Hash;
  readonly payload: Uint8Array;
  readonly level: number;
  readonly count: number;
  readonly startsForced: boolean;
  readonly endsForced: boolean;
  readonly prefixLength: number;
  /** The children, as far as they were looked up in the cache, or are held by this node alone. */
  readonly children: (NodeRef | undefined)[];
  /** Whether it is stored, with all below it. One that is not holds those of its children that are not. */
  readonly isStored: boolean;
  /** The indexes of the children that may not be stored, so that nobody need look at all to find them. */
  readonly held: readonly number[];
  /** Whether offsets take four bytes instead of two. */
  readonly wide: boolean;
  readonly #prefixStart: number;
  readonly #keysStart: number;
  /** Where in the payload the slots begin. */
  readonly slotsStart: number;
  #totals: Totals | undefined;
  /** The next four bytes of each key. */
  #heads: number[] | undefined;
  #searches = 0;
  /** Which entries got other slots, if it was made so from another node. */
  #replaced: Replaced | undefined;

  /**
   * @param children those that are at hand
   * @param isStored whether it is stored, with all below it
   * @param held the indexes of children that may not be stored
   * @param totals if they are known
   */
  constructor(
    hash: Hash,
    payload: Uint8Array,
    children: (NodeRef | undefined)[],
    isStored: boolean,
    held: readonly number[] = NONE,
    totals?: Totals | undefined,
  ) {
    const flags = payload[2] ?? 0;
    this.hash = hash;
    this.payload = payload;
    this.children = children;
    this.isStored = isStored;
    this.held = held;
    this.#totals = totals;
    this.level = payload[1] ?? 0;
    this.count = (payload[3] ?? 0) | ((payload[4] ?? 0) << 8);
    this.prefixLength = (payload[5] ?? 0) | ((payload[6] ?? 0) << 8);
    this.startsForced = (flags & STARTS_FORCED) !== 0;
    this.endsForced = (flags & ENDS_FORCED) !== 0;
    this.wide = (flags & WIDE) !== 0;
    this.#prefixStart = HEADER + this.count * (this.wide ? 8 : 4);
    this.#keysStart = this.#prefixStart + this.prefixLength;
    this.slotsStart = this.#keysStart + (this.count === 0 ? 0 : this.#offset(this.count - 1));
  }

  /**
   * A node with the same keys and other slots, which is not stored.
   *
   * @param payload its bytes: with the same keys
   * @param indexes the entries whose slots differ, in ascending order
   */
  withSlots(
    payload: Uint8Array,
    children: (NodeRef | undefined)[],
    held: readonly number[] | undefined,
    totals: Totals,
    indexes: readonly number[],
  ): Node {
    const node = new Node(hashOf(payload), payload, children, false, held, totals);
    node.#heads = this.#heads;
    node.#replaced = { from: this.hash, indexes };
    return node;
  }

  /** The same node, after it was stored with all below it. */
  asStored(children: (NodeRef | undefined)[]): Node {
    const node = new Node(this.hash, this.payload, children, true, undefined, this.totals());
    node.#heads = this.#heads;
    node.#replaced = this.#replaced;
    return node;
  }

  /** The entries whose slots differ between this node and another one with the same keys, if it is known that one was made from the other. */
  replacedSince(other: Node): readonly number[] | undefined {
    if (this.#replaced?.from === other.hash) return this.#replaced.indexes;
    return other.#replaced?.from === this.hash ? other.#replaced.indexes : undefined;
  }

  #offset(index: number): number {
    const payload = this.payload;
    if (this.wide) {
      const at = HEADER + 4 * index;
      return (
        ((payload[at] ?? 0) |
          ((payload[at + 1] ?? 0) << 8) |
          ((payload[at + 2] ?? 0) << 16) |
          ((payload[at + 3] ?? 0) << 24)) >>>
        0
      );
    }
    const at = HEADER + 2 * index;
    return (payload[at] ?? 0) | ((payload[at + 1] ?? 0) << 8);
  }

  /** Where in the payload the part of an entry's key behind the prefix begins. */
  suffixStart(index: number): number {
    return this.#keysStart + (index === 0 ? 0 : this.#offset(index - 1));
  }

  /** Where in the payload an entry's key ends. */
  suffixEnd(index: number): number {
    return this.#keysStart + this.#offset(index);
  }

  /** Where in the payload the bytes that all keys begin with lie. */
  get prefixStart(): number {
    return this.#prefixStart;
  }

  /** How many bytes the keys take behind the prefix. */
  get keyBytes(): number {
    return this.slotsStart - this.#keysStart;
  }

  /** Where in the payload an entry's slot begins. */
  slotStart(index: number): number {
    return this.slotsStart + (index === 0 ? 0 : this.#offset(this.count + index - 1));
  }

  /** Where in the payload an entry's slot ends. */
  slotEnd(index: number): number {
    return this.slotsStart + this.#offset(this.count + index);
  }

  /** An entry's slot, as a view. */
  slot(index: number): Uint8Array {
    return this.payload.subarray(this.slotStart(index), this.slotEnd(index));
  }

  /** A copy of the value in an entry's slot; `undefined` if it lies outside. */
  value(index: number): Uint8Array | undefined {
    const start = this.slotStart(index);
    return this.payload[start] === 0 ? this.payload.slice(start + 1, this.slotEnd(index)) : undefined;
  }

  /** An entry's key, as a copy. */
  key(index: number): Uint8Array {
    const key = new Uint8Array(this.prefixLength + this.suffixEnd(index) - this.suffixStart(index));
    this.copyKey(index, key, 0);
    return key;
  }

  /** Copies an entry's key to `offset`; returns the offset after it. */
  copyKey(index: number, target: Uint8Array, offset: number): number {
    const { payload } = this;
    const prefixEnd = this.#prefixStart + this.prefixLength;
    const end = this.suffixEnd(index);
    let at = offset;
    for (let i = this.#prefixStart; i < prefixEnd; i++) target[at++] = payload[i] ?? 0;
    for (let i = this.suffixStart(index); i < end; i++) target[at++] = payload[i] ?? 0;
    return at;
  }

  /** The last key; of an inner node, the last key below it. */
  lastKey(): Uint8Array {
    return this.key(this.count - 1);
  }

  /** The first entry whose key is not before the one in `bytes` from `start` to `end`: its index, or `count`. */
  lowerBound(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    const { payload, prefixLength } = this;
    const shared = Math.min(prefixLength, end - start);
    for (let i = 0; i < shared; i++) {
      const order = (bytes[start + i] ?? 0) - (payload[this.#prefixStart + i] ?? 0);
      if (order !== 0) return order < 0 ? 0 : this.count;
    }
    return shared < prefixLength ? 0 : this.#search(bytes, start, end);
  }

  /** The same for a key that begins with the prefix; the result says nothing of others. */
  #search(bytes: Uint8Array, start: number, end: number): number {
    const heads = this.#headsOfInner();
    const head = heads === undefined ? 0 : headAt(bytes, start + this.prefixLength, end);
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = heads?.[middle] ?? head;
      if (other < head || (other === head && this.#compareSuffix(middle, bytes, start, end) < 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #headsOfInner(): number[] | undefined {
    if (this.#heads === undefined && this.level > 0 && ++this.#searches === SEARCHES_BEFORE_HEADS) {
      this.#heads = [];
      for (let i = 0; i < this.count; i++)
        this.#heads.push(headAt(this.payload, this.suffixStart(i), this.suffixEnd(i)));
    }
    return this.#heads;
  }

  /** The index of the key in `bytes` from `start` to `end`; -1 if it is not there. */
  find(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#compareSuffix(middle, bytes, start, end);
      if (order === 0) return this.#hasPrefix(bytes, start, end) ? middle : -1;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  #hasPrefix(bytes: Uint8Array, start: number, end: number): boolean {
    const { payload, prefixLength } = this;
    if (end - start < prefixLength) return false;
    for (let i = 0; i < prefixLength; i++) if (payload[this.#prefixStart + i] !== bytes[start + i]) return false;
    return true;
  }

  /** The order of an entry's key and the one in `bytes` from `start` to `end`. */
  compareKey(index: number, bytes: Uint8Array, start: number, end: number): number {
    const { payload } = this;
    const shared = Math.min(this.prefixLength, end - start);
    for (let i = 0; i < shared; i++) {
      const order = (payload[this.#prefixStart + i] ?? 0) - (bytes[start + i] ?? 0);
      if (order !== 0) return order;
    }
    return shared < this.prefixLength ? 1 : this.#compareSuffix(index, bytes, start, end);
  }

  /** The same for a key that begins with the prefix. */
  #compareSuffix(index: number, bytes: Uint8Array, start: number, end: number): number {
    const { payload } = this;
    const stop = this.suffixEnd(index);
    let at = this.suffixStart(index);
    let i = start + this.prefixLength;
    while (at < stop && i < end) {
      const order = (payload[at++] ?? 0) - (bytes[i++] ?? 0);
      if (order !== 0) return order;
    }
    return stop - at - (end - i);
  }

  /** The order of the keys of two entries, maybe of different nodes. */
  compareEntries(index: number, other: Node, otherIndex: number): number {
    const start = this.suffixStart(index) - this.prefixLength;
    const otherStart = other.suffixStart(otherIndex) - other.prefixLength;
    const end = this.suffixEnd(index) - start;
    const otherEnd = other.suffixEnd(otherIndex) - otherStart;
    const length = Math.min(end, otherEnd);
    const a = this.payload;
    const b = other.payload;
    const bothPrefixes = Math.min(this.prefixLength, other.prefixLength, length);
    let i = 0;
    for (; i < bothPrefixes; i++) {
      const order = (a[this.#prefixStart + i] ?? 0) - (b[other.#prefixStart + i] ?? 0);
      if (order !== 0) return order;
    }
    for (; i < length; i++) {
      const order =
        (a[i < this.prefixLength ? this.#prefixStart + i : start + i] ?? 0) -
        (b[i < other.prefixLength ? other.#prefixStart + i : otherStart + i] ?? 0);
      if (order !== 0) return order;
    }
    return end - otherEnd;
  }

  /** Whether the slots of two entries, maybe of different nodes, hold the same bytes. */
  sameSlot(index: number, other: Node, otherIndex: number): boolean {
    const start = this.slotStart(index);
    const otherStart = other.slotStart(otherIndex);
    const length = this.slotEnd(index) - start;
    if (length !== other.slotEnd(otherIndex) - otherStart) return false;
    for (let i = 0; i < length; i++) {
      if (this.payload[start + i] !== other.payload[otherStart + i]) return false;
    }
    return true;
  }

  /** Checks the entries, whose slots begin inside the payload; notes their totals. (In one loop: it runs for each entry that is read, mostly in a process that has compiled nothing yet.) */
  checkEntries(fail: (reason: string) => never): void {
    const { payload, count, level, prefixLength, slotsStart } = this;
    let keyBefore = this.#keysStart;
    let keyStart = keyBefore;
    let slotStart = slotsStart;
    const reader = new ByteReader(payload, slotsStart);
    let size = 0;
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const keyEnd = this.suffixEnd(i);
      const slotEnd = this.slotEnd(i);
      const keyLength = prefixLength + keyEnd - keyStart;
      if (keyEnd < keyStart || keyEnd > slotsStart) fail("its keys overlap");
      if (slotEnd < slotStart || slotEnd > payload.length) fail("its slots overlap or are cut off");
      if (keyLength === 0 || keyLength > MAX_KEY_BYTES) fail("a key of it is empty or too long");
      let before = keyBefore;
      let at = keyStart;
      while (before < keyStart && at < keyEnd && payload[before] === payload[at]) {
        before++;
        at++;
      }
      const isBehind = at < keyEnd && (before === keyStart || (payload[before] ?? 0) < (payload[at] ?? 0));
      if (i > 0 && !isBehind) fail("its keys do not ascend");
      if (level === 0) {
        size++;
        bytes += checkSlot(payload, slotStart, slotEnd);
      } else {
        reader.skip(HASH_BYTES);
        const below = reader.varint();
        if (below === 0) fail("a child of it has no keys");
        size += below;
        bytes += reader.varint();
        if (reader.at !== slotEnd) fail("a slot of it ends elsewhere");
      }
      keyBefore = keyStart;
      keyStart = keyEnd;
      slotStart = slotEnd;
    }
    if (slotStart !== payload.length) fail("bytes follow its entries");
    this.#totals = { size, bytes };
  }

  /** The hash of a child. */
  childHash(index: number): Hash {
    return readHash(this.payload, this.slotStart(index));
  }

  /** The totals of one entry: of a leaf's value, of a child. */
  entryTotals(index: number): Totals {
    return slotTotals(this.level, this.payload, this.slotStart(index), this.slotEnd(index));
  }

  /** The totals of all entries. */
  totals(): Totals {
    this.#totals ??= this.#sum();
    return this.#totals;
  }

  #sum(): Totals {
    let size = 0;
    let bytes = 0;
    if (this.level === 0) {
      for (let i = 0; i < this.count; i++) bytes += slotSize(this.payload, this.slotStart(i), this.slotEnd(i));
      return { size: this.count, bytes };
    }
    for (let i = 0; i < this.count; i++) {
      const entry = this.entryTotals(i);
      size += entry.size;
      bytes += entry.bytes;
    }
    return { size, bytes };
  }
}

/** The same bytes under the plain class: what a store gives may be a Buffer, whose `slice` copies nothing. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Four bytes from `start` as a number that orders as they do; behind `end` there are zeros. */
function headAt(bytes: Uint8Array, start: number, end: number): number {
  if (start + 4 <= end) {
    const low = ((bytes[start + 1] ?? 0) << 16) | ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0);
    return (((bytes[start] ?? 0) ^ 0x80) << 24) | low;
  }
  let head = 0;
  for (let i = start; i < start + 4; i++) head = (head << 8) | (i < end ? (bytes[i] ?? 0) : 0);
  return head ^ 0x80000000;
}

/** A node from stored bytes that hash to `hash`; a `CorruptionError` for bytes that no node has. */
export function decodeNode(hash: Hash, payload: Uint8Array): Node {
  const fail = (reason: string): never => {
    throw new CorruptionError(`Chunk ${hash} is no node of a tree: ${reason}.`, { at: hash });
  };
  const flags = payload[2] ?? 0xff;
  if (payload.length < HEADER || payload[0] !== NODE_KIND || flags > 7) fail("its header is none");
  const node = new Node(hash, plainBytes(payload), payload[1] === 0 ? NO_CHILDREN : [], true);
  const { count, level, prefixLength } = node;
  if (level > MAX_LEVEL || count > maxEntries(level)) fail("it has too many levels or entries");
  if (count === 0 && (level > 0 || prefixLength > 0 || flags !== 0 || payload.length > HEADER)) fail("it is empty");
  if (count === 0) return node;
  if (node.prefixStart + prefixLength > payload.length) fail("its offsets are cut off");
  if (node.slotsStart > payload.length) fail("its keys are cut off");
  node.checkEntries(fail);
  if (node.wide !== (node.keyBytes > 0xffff || payload.length - node.slotsStart > 0xffff))
    fail("its offsets are too wide");
  if (
    count > 1 &&
    payload[node.suffixStart(0)] === payload[node.suffixStart(count - 1)] &&
    node.suffixEnd(0) > node.suffixStart(0)
  ) {
    fail("its keys share more than their prefix");
  }
  if (count === 1 && node.suffixEnd(0) !== node.suffixStart(0)) fail("its key is not its prefix");
  return node;
}

/** Throws a `CorruptionError` unless all keys of a node come before all of another one. */
export function checkOrder(node: Node, next: Node): void {
  if (node.compareEntries(node.count - 1, next, 0) < 0) return;
  throw new CorruptionError(`Chunk ${next.hash} has keys that belong before it.`, { at: next.hash });
}

/**
 * The child of a node, if it is what its parent says: one level lower, with the keys from behind the child before it to the
 * one that the parent names, and with its totals. A `CorruptionError` otherwise. So no tree, whoever made it, is higher
 * than its root says. (A first child may have keys from before its parent; those who walk from node to node find that out
 * by `checkOrder`.)
 */
export function checkedChild(parent: Node, index: number, child: Node): Node {
  const { size, bytes } = parent.entryTotals(index);
  const totals = child.totals();
  const isSound =
    child.level === parent.level - 1 &&
    child.count > 0 &&
    child.compareEntries(child.count - 1, parent, index) === 0 &&
    (index === 0 || child.compareEntries(0, parent, index - 1) > 0) &&
    totals.size === size &&
    totals.bytes === bytes;
  if (isSound) return child;
  throw new CorruptionError(`Chunk ${child.hash} is not the part of a tree that it should be.`, { at: child.hash });
}
