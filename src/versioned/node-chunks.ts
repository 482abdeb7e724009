import type { Hash } from "../chunk/hash.ts";
import type { Chunk } from "../chunk/store.ts";
import { type CommitRecord, decodeCommit } from "../commit/commit.ts";
import { tailLimitOf } from "../commit/format.ts";
import type { Repository } from "../commit/repository.ts";
import { SessionCollectedError } from "../errors.ts";
import type { Node } from "../tree/node.ts";
import { deltaOf } from "../tree/node-delta.ts";
import { NodeReader } from "../tree/node-store.ts";
import { seek } from "../tree/spot.ts";
import { unstoredNodes } from "../tree/unstored.ts";

/** How many differences in a row lead from a node to one that is stored whole, at most. */
const LONGEST_CHAIN = 8;

/** The chunks of nodes, and of those that are stored as differences from others, which these are. */
export interface NodeChunks {
  readonly chunks: readonly Chunk[];
  readonly bases: ReadonlyMap<Hash, readonly Hash[]>;
}

/**
 * The chunks of a tree's nodes that are not stored. Where tails are allowed, and so round trips are cheap, a node is stored as what
 * differs from the one in its place in the last tree that is stored.
 *
 * @param parent the first parent of the tree's commit: what is stored of the tree belongs to the base of its tail
 * @throws SessionCollectedError if that was collected
 */
export async function nodeChunks(
  repository: Repository,
  root: Node,
  parent: CommitRecord | undefined,
): Promise<NodeChunks> {
  const nodes = unstoredNodes(root);
  const bases = new Map<Hash, readonly Hash[]>();
  const whole = ({ hash, payload }: Node): Chunk => ({ kind: "node", hash, payload });
  if (parent === undefined || tailLimitOf(repository.store) === 0) return { chunks: nodes.map(whole), bases };
  const base = await storedBelow(repository, parent);
  const top = await repository.trees.root(base);
  if (top.count === 0) return { chunks: nodes.map(whole), bases };
  const others = await basesFor(repository, nodes, top);
  const chunks = nodes.map((node, i): Chunk => {
    const other = others[i];
    const chain = other === undefined ? [] : [other.hash, ...(other.stored?.bases ?? [])];
    // It may be one of them again: nothing is a difference from itself.
    const delta = other === undefined || chain.includes(node.hash) ? undefined : deltaOf(node, other);
    if (delta === undefined) return whole(node);
    bases.set(node.hash, chain);
    return { ...whole(node), delta };
  });
  return { chunks, bases };
}

/**
 * The nodes that others can be stored as differences from: those in their places in a tree that is stored; where a chain would
 * get too long, the one that it ends with.
 */
async function basesFor(
  { chunks, nodes: store }: Repository,
  nodes: readonly Node[],
  top: Node,
): Promise<readonly (Node | undefined)[]> {
  const reader = new NodeReader(store);
  const others = await reader.run(() => nodes.map((node) => inPlaceOf(node, top, reader)));
  const isLong = (other: Node | undefined): other is Node => (other?.stored?.bases.length ?? 0) >= LONGEST_CHAIN;
  const long = others.filter(isLong).map(({ hash }) => hash);
  if (long.length === 0) return others;
  // As they are stored now: what they were differences from when they were read may be gone.
  const found = await chunks.readSound("node", long);
  return reader.run(() =>
    others.map((other) => {
      const last = isLong(other) ? found.get(other.hash)?.bases.at(-1) : undefined;
      return last === undefined ? other : reader.node(last);
    }),
  );
}

/** The base of a commit's tail. That its tree is stored is looked up, as it may have been collected and made again since it was read. */
async function storedBelow({ trees, chunks }: Repository, commit: CommitRecord): Promise<CommitRecord> {
  const base = await trees.base(commit);
  const stored = (await chunks.readSound("commit", [base.hash])).get(base.hash);
  if (stored === undefined || decodeCommit(base.hash, stored).note !== undefined) throw new SessionCollectedError();
  return base;
}

/** The stored node in the place of another one. */
function inPlaceOf(node: Node, top: Node, reader: NodeReader): Node | undefined {
  if (node.level > top.level || node.count === 0) return undefined;
  const key = node.lastKey();
  const found = seek(reader, { node: top, parent: undefined, index: 0 }, node.level, key, 0, key.length);
  return found === "missed" ? undefined : found.node;
}
