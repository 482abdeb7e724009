/**
 * Nodes by their hash: a bounded cache over the chunks, shared by all handles of a store.
 *
 * Reading goes through `NodeReader`: an algorithm runs synchronously over what is cached and notes what it misses; its
 * driver fetches all of that in one batch and runs it again. So nothing waits while the cache serves, and a cold tree
 * costs one round trip a level, not one a node.
 */
import type { Hash } from "../chunk/hash.ts";
import { type ChunkStore, missingChunk } from "../chunk/store.ts";
import { checkedChild, decodeNode, NO_CHILDREN, type Node, type NodeRef, setChild } from "./node.ts";

/** How many bytes of nodes stay cached, unless asked otherwise. */
const DEFAULT_CACHE_BYTES = 256 * 2 ** 20;
/** What a cached node takes besides its payload, about. */
const NODE_OVERHEAD = 250;

interface CachedRef extends NodeRef {
  readonly hash: Hash;
}

/** The nodes of one store. */
export class NodeStore {
  readonly chunks: ChunkStore;
  readonly #capacity: number;
  readonly #refs: Map<Hash, CachedRef> = new Map();
  #bytes = 0;

  constructor(chunks: ChunkStore, capacity: number = DEFAULT_CACHE_BYTES) {
    this.chunks = chunks;
    this.#capacity = capacity;
  }

  /** A cached node. */
  cached(hash: Hash): Node | undefined {
    const ref = this.#refs.get(hash);
    if (ref === undefined) return undefined;
    ref.used = true;
    return ref.node;
  }

  /** A cached child of a node; most look-ups end at the parent's own note of where it lies. */
  cachedChild(parent: Node, index: number): Node | undefined {
    const known = parent.children[index];
    if (known?.node !== undefined) {
      // Read first: most nodes were used, and to write takes a cache line.
      if (!known.used) known.used = true;
      return known.node;
    }
    const ref = this.#refs.get(parent.childHash(index));
    if (ref?.node === undefined) return undefined;
    checkedChild(parent, index, ref.node);
    setChild(parent.children, index, ref);
    ref.used = true;
    return ref.node;
  }

  /**
   * Caches a node that was just stored, and those below it that it holds; returns the one that stays. Parents know where
   * their children are cached.
   */
  addStored(node: Node): Node {
    if (node.isStored) return node;
    const { hash, level } = node;
    const known = this.#refs.get(hash)?.node;
    if (known !== undefined) return known;
    const children = level === 0 ? NO_CHILDREN : node.children.slice();
    for (const index of node.held) children[index] = this.#refOf(children[index]);
    return this.add(node.asStored(children));
  }

  /** Where the cache has a child. */
  #refOf(child: NodeRef | undefined): NodeRef | undefined {
    if (child?.node === undefined || child.node.isStored) return child;
    this.addStored(child.node);
    return this.#refs.get(child.node.hash);
  }

  /** Caches a node; returns the one that stays. */
  add(node: Node): Node {
    const known = this.#refs.get(node.hash);
    if (known?.node !== undefined) return known.node;
    this.#refs.set(node.hash, { hash: node.hash, node, used: false });
    this.#bytes += node.payload.length + NODE_OVERHEAD;
    if (this.#bytes > this.#capacity) this.#evict();
    return node;
  }

  /** Reads nodes in one batch (and one more for each difference in a row that one is stored as), and caches them. A `CorruptionError` for one that is missing or damaged. */
  async load(hashes: readonly Hash[]): Promise<Node[]> {
    const known = (hash: Hash): Uint8Array | undefined => this.cached(hash)?.payload;
    const chunks = await this.chunks.readSound("node", hashes, "throw", known);
    return hashes.map((hash) => {
      const chunk = chunks.get(hash);
      if (chunk === undefined) throw missingChunk(hash);
      return this.add(this.cached(hash) ?? decodeNode(hash, chunk.payload));
    });
  }

  /** Second chance: what was used since the last look stays, and moves behind what was not. */
  #evict(): void {
    for (const ref of this.#refs.values()) {
      if (this.#bytes <= 0.9 * this.#capacity) return;
      this.#refs.delete(ref.hash);
      if (ref.used) {
        ref.used = false;
        this.#refs.set(ref.hash, ref);
      } else {
        this.#bytes -= (ref.node?.payload.length ?? 0) + NODE_OVERHEAD;
        ref.node = undefined;
      }
    }
  }
}

/** One operation's view of the nodes: what it fetched stays at hand until it ends, whatever the cache evicts. */
export class NodeReader {
  readonly nodes: NodeStore;
  readonly #held: Map<Hash, Node> = new Map();
  readonly #missed: Set<Hash> = new Set();

  constructor(nodes: NodeStore) {
    this.nodes = nodes;
  }

  /** A node; `undefined` and a note when it must be fetched first. */
  node(hash: Hash): Node | undefined {
    const node = this.nodes.cached(hash) ?? this.#held.get(hash);
    if (node === undefined) this.#missed.add(hash);
    return node;
  }

  /** A child of a node; `undefined` and a note when it must be fetched first. */
  child(parent: Node, index: number): Node | undefined {
    const cached = this.nodes.cachedChild(parent, index);
    if (cached !== undefined) return cached;
    const node = this.node(parent.childHash(index));
    return node && checkedChild(parent, index, node);
  }

  /** Keeps a node at hand that need not be stored. */
  hold(node: Node): void {
    this.#held.set(node.hash, node);
  }

  /** Whether something must be fetched. */
  get missed(): boolean {
    return this.#missed.size > 0;
  }

  /** Fetches what was missed, in one batch. */
  async fetch(): Promise<void> {
    const hashes = [...this.#missed];
    this.#missed.clear();
    for (const node of await this.nodes.load(hashes)) this.#held.set(node.hash, node);
  }

  /** Runs `step` until it misses nothing, fetching in between. */
  async run<T>(step: () => T): Promise<T> {
    for (;;) {
      const result = step();
      if (!this.missed) return result;
      await this.fetch();
    }
  }
}
