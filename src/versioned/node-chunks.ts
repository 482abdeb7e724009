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

/** What a node can be stored as a difference from. */
interface Base {
  readonly node: Node;
  /** The node that was found in its place, what that is stored as a difference from, and so on. */
  readonly chain: readonly Hash[];
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
): Promise<Chunk[]> {
  const nodes = unstoredNodes(root);
  const whole = ({ hash, payload }: Node): Chunk => ({ kind: "node", hash, payload });
  if (parent === undefined || tailLimitOf(repository.store) === 0) return nodes.map(whole);
  const below = await storedBelow(repository, parent);
  const top = await repository.trees.root(below);
  if (top.count === 0) return nodes.map(whole);
  const bases = await basesFor(repository, nodes, top);
  return nodes.map((node, i): Chunk => {
    const base = bases[i];
    // It may be one of them again: nothing is a difference from itself.
    const delta = base === undefined || base.chain.includes(node.hash) ? undefined : deltaOf(node, base.node);
    return { ...whole(node), delta };
  });
}

/**
 * What nodes can be stored as differences from: the nodes in their places in a tree that is stored; where a chain would get too
 * long, the one that it ends with; nothing where that is not there.
 */
async function basesFor(
  { chunks, nodes: store }: Repository,
  nodes: readonly Node[],
  top: Node,
): Promise<readonly (Base | undefined)[]> {
  const reader = new NodeReader(store);
  const others = await reader.run(() => nodes.map((node) => inPlaceOf(node, top, reader)));
  const hashes = new Set(others.flatMap((other) => other?.hash ?? []));
  // As they are stored now: since they were cached they may have been collected, and stored again in another form.
  const chains = await chunks.chains([...hashes]);
  return reader.run(() =>
    others.map((other): Base | undefined => {
      const bases = other && chains.get(other.hash);
      if (other === undefined || bases === undefined) return undefined;
      const last = bases.length < LONGEST_CHAIN ? undefined : bases.at(-1);
      const node = last === undefined ? other : reader.node(last);
      return node && { node, chain: [other.hash, ...bases] };
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
