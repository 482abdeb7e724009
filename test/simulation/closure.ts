/** What leads to what among stored chunks, read with the decoders of the sources and remembered by name. */
import { decodeChunk } from "../../src/chunk/codec.ts";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { chunkKey, hashOfChunkKey } from "../../src/chunk/key.ts";
import { decodeCommit } from "../../src/commit/commit.ts";
import { decodeList, LIST_KIND, PIECE_KIND } from "../../src/tree/blob.ts";
import { keyText } from "../../src/tree/key-bytes.ts";
import { decodeNode } from "../../src/tree/node.ts";
import { blobOf } from "../../src/tree/slot.ts";

/** What a chunk holds. */
interface Content {
  /** The store keys of the chunks that it names. */
  readonly below: readonly string[];
  /** Of a leaf: its entries. */
  readonly entries: readonly (readonly [key: string, slot: Uint8Array])[];
  /** Of a commit: the store key of its root. */
  readonly root: string | undefined;
}

/** The chunks of one store. */
export class Closures {
  readonly #values: ReadonlyMap<string, Uint8Array>;
  readonly #contents: Map<string, Content> = new Map();

  constructor(values: ReadonlyMap<string, Uint8Array>) {
    this.#values = values;
  }

  /** The store keys of all chunks that commits lead to, not through `cuts`; throws where one is missing. */
  of(heads: Iterable<Hash>, cuts: ReadonlySet<Hash> = new Set()): Set<string> {
    const without = new Set([...cuts].map((cut) => chunkKey("commit", cut)));
    const found = new Set<string>();
    const open: string[] = [];
    const find = (key: string): void => {
      if (without.has(key) || found.has(key)) return;
      found.add(key);
      open.push(key);
    };
    for (const head of heads) {
      without.delete(chunkKey("commit", head));
      find(chunkKey("commit", head));
    }
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      if (!this.#values.has(key)) throw new Missing(key);
      for (const below of this.#content(key).below) find(below);
    }
    return found;
  }

  /** The keys of a commit's tree that begin with a prefix, with their slots. */
  entries(commit: Hash, prefix: string): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    const { root } = this.#content(chunkKey("commit", commit));
    for (const open = [root]; open.length > 0; ) {
      const key = open.pop();
      if (key === undefined) continue;
      const { entries, below } = this.#content(key);
      for (const [name, slot] of entries) if (name.startsWith(prefix)) found.set(name, slot);
      if (entries.length === 0) open.push(...below);
    }
    return found;
  }

  #content(key: string): Content {
    const known = this.#contents.get(key);
    if (known !== undefined) return known;
    const stored = this.#values.get(key);
    if (stored === undefined) throw new Missing(key);
    const content = read(key, decodeChunk(stored).payload);
    this.#contents.set(key, content);
    return content;
  }
}

/** A chunk that is not there. */
export class Missing extends Error {
  readonly key: string;

  constructor(key: string) {
    super(`${key} is missing`);
    this.key = key;
  }
}

/** Whether stored bytes are the chunk that their key names. */
export function isSound(key: string, stored: Uint8Array): boolean {
  const hash = hashOfChunkKey("commit", key) ?? hashOfChunkKey("node", key);
  return hashOf(decodeChunk(stored).payload) === hash;
}

function read(key: string, payload: Uint8Array): Content {
  const commit = hashOfChunkKey("commit", key);
  const nodes = (hashes: readonly Hash[]): string[] => hashes.map((hash) => chunkKey("node", hash));
  if (commit !== undefined) {
    const { root, parents } = decodeCommit(commit, payload);
    const [rootKey] = nodes([root]);
    const parentKeys = parents.map((parent) => chunkKey("commit", parent));
    return { below: [...nodes([root]), ...parentKeys], entries: [], root: rootKey };
  }
  const hash = hashOfChunkKey("node", key);
  if (hash === undefined) throw new RangeError(`${key} is no chunk's key`);
  if (payload[0] === PIECE_KIND) return { below: [], entries: [], root: undefined };
  if (payload[0] === LIST_KIND) {
    return { below: nodes(decodeList(hash, payload).map((part) => part.hash)), entries: [], root: undefined };
  }
  const node = decodeNode(hash, payload);
  const indexes = Array.from({ length: node.count }, (_, i) => i);
  if (node.level > 0) return { below: nodes(indexes.map((i) => node.childHash(i))), entries: [], root: undefined };
  const entries = indexes.map((i) => [keyText(node.key(i)), new Uint8Array(node.slot(i))] as const);
  const blobs = entries.flatMap(([, slot]) => blobOf(slot)?.hash ?? []);
  return { below: nodes(blobs), entries, root: undefined };
}
