import { checkOrder, type Node } from "./node.ts";
import { NodeReader, type NodeStore } from "./node-store.ts";
import { Page } from "./page.ts";

/** The keys from `start` on and before `end`; without one of them, from the first key, to the last one. */
export interface Range {
  readonly start?: Uint8Array | undefined;
  readonly end?: Uint8Array | undefined;
}

/** How many entries a page has: a small first one, as many scans stop early. */
const FIRST_PAGE = 128;
const PAGE = 1024;

/** The entries of a range, in key order or backwards, in pages; a page costs one round trip a level at most. */
export async function* scan(
  nodes: NodeStore,
  root: Node,
  range: Range,
  options: { reverse?: boolean | undefined; limit?: number | undefined } = {},
): AsyncGenerator<Page, void> {
  const { reverse = false } = options;
  let { limit = Number.POSITIVE_INFINITY } = options;
  let { start, end } = range;
  for (let size = FIRST_PAGE; limit > 0; size = PAGE) {
    const { page, last, isComplete } = await scanPage(nodes, root, { start, end }, reverse, Math.min(size, limit));
    if (last === undefined) return;
    yield page;
    limit -= page.length;
    if (isComplete) return;
    if (reverse) end = last;
    else start = keyAfter(last);
  }
}

/** The smallest key after `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** The first entries of a range: up to `size`. */
function scanPage(nodes: NodeStore, root: Node, range: Range, reverse: boolean, size: number): Promise<PageFiller> {
  const reader = new NodeReader(nodes);
  return reader.run(() => {
    const filler = new PageFiller(reader, reverse, size);
    filler.visit(root, range, true);
    return filler;
  });
}

/** Walks the tree in the order of the scan until the page is full; counts what lies below a missed node as if it were there. */
class PageFiller {
  readonly page: Page;
  readonly #reader: NodeReader;
  readonly #reverse: boolean;
  #room: number;
  /** Whether the range ends with the page. */
  isComplete = true;
  #leaf: Node | undefined;
  /** Whether that is the first child of its parent. */
  #isFirst = false;
  /** Where the last entry lies. */
  #last: { readonly leaf: Node; readonly index: number } | undefined;

  constructor(reader: NodeReader, reverse: boolean, size: number) {
    this.page = new Page(reverse);
    this.#reader = reader;
    this.#reverse = reverse;
    this.#room = size;
  }

  /** The key of the last entry. */
  get last(): Uint8Array | undefined {
    return this.#last?.leaf.key(this.#last.index);
  }

  /** @param isFirst whether the node is the first child of its parent */
  visit(node: Node, { start, end }: Range, isFirst: boolean): void {
    const from = start === undefined ? 0 : node.lowerBound(start);
    // The child that holds `end` holds keys before it, too.
    const bound = end === undefined ? node.count : node.lowerBound(end) + (node.level > 0 ? 1 : 0);
    const to = Math.min(bound, node.count);
    if (node.level === 0) {
      this.#follow(node, isFirst);
      this.#take(node, from, to);
      return;
    }
    for (let i = 0; i < to - from; i++) {
      if (this.#room <= 0) {
        this.isComplete = false;
        return;
      }
      const index = this.#reverse ? to - 1 - i : from + i;
      const child = this.#reader.child(node, index);
      if (child === undefined) {
        this.#room -= node.entryTotals(index).size;
      } else {
        // Only the children at the ends hold other keys than those of the range.
        const rest = { start: index === from ? start : undefined, end: index === to - 1 ? end : undefined };
        this.visit(child, rest, index === 0);
      }
    }
  }

  #take(leaf: Node, from: number, to: number): void {
    const count = Math.min(to - from, this.#room);
    if (count < to - from) this.isComplete = false;
    if (count <= 0) return;
    this.#room -= count;
    const first = this.#reverse ? to - count : from;
    this.page.add(leaf, first, first + count);
    this.#last = { leaf, index: this.#reverse ? first : first + count - 1 };
  }

  /** Children of one parent are in order, as it has the keys between them; a first child may have keys from before it. */
  #follow(leaf: Node, isFirst: boolean): void {
    const last = this.#leaf;
    const isChecked = this.#reverse ? !this.#isFirst : !isFirst;
    this.#leaf = leaf;
    this.#isFirst = isFirst;
    if (last === undefined || isChecked) return;
    if (this.#reverse) checkOrder(leaf, last);
    else checkOrder(last, leaf);
  }
}
