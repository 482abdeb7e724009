/**
 * Checks trees chunk by chunk, each once however many trees share it: that it is there, hashes to its name, reads as what
 * it should be, and agrees with what is above it.
 *
 * The trees of many commits are walked together, some megabytes of one level at a time, and what is below those before the
 * rest of the level. So memory holds little more than a few bytes for each chunk, and a store far away is asked for many
 * chunks at once. A chunk is settled after all that is below it: as sound, or as a place in the map of damage.
 */
import type { Hash } from "../chunk/hash.ts";
import type { HashSet } from "../chunk/hash-set.ts";
import { type ChunkKind, chunkKey } from "../chunk/key.ts";
import { partsOf, type ValuePart } from "./blob.ts";
import { attempt, type ChunkCheck, isFault, MISSING } from "./chunk-check.ts";
import type { Damage, DamageMap, Fault, KeySpan } from "./damage.ts";
import { compareText, keyBytes, keyText } from "./key-bytes.ts";
import { decodeNode, type Node } from "./node.ts";
import { isWellCut } from "./shape.ts";
import { blobOf } from "./slot.ts";

/** How many bytes are read at once, about. */
const BATCH_BYTES = 8 * 2 ** 20;
/** What a node, and a list of pieces, counts for. */
const NODE_BYTES = 8 * 1024;
const LIST_BYTES = 128 * 1024;

/** A tree, as a commit says. */
export interface ExpectedTree {
  readonly commit: Hash;
  readonly root: Hash;
  /** How many keys it has. */
  readonly size: number;
  /** How many bytes their values have. */
  readonly bytes: number;
  /** Its root, if it was made from another tree: the nodes that were made for it need not be stored. */
  readonly made?: Node | undefined;
}

/** A chunk to be checked. */
interface Expected {
  readonly hash: Hash;
  /** Tells apart what is expected of it: where it should be something else, it is checked again. */
  readonly variant: number;
  /** The node itself, where it need not be stored. It has a variant of its own: that is no proof that the same is stored elsewhere. */
  readonly made?: Node | undefined;
}

/** A node, as what is above it says. */
interface ExpectedNode extends Expected {
  readonly kindAbove: ChunkKind;
  readonly above: Hash;
  /** `undefined`: that of a root, whatever it is. */
  readonly level: number | undefined;
  readonly size: number;
  readonly bytes: number;
  /** The keys after those of its left neighbour, up to its own last one. */
  readonly keys: { readonly gt?: string; readonly lte?: string };
  /** Whether it is the last node of its level. */
  readonly isLast: boolean;
}

interface ExpectedPart extends ValuePart, Expected {}

/** A chunk that was read. */
interface Seen<T extends Expected> {
  readonly expected: T;
  readonly isSound: boolean;
  readonly damage: readonly Damage[];
}

interface SeenNode extends Seen<ExpectedNode> {
  readonly children: readonly ExpectedNode[];
  /** The large values of a leaf, with their keys. */
  readonly values: readonly { readonly key: string; readonly part: ExpectedPart }[];
}

interface SeenPart extends Seen<ExpectedPart> {
  readonly parts: readonly ExpectedPart[];
}

/** Checks trees. */
export class TreeCheck {
  readonly #chunks: ChunkCheck;
  readonly #damage: DamageMap;
  readonly #sound: HashSet;
  /** The places of what is not sound. */
  readonly #unsound: Map<string, number> = new Map();

  /** @param sound what is in it already is not read again, and what is found sound is added */
  constructor(chunks: ChunkCheck, damage: DamageMap, sound: HashSet) {
    this.#chunks = chunks;
    this.#damage = damage;
    this.#sound = sound;
  }

  /** Checks trees with all below them. Returns, for each, its place in the map of damage; `undefined` for a sound one. */
  async check(trees: readonly ExpectedTree[]): Promise<(number | undefined)[]> {
    const roots = trees.map(expectedRoot);
    await this.#checkNodes(roots);
    return roots.map((root) => this.#placeOf(root));
  }

  async #checkNodes(expected: readonly ExpectedNode[]): Promise<void> {
    const open = expected.filter((each) => this.#isOpen(each));
    const batches = batchesOf(
      open,
      ({ level }) => level ?? 0,
      () => NODE_BYTES,
    );
    for (const batch of batches) {
      const nodes = await this.#read(batch, (each, payload) => this.#seeNode(each, payload));
      await this.#checkNodes(nodes.flatMap(({ children }) => children));
      await this.#checkParts(nodes.flatMap(({ values }) => values.map(({ part }) => part)));
      for (const node of nodes) {
        const below = this.#placesOf(node.children);
        for (const { key, part } of node.values) {
          const place = this.#placeOf(part);
          if (place !== undefined) below.push(this.#damage.add([place], [], { gte: key, lte: key }));
        }
        this.#settle(node, below, node.expected.keys);
      }
    }
  }

  async #checkParts(expected: readonly ExpectedPart[]): Promise<void> {
    const open = expected.filter((each) => this.#isOpen(each));
    const batches = batchesOf(
      open,
      ({ depth }) => depth,
      ({ depth, size }) => (depth === 0 ? size : LIST_BYTES),
    );
    for (const batch of batches) {
      const seen = await this.#read(batch, (each, payload) => this.#seePart(each, payload));
      await this.#checkParts(seen.flatMap(({ parts }) => parts));
      for (const each of seen) this.#settle(each, this.#placesOf(each.parts));
    }
  }

  /** Reads those chunks that are not settled yet. */
  async #read<T extends Expected, R>(
    expected: readonly T[],
    see: (expected: T, payload: Uint8Array | Fault) => R,
  ): Promise<R[]> {
    const open = new Map<string, T>();
    for (const each of expected) if (this.#isOpen(each)) open.set(nameOf(each), each);
    const stored = [...open.values()].filter(({ made }) => made === undefined);
    const chunks = await this.#chunks.read("node", new Set(stored.map(({ hash }) => hash)));
    return [...open.values()].map((each) => {
      if (each.made !== undefined) return see(each, each.made.payload);
      const chunk = chunks.get(each.hash) ?? MISSING;
      return see(each, isFault(chunk) ? chunk : chunk.payload);
    });
  }

  #seeNode(expected: ExpectedNode, payload: Uint8Array | Fault): SeenNode {
    const { hash, kindAbove, above } = expected;
    const node = isFault(payload) ? payload : attempt("wrong", () => readNode(hash, payload));
    if (isFault(node)) {
      return { expected, isSound: false, damage: this.#note(hash, node), children: [], values: [] };
    }
    const isPlaced = isInPlace(node, expected);
    const contradiction = isPlaced ? totalsFault(node, expected) : placeFault(expected);
    const shape = isPlaced && !isWellShaped(node, expected) ? MISSHAPEN : undefined;
    return {
      expected,
      isSound: contradiction === undefined && shape === undefined,
      damage: [
        ...(contradiction === undefined ? [] : this.#damage.note(kindAbove, above, contradiction)),
        ...(shape === undefined ? [] : this.#damage.note("node", hash, shape)),
      ],
      children: isPlaced ? childrenOf(node, expected) : [],
      values: isPlaced ? valuesOf(node) : [],
    };
  }

  #seePart(expected: ExpectedPart, payload: Uint8Array | Fault): SeenPart {
    const parts = isFault(payload) ? payload : attempt("wrong", () => partsOf(expected, payload).map(expectedPart));
    if (!isFault(parts)) return { expected, isSound: true, damage: [], parts };
    return { expected, isSound: false, damage: this.#note(expected.hash, parts), parts: [] };
  }

  #note(hash: Hash, fault: Fault): Damage[] {
    return this.#damage.note("node", fault.at ?? hash, fault);
  }

  #settle({ expected, isSound, damage }: Seen<Expected>, below: readonly number[], keys?: KeySpan): void {
    if (isSound && below.length === 0) this.#sound.add(expected.hash, expected.variant);
    else this.#unsound.set(nameOf(expected), this.#damage.add(below, damage, keys));
  }

  #isOpen(expected: Expected): boolean {
    return !this.#sound.has(expected.hash, expected.variant) && this.#placeOf(expected) === undefined;
  }

  #placeOf(expected: Expected): number | undefined {
    return this.#unsound.size === 0 ? undefined : this.#unsound.get(nameOf(expected));
  }

  #placesOf(expected: readonly Expected[]): number[] {
    return expected.map((each) => this.#placeOf(each)).filter((place) => place !== undefined);
  }
}

/** A node with its keys as texts. */
interface KeyedNode {
  readonly node: Node;
  readonly keys: readonly string[];
}

function readNode(hash: Hash, payload: Uint8Array): KeyedNode {
  const node = decodeNode(hash, payload);
  return { node, keys: Array.from({ length: node.count }, (_, i) => keyText(node.key(i))) };
}

/** Whether a node has the level and the keys that it should have. */
function isInPlace({ node, keys }: KeyedNode, { level, keys: { gt, lte } }: ExpectedNode): boolean {
  const [first] = keys;
  if (level === undefined) return true;
  return node.level === level && keys.at(-1) === lte && first !== undefined && compareText(first, gt ?? "") > 0;
}

function placeFault({ hash }: ExpectedNode): Fault {
  return {
    what: "wrong",
    why: `${chunkKey("node", hash)}, which it leads to, has another level or other keys than it says`,
  };
}

function totalsFault({ node }: KeyedNode, { hash, size, bytes }: ExpectedNode): Fault | undefined {
  const found = node.totals();
  if (found.size === size && found.bytes === bytes) return undefined;
  const why = `${chunkKey("node", hash)}, which it leads to, has ${found.size} keys of ${found.bytes} bytes; it says ${size} of ${bytes}`;
  return { what: "wrong", why };
}

const MISSHAPEN: Fault = {
  what: "wrong",
  why: "it does not end where its keys say, so that the same contents elsewhere have another hash",
};

function isWellShaped({ node }: KeyedNode, { level, keys: { gt }, isLast }: ExpectedNode): boolean {
  const isLoneChild = level === undefined && node.level > 0 && node.count === 1;
  return !isLoneChild && isWellCut(node, gt === undefined ? undefined : keyBytes(gt), isLast);
}

function expectedRoot({ commit, root, size, bytes, made }: ExpectedTree): ExpectedNode {
  return {
    hash: root,
    ...madeOrStored(made, variantOf("root", size, bytes)),
    kindAbove: "commit",
    above: commit,
    level: undefined,
    size,
    bytes,
    keys: {},
    isLast: true,
  };
}

function childrenOf({ node, keys }: KeyedNode, expected: ExpectedNode): ExpectedNode[] {
  if (node.level === 0) return [];
  const level = node.level - 1;
  return keys.map((lte, i) => {
    const gt = i === 0 ? expected.keys.gt : keys[i - 1];
    const { size, bytes } = node.entryTotals(i);
    const isLast = expected.isLast && i === node.count - 1;
    return {
      hash: node.childHash(i),
      ...madeOrStored(expected.made?.children[i]?.node, variantOf(level, size, bytes, gt, lte, isLast)),
      kindAbove: "node",
      above: node.hash,
      level,
      size,
      bytes,
      keys: gt === undefined ? { lte } : { gt, lte },
      isLast,
    };
  });
}

function valuesOf({ node, keys }: KeyedNode): { key: string; part: ExpectedPart }[] {
  const values: { key: string; part: ExpectedPart }[] = [];
  if (node.level > 0) return values;
  keys.forEach((key, i) => {
    const ref = blobOf(node.slot(i));
    if (ref !== undefined) values.push({ key, part: expectedPart({ ...ref, isLast: true }) });
  });
  return values;
}

function expectedPart(part: ValuePart): ExpectedPart {
  return { ...part, variant: variantOf("part", part.depth, part.size, part.isLast) };
}

function nameOf({ hash, variant }: Expected): string {
  return `${hash} ${variant}`;
}

function madeOrStored(node: Node | undefined, variant: number): Pick<Expected, "made" | "variant"> {
  return node === undefined || node.isStored ? { variant } : { made: node, variant: ~variant };
}

/** 32 bits of what is expected: FNV-1a. */
function variantOf(...what: readonly (string | number | boolean | undefined)[]): number {
  const text = what.join("\u0000");
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** In batches of one height each, so that no chunk is in a batch with one that leads to it. */
function* batchesOf<T>(
  items: readonly T[],
  height: (item: T) => number,
  bytes: (item: T) => number,
): Generator<T[], void> {
  for (const each of new Set(items.map(height))) {
    let batch: T[] = [];
    let room = BATCH_BYTES;
    for (const item of items) {
      if (height(item) !== each) continue;
      if (room < bytes(item) && batch.length > 0) {
        yield batch;
        [batch, room] = [[], BATCH_BYTES];
      }
      batch.push(item);
      room -= bytes(item);
    }
    yield batch;
  }
}
