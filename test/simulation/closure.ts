/** What leads to what among stored chunks, read with the decoders of the sources and remembered by name. */
import { decodeChunk, type StoredChunk } from "../../src/chunk/codec.ts";
import { applyDelta } from "../../src/chunk/delta.ts";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { chunkKey, hashOfChunkKey } from "../../src/chunk/key.ts";
import { MAX_CHAIN } from "../../src/chunk/store.ts";
import { decodeCommit } from "../../src/commit/commit.ts";
import { tailOf } from "../../src/commit/tail.ts";
import { decodeList, LIST_KIND, PIECE_KIND } from "../../src/tree/blob.ts";
import { keyText } from "../../src/tree/key-bytes.ts";
import { decodeNode } from "../../src/tree/node.ts";
import { blobOf } from "../../src/tree/slot.ts";

/** How one chunk needs another: with all below it; of a commit what its tree is stored in; or itself alone. */
type Need = "whole" | "tree" | "alone";

/** What a chunk holds. */
interface Content {
  /** The store keys of the chunks that it names, and how it needs them. */
  readonly below: readonly (readonly [key: string, need: Need])[];
  /** Of a leaf: its entries. Of a commit whose tree is not stored: what it changed. */
  readonly entries: readonly (readonly [key: string, slot: Uint8Array | undefined])[];
  /** Of a commit: the store key of its root, or of the commit whose tree it changed. */
  readonly from: string | undefined;
}

/** The chunks of one store. */
export class Closures {
  readonly #values: ReadonlyMap<string, Uint8Array>;
  readonly #contents: WeakMap<Uint8Array, Content> = new WeakMap();

  constructor(values: ReadonlyMap<string, Uint8Array>) {
    this.#values = values;
  }

  /** The store keys of all chunks that commits lead to, not through `cuts`; throws where one is missing. */
  of(heads: Iterable<Hash>, cuts: ReadonlySet<Hash> = new Set()): Set<string> {
    const without = new Set([...cuts].map((cut) => chunkKey("commit", cut)));
    const found = new Set<string>();
    const seen = new Set<string>();
    const open: (readonly [string, Need])[] = [];
    const find = (key: string, need: Need): void => {
      if ((need === "whole" && without.has(key)) || seen.has(`${need} ${key}`)) return;
      seen.add(`${need} ${key}`);
      found.add(key);
      open.push([key, need]);
    };
    for (const head of heads) {
      without.delete(chunkKey("commit", head));
      find(chunkKey("commit", head), "whole");
    }
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [key, need] = next;
      if (!this.#values.has(key)) throw new Missing(key);
      for (const [below, how] of this.#content(key).below) {
        if (need === "alone" && how !== "alone") continue;
        if (need === "tree" && how === "whole" && isCommitKey(below)) continue;
        find(below, how);
      }
    }
    return found;
  }

  /** The keys of a commit's tree that begin with a prefix, with their slots. */
  entries(commit: Hash, prefix: string): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    const tail: Content[] = [];
    let from: string | undefined = chunkKey("commit", commit);
    for (; from !== undefined && isCommitKey(from); from = tail.at(-1)?.from) tail.push(this.#content(from));
    for (const open = [from]; open.length > 0; ) {
      const key = open.pop();
      if (key === undefined) continue;
      const { entries, below } = this.#content(key);
      for (const [name, slot] of entries) if (slot !== undefined) found.set(name, slot);
      if (entries.length === 0) open.push(...below.filter(([, need]) => need === "whole").map(([child]) => child));
    }
    for (const { entries } of tail.reverse()) {
      for (const [name, slot] of entries) {
        if (slot === undefined) found.delete(name);
        else found.set(name, slot);
      }
    }
    for (const name of [...found.keys()]) if (!name.startsWith(prefix)) found.delete(name);
    return found;
  }

  #content(key: string): Content {
    const stored = this.#values.get(key);
    if (stored === undefined) throw new Missing(key);
    const known = this.#contents.get(stored);
    if (known !== undefined) return known;
    const content = read(key, decodeChunk(stored), this.#values);
    this.#contents.set(stored, content);
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

/** Whether stored bytes are the chunk that their key names; also where what they are a difference from is gone. */
export function isSound(key: string, stored: Uint8Array, values: ReadonlyMap<string, Uint8Array>): boolean {
  const hash = hashOfChunkKey("commit", key) ?? hashOfChunkKey("node", key);
  try {
    return hashOf(payloadOf(decodeChunk(stored), values)) === hash;
  } catch (error) {
    if (error instanceof Missing) return true;
    throw error;
  }
}

/** No payload, and so a damaged one, of chunks that are differences from each other. */
function payloadOf(chunk: StoredChunk, values: ReadonlyMap<string, Uint8Array>, chain = 0): Uint8Array {
  if (chunk.base === undefined) return chunk.payload;
  if (chain === MAX_CHAIN) return new Uint8Array(0);
  const key = chunkKey("node", chunk.base);
  const base = values.get(key);
  if (base === undefined) throw new Missing(key);
  const below = payloadOf(decodeChunk(base), values, chain + 1);
  return below.length === 0 ? below : applyDelta(below, chunk.delta);
}

function isCommitKey(key: string): boolean {
  return hashOfChunkKey("commit", key) !== undefined;
}

function read(key: string, chunk: StoredChunk, values: ReadonlyMap<string, Uint8Array>): Content {
  const commit = hashOfChunkKey("commit", key);
  const nodes = (hashes: readonly Hash[], need: Need = "whole"): [string, Need][] =>
    hashes.map((hash) => [chunkKey("node", hash), need]);
  const payload = payloadOf(chunk, values);
  const base = chunk.base === undefined ? [] : nodes([chunk.base], "alone");
  if (commit !== undefined) {
    const record = decodeCommit(commit, chunk.base === undefined ? chunk : { payload });
    const parents = record.parents.map((parent): [string, Need] => [chunkKey("commit", parent), "whole"]);
    const [first] = parents;
    const tail = tailOf(record);
    if (tail === undefined) {
      const root = chunkKey("node", record.root);
      return { below: [[root, "whole"], ...parents], entries: [], from: root };
    }
    const { edits } = tail;
    const entries = Array.from({ length: edits.length }, (_, i) => {
      return [keyText(edits.key(i)), edits.isRemoval(i) ? undefined : edits.slot(i)] as const;
    });
    const blobs = entries.flatMap(([, slot]) => (slot && blobOf(slot)?.hash) ?? []);
    if (first === undefined) throw new RangeError(`${key} changes the tree of no parent`);
    return { below: [...nodes(blobs), [first[0], "tree"], ...parents], entries, from: first[0] };
  }
  const hash = hashOfChunkKey("node", key);
  if (hash === undefined) throw new RangeError(`${key} is no chunk's key`);
  const nothing = { entries: [], from: undefined };
  if (payload[0] === PIECE_KIND) return { below: base, ...nothing };
  if (payload[0] === LIST_KIND) return { below: nodes(decodeList(hash, payload).map((part) => part.hash)), ...nothing };
  const node = decodeNode(hash, payload);
  const indexes = Array.from({ length: node.count }, (_, i) => i);
  if (node.level > 0) return { below: [...base, ...nodes(indexes.map((i) => node.childHash(i)))], ...nothing };
  const entries = indexes.map((i) => [keyText(node.key(i)), new Uint8Array(node.slot(i))] as const);
  const blobs = entries.flatMap(([, slot]) => blobOf(slot)?.hash ?? []);
  return { below: [...base, ...nodes(blobs)], entries, from: undefined };
}
