import { keyText } from "./key-bytes.ts";
import { checkOrder, type Node } from "./node.ts";
import { NodeReader, type NodeStore } from "./node-store.ts";

/** The keys from `start` on and before `end`; without one of them, from the first key, to the last one. */
export interface Range {
  readonly start?: Uint8Array | undefined;
  readonly end?: Uint8Array | undefined;
}

/** Some entries, in the order of the scan. */
export interface Page {
  readonly keys: string[];
  readonly slots: Uint8Array[];
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
    const page = await scanPage(nodes, root, { start, end }, reverse, Math.min(size, limit));
    if (page.last === undefined) return;
    yield page;
    limit -= page.keys.length;
    if (page.complete) return;
    if (reverse) end = page.last;
    else start = keyAfter(page.last);
  }
}

/** The smallest key after `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

interface FilledPage extends Page {
  last: Uint8Array | undefined;
  /** Whether the range ended with this page. */
  complete: boolean;
}

/** The first entries of a range: up to `size`. */
function scanPage(nodes: NodeStore, root: Node, range: Range, reverse: boolean, size: number): Promise<FilledPage> {
  const reader = new NodeReader(nodes);
  return reader.run(() => {
    const filler = new PageFiller(reader, range, reverse, size);
    filler.visit(root);
    return filler.page;
  });
}

/** Walks the tree in the order of the scan until the page is full; counts what lies below a missed node as if it were there. */
class PageFiller {
  readonly page: FilledPage = { keys: [], slots: [], last: undefined, complete: true };
  readonly #reader: NodeReader;
  readonly #range: Range;
  readonly #reverse: boolean;
  #room: number;
  #leaf: Node | undefined;

  constructor(reader: NodeReader, range: Range, reverse: boolean, size: number) {
    this.#reader = reader;
    this.#range = range;
    this.#reverse = reverse;
    this.#room = size;
  }

  visit(node: Node): void {
    const { start, end } = this.#range;
    if (node.level === 0) this.#follow(node);
    const from = start === undefined ? 0 : node.lowerBound(start);
    // The child that holds `end` holds keys before it, too.
    const bound = end === undefined ? node.count : node.lowerBound(end) + (node.level > 0 ? 1 : 0);
    const to = Math.min(bound, node.count);
    for (let i = 0; i < to - from; i++) {
      if (this.#room <= 0) {
        this.page.complete = false;
        return;
      }
      const index = this.#reverse ? to - 1 - i : from + i;
      if (node.level === 0) this.#take(node, index);
      else this.#descend(node, index);
    }
  }

  #follow(leaf: Node): void {
    const last = this.#leaf;
    this.#leaf = leaf;
    if (last === undefined) return;
    if (this.#reverse) checkOrder(leaf, last);
    else checkOrder(last, leaf);
  }

  #take(node: Node, index: number): void {
    const key = node.key(index);
    this.page.keys.push(keyText(key));
    this.page.slots.push(node.slot(index));
    this.#room--;
    this.page.last = key;
  }

  #descend(node: Node, index: number): void {
    const child = this.#reader.child(node, index);
    if (child === undefined) this.#room -= node.entryTotals(index).size;
    else this.visit(child);
  }
}
