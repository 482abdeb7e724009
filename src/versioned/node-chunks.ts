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
  const base = await storedBelow(repository, parent);
  const top = await repository.trees.root(base);
  if (top.count === 0) return nodes.map(whole);
  const reader = new NodeReader(repository.nodes);
  const others = await reader.run(() => nodes.map((node) => inPlaceOf(node, top, reader)));
  return nodes.map((node, i): Chunk => {
    const other = others[i];
    // It may be the other one again: nothing is a difference from itself.
    const delta = other && other.hash !== node.hash ? deltaOf(node, other) : undefined;
    return { kind: "node", hash: node.hash, payload: node.payload, delta };
  });
}

/** The base of a commit's tail. That its tree is stored is looked up, as it may have been collected and made again since it was read. */
async function storedBelow({ trees, chunks }: Repository, commit: CommitRecord): Promise<CommitRecord> {
  const base = await trees.base(commit);
  const stored = (await chunks.readSound("commit", [base.hash])).get(base.hash);
  if (stored === undefined || decodeCommit(base.hash, stored).note !== undefined) throw new SessionCollectedError();
  return base;
}

/** The stored node in the place of another one; if it is stored as a difference, the one from which it differs. */
function inPlaceOf(node: Node, top: Node, reader: NodeReader): Node | undefined {
  if (node.level > top.level || node.count === 0) return undefined;
  const key = node.lastKey();
  const found = seek(reader, { node: top, parent: undefined, index: 0 }, node.level, key, 0, key.length);
  let base = found === "missed" ? undefined : found.node;
  while (base?.stored?.base !== undefined) base = reader.node(base.stored.base);
  return base;
}
