import type { Node } from "./node.ts";
import type { NodeReader } from "./node-store.ts";

/** Walks the nodes of one level of a tree, sideways. What is not cached is noted in the reader, and the walk gives `"missed"`. */
export class LevelCursor {
  readonly #reader: NodeReader;
  readonly #root: Node;
  readonly #level: number;
  /** From the root to above the level: which child was taken of which node. */
  readonly #path: { node: Node; index: number }[] = [];

  constructor(reader: NodeReader, root: Node, level: number) {
    this.#reader = reader;
    this.#root = root;
    this.#level = level;
  }

  /** The node in which `key` is or would be; the last one if all keys are smaller. */
  seek(key: Uint8Array): Node | "missed" {
    this.#path.length = 0;
    let node = this.#root;
    while (node.level > this.#level) {
      const index = Math.min(node.lowerBound(key), node.count - 1);
      this.#path.push({ node, index });
      const child = this.#reader.child(node, index);
      if (child === undefined) return "missed";
      node = child;
    }
    return node;
  }

  /** Whether the node that `seek` found is the last one of its level. */
  get isLast(): boolean {
    return this.#path.every(({ node, index }) => index === node.count - 1);
  }

  /** The node beside `node`: 1 for the next one, -1 for the one before; `undefined` at the end. */
  beside(node: Node, step: 1 | -1): Node | "missed" | undefined {
    if (node.count === 0 || this.seek(node.lastKey()) === "missed") return node.count === 0 ? undefined : "missed";
    for (let top = this.#path.pop(); top !== undefined; top = this.#path.pop()) {
      const index = top.index + step;
      if (index >= 0 && index < top.node.count) return this.#descend(top.node, index, step);
    }
    return undefined;
  }

  #descend(parent: Node, index: number, step: 1 | -1): Node | "missed" {
    let node = this.#reader.child(parent, index);
    while (node !== undefined && node.level > this.#level) {
      node = this.#reader.child(node, step === 1 ? 0 : node.count - 1);
    }
    return node ?? "missed";
  }
}
