/**
 * What differs between two trees: both are walked down together, level by level, passing over every subtree that both
 * have (equal hashes are equal contents). The cost is near the number of differences, whatever the trees' size; a level
 * costs one round trip.
 */
import { compareKeys } from "./key-bytes.ts";
import { checkOrder, type Node } from "./node.ts";
import { NodeReader, type NodeStore } from "./node-store.ts";
import { keyAfter, type Range } from "./scan.ts";

/** A key whose slot differs. */
export interface Delta {
  readonly key: Uint8Array;
  /** Its slot in the first tree; `undefined`: not there. */
  readonly before: Uint8Array | undefined;
  /** Its slot in the second tree; `undefined`: not there. */
  readonly after: Uint8Array | undefined;
}

/** Subtrees of the two trees, on one level, that hold all keys of a range; those at its ends may hold others, too. */
interface Stretch {
  readonly level: number;
  readonly before: Subtree[];
  readonly after: Subtree[];
  readonly range: Range;
}

/** A node, or where it hangs. */
type Subtree = Node | { readonly parent: Node; readonly index: number };

/** How many subtrees of a side are fetched at once: bounds what a large diff holds. */
const STRETCH = 256;

/** The differences between two trees, in key order (or backwards), in pages. */
export async function* diff(
  nodes: NodeStore,
  before: Node,
  after: Node,
  options: { range?: Range | undefined; reverse?: boolean | undefined } = {},
): AsyncGenerator<Delta[], void> {
  const { range = {}, reverse = false } = options;
  if (before.hash === after.hash) return;
  const reader = new NodeReader(nodes);
  const level = Math.max(before.level, after.level);
  const open: Stretch[] = [{ level, before: [before], after: [after], range }];
  for (let stretch = open.pop(); stretch !== undefined; stretch = open.pop()) {
    let lefts = fetched(reader, stretch.before);
    let rights = fetched(reader, stretch.after);
    while (reader.missed) {
      await reader.fetch();
      lefts = fetched(reader, stretch.before);
      rights = fetched(reader, stretch.after);
    }
    if (stretch.level === 0) {
      const page = leafDeltas(lefts, rights, stretch.range);
      if (page.length > 0) yield reverse ? page.reverse() : page;
      continue;
    }
    const below = compareChildren(stretch.level, lefts, rights, stretch.range);
    open.push(...(reverse ? below : below.reverse()));
  }
}

/** The nodes of subtrees; those that are missed are passed over. */
function fetched(reader: NodeReader, subtrees: readonly Subtree[]): Node[] {
  const found: Node[] = [];
  for (const subtree of subtrees) {
    const node = "parent" in subtree ? reader.child(subtree.parent, subtree.index) : subtree;
    if (node !== undefined) found.push(node);
  }
  return found;
}

/** The entries of some nodes, one after another. */
class Entries {
  readonly #nodes: readonly Node[];
  #at = 0;
  #index = 0;

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  get node(): Node | undefined {
    return this.#nodes[this.#at];
  }

  get index(): number {
    return this.#index;
  }

  next(count = 1): void {
    const { node } = this;
    this.#index += count;
    if (node === undefined || this.#index < node.count) return;
    this.#at++;
    this.#index = 0;
    if (this.node !== undefined) checkOrder(node, this.node);
  }
}

/** Which of two entries comes first: negative, positive, or zero for the same key. An entry that is not there comes last. */
function order(a: Entries, b: Entries): number {
  if (a.node === undefined) return b.node === undefined ? 0 : 1;
  if (b.node === undefined) return -1;
  return a.node.compareEntries(a.index, b.node, b.index);
}

function leafDeltas(lefts: readonly Node[], rights: readonly Node[], range: Range): Delta[] {
  const page: Delta[] = [];
  const a = new Entries(lefts.filter((node) => node.count > 0));
  const b = new Entries(rights.filter((node) => node.count > 0));
  const add = (key: Uint8Array, before: Uint8Array | undefined, after: Uint8Array | undefined): void => {
    if (isIn(range, key)) page.push({ key, before, after });
  };
  const addReplaced = (left: Node, right: Node, index: number): void =>
    add(left.key(index), left.slot(index), right.slot(index));
  while (a.node !== undefined || b.node !== undefined) {
    if (passReplaced(a, b, addReplaced)) continue;
    const comes = order(a, b);
    if (comes < 0 && a.node !== undefined) {
      add(a.node.key(a.index), a.node.slot(a.index), undefined);
      a.next();
    } else if (comes > 0 && b.node !== undefined) {
      add(b.node.key(b.index), undefined, b.node.slot(b.index));
      b.next();
    } else if (a.node !== undefined && b.node !== undefined) {
      if (!a.node.sameSlot(a.index, b.node, b.index)) {
        add(a.node.key(a.index), a.node.slot(a.index), b.node.slot(b.index));
      }
      a.next();
      b.next();
    }
  }
  return page;
}

/** The children that must be compared, in stretches. */
function compareChildren(level: number, lefts: readonly Node[], rights: readonly Node[], range: Range): Stretch[] {
  const a = new Entries(lefts.filter((node) => node.level === level));
  const b = new Entries(rights.filter((node) => node.level === level));
  const stretches: Stretch[] = [];
  let { start } = range;
  // A root that is not as high as the other lies across all stretches.
  const lower = (nodes: readonly Node[]): Subtree[] => nodes.filter((node) => node.level < level);
  let before = lower(lefts);
  let after = lower(rights);
  const close = (end: Uint8Array | undefined): void => {
    const isEmpty = start !== undefined && end !== undefined && compareKeys(start, end) >= 0;
    if (!isEmpty && before.length + after.length > 0)
      stretches.push({ level: level - 1, before, after, range: { start, end } });
    start = end;
    before = lower(lefts);
    after = lower(rights);
  };
  const add = (node: Node | undefined, index: number, side: Subtree[]): void => {
    if (node !== undefined && overlaps(range, node, index)) side.push({ parent: node, index });
  };
  const closeIfFull = (last: Node, index: number): void => {
    if (before.length + after.length < 2 * STRETCH) return;
    const end = keyAfter(last.key(index));
    close(range.end !== undefined && compareKeys(range.end, end) < 0 ? range.end : end);
  };
  const addReplaced = (left: Node, right: Node, index: number): void => {
    add(left, index, before);
    add(right, index, after);
    closeIfFull(left, index);
  };
  while (a.node !== undefined || b.node !== undefined) {
    if (passReplaced(a, b, addReplaced)) continue;
    const known = knownSame(a, b);
    if (known > 0) {
      a.next(known);
      b.next(known);
      continue;
    }
    // The same child has the same last key, too.
    const isSame = a.node !== undefined && b.node !== undefined && a.node.sameSlot(a.index, b.node, b.index);
    const comes = isSame ? 0 : order(a, b);
    const { node: last, index } = comes <= 0 ? a : b;
    if (comes <= 0) {
      if (!isSame) add(a.node, a.index, before);
      a.next();
    }
    if (comes >= 0) {
      if (!isSame) add(b.node, b.index, after);
      b.next();
    }
    if (last === undefined || before.length + after.length < 2 * STRETCH) continue;
    // Where only one side has a boundary, a child of the other lies across it.
    if (comes < 0) add(b.node, b.index, after);
    if (comes > 0) add(a.node, a.index, before);
    closeIfFull(last, index);
  }
  close(range.end);
  return stretches;
}

/** Passes two nodes of which one was made from the other, and so tells which of their entries differ: the others are not looked at. Whether they are such. */
function passReplaced(a: Entries, b: Entries, visit: (before: Node, after: Node, index: number) => void): boolean {
  const { node: before } = a;
  const { node: after } = b;
  if (before === undefined || after === undefined || a.index > 0 || b.index > 0) return false;
  const replaced = after.replacedSince(before);
  if (replaced === undefined) return false;
  for (const index of replaced) visit(before, after, index);
  a.next(before.count);
  b.next(after.count);
  return true;
}

/** How many of the next children are the same as they lie in the same places of the cache: that takes no look at their hashes. */
function knownSame(a: Entries, b: Entries): number {
  if (a.node === undefined || b.node === undefined) return 0;
  const left = Math.min(a.node.count - a.index, b.node.count - b.index);
  const children = a.node.children;
  const others = b.node.children;
  let same = 0;
  for (; same < left; same++) {
    const child = children[a.index + same];
    if (child === undefined || child !== others[b.index + same]) break;
  }
  return same;
}

function isIn(range: Range, key: Uint8Array): boolean {
  return (
    (range.start === undefined || compareKeys(key, range.start) >= 0) &&
    (range.end === undefined || compareKeys(key, range.end) < 0)
  );
}

/** Whether a child of a node can hold keys of the range. */
function overlaps(range: Range, node: Node, index: number): boolean {
  if (range.start !== undefined && node.lowerBound(range.start) > index) return false;
  return range.end === undefined || index <= node.lowerBound(range.end);
}
