/** A tree over a store of its own, for tests below commits. */
import type { Hash } from "../../src/chunk/hash.ts";
import { type Chunk, ChunkStore } from "../../src/chunk/store.ts";
import { Memory } from "../../src/kv/memory.ts";
import type { KVStore } from "../../src/kv/store.ts";
import { readSlots } from "../../src/tree/blob.ts";
import { childSlotLength, writeChildSlot } from "../../src/tree/child-slot.ts";
import { EMPTY_ROOT, edit } from "../../src/tree/edit.ts";
import { keyText } from "../../src/tree/key-bytes.ts";
import type { Node } from "../../src/tree/node.ts";
import { NodeReader, NodeStore } from "../../src/tree/node-store.ts";
import { unstoredNodes } from "../../src/tree/unstored.ts";
import { toUpdates } from "../../src/versioned/updates.ts";

export type Contents = ReadonlyMap<string, Uint8Array>;
/** Values to set; `undefined` to remove. */
export type Changes = ReadonlyMap<string, Uint8Array | undefined>;

/** A tree after an edit. */
export interface Edited {
  readonly root: Node;
  /** Its nodes that were not stored before. */
  readonly fresh: readonly Node[];
}

/** Trees in one store. */
export class Trees {
  readonly store: KVStore;
  readonly chunks: ChunkStore;
  readonly nodes: NodeStore;

  /** @param cacheBytes how much of the nodes stays cached */
  constructor(cacheBytes = 1e9, store: KVStore = new Memory()) {
    this.store = store;
    this.chunks = new ChunkStore(store);
    this.nodes = new NodeStore(this.chunks, cacheBytes);
  }

  /** The same trees with an empty cache. A node of these knows where its children are cached: load roots anew. */
  cold(cacheBytes = 1e9, store: KVStore = this.store): Trees {
    return new Trees(cacheBytes, store);
  }

  /** A node that is stored. */
  async load(hash: Hash): Promise<Node> {
    // An empty tree, where nothing was done, is not stored.
    if (hash === EMPTY_ROOT.hash) return EMPTY_ROOT;
    const node = this.nodes.cached(hash) ?? (await this.nodes.load([hash]))[0];
    if (node === undefined) throw new Error(`no node ${hash}`);
    return node;
  }

  /** A tree with changes, stored. */
  async edit(root: Node, changes: Changes): Promise<Edited> {
    const { changes: list, chunks } = toUpdates(changes);
    const edited = await edit(new NodeReader(this.nodes), root, list);
    const fresh = unstoredNodes(edited);
    await this.chunks.put([...chunks, ...fresh.map(chunkOf)], 0);
    return { root: this.nodes.addStored(edited), fresh };
  }

  /** A tree built from nothing, stored. */
  async build(contents: Contents): Promise<Node> {
    return (await this.edit(EMPTY_ROOT, contents)).root;
  }

  /** Every node of a tree, the root first. */
  async all(root: Node): Promise<Node[]> {
    const all: Node[] = [];
    for (let level = [root]; level.length > 0; ) {
      all.push(...level);
      const hashes = level.flatMap((node) =>
        node.level === 0 ? [] : Array.from({ length: node.count }, (_, i) => node.childHash(i)),
      );
      level = await this.nodes.load(hashes);
    }
    return all;
  }

  /** What a tree holds, read node by node. */
  async contents(root: Node): Promise<Map<string, Uint8Array>> {
    const contents = new Map<string, Uint8Array>();
    for (const node of await this.all(root)) {
      if (node.level > 0) continue;
      const slots = Array.from({ length: node.count }, (_, i) => node.slot(i));
      const values = await readSlots(this.chunks, slots);
      values.forEach((value, i) => {
        if (value !== undefined) contents.set(keyText(node.key(i)), value);
      });
    }
    return contents;
  }
}

/** The chunk of a node. */
export function chunkOf(node: Node): Chunk {
  return { kind: "node", hash: node.hash, payload: node.payload };
}

/** The slot of an inner node's entry for a child. */
export function childSlot(child: Node): Uint8Array {
  const slot = new Uint8Array(childSlotLength(child.totals()));
  writeChildSlot(child.hash, child.totals(), slot, 0);
  return slot;
}

/** Pseudo-random numbers from 0 to before `below`, the same for every seed. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Bytes without repeats. */
export function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}
