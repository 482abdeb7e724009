import type { Hash } from "../chunk/hash.ts";
import { checkedChild, type Node } from "./node.ts";
import { NodeStore } from "./node-store.ts";

/** A view of a store's nodes with more that are not stored, for as long as an operation needs them. */
export class OverlayNodes extends NodeStore {
  readonly #below: NodeStore;
  readonly #held: Map<Hash, Node> = new Map();

  constructor(below: NodeStore) {
    super(below.chunks, 0);
    this.#below = below;
  }

  override cached(hash: Hash): Node | undefined {
    return this.#held.get(hash) ?? this.#below.cached(hash);
  }

  override cachedChild(parent: Node, index: number): Node | undefined {
    const cached = this.#below.cachedChild(parent, index);
    if (cached !== undefined) return cached;
    const held = this.#held.get(parent.childHash(index));
    return held && checkedChild(parent, index, held);
  }

  override add(node: Node): Node {
    this.#held.set(node.hash, node);
    return node;
  }

  override load(hashes: readonly Hash[]): Promise<Node[]> {
    return this.#below.load(hashes);
  }
}
