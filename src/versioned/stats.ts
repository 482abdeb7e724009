import type { Hash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";
import type { CommitRecord } from "../commit/commit.ts";
import type { Repository } from "../commit/repository.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader, type NodeStore } from "../tree/node-store.ts";

/** The children of how many nodes are read at once. */
const BATCH = 32;

/** How large a commit is, and what it shares. */
export interface Stats {
  /** How many keys it has. */
  readonly keys: number;
  /** How many bytes their values have. */
  readonly bytes: number;
  /** How many levels its tree has, leaves included. */
  readonly depth: number;
  /** How many nodes each level has, the leaves first. */
  readonly nodes: readonly number[];
  /** How many of its nodes its first parent has, too; 0 without a parent. */
  readonly shared: number;
}

/** What there is to say of a commit; `parent` is its first one. Reads the inner nodes of both trees. */
export async function statsOf(
  { nodes, trees }: Repository,
  commit: CommitRecord,
  parent: CommitRecord | undefined,
): Promise<Stats> {
  const root = await trees.root(commit);
  const before = new HashSet();
  if (parent !== undefined) await forEachNode(nodes, await trees.root(parent), (hash) => before.add(hash));
  const counts = Array.from({ length: root.level + 1 }, () => 0);
  let shared = 0;
  await forEachNode(nodes, root, (hash, level) => {
    counts[level] = (counts[level] ?? 0) + 1;
    if (before.has(hash)) shared++;
  });
  return { keys: commit.size, bytes: commit.bytes, depth: root.level + 1, nodes: counts, shared };
}

/** Calls `visit` for every node of a tree; the leaves are not read. */
async function forEachNode(nodes: NodeStore, root: Node, visit: (hash: Hash, level: number) => void): Promise<void> {
  visit(root.hash, root.level);
  for (const open: Node[] = [root]; open.length > 0; ) {
    const batch = open.splice(-BATCH).filter((node) => node.level > 0);
    for (const node of batch) for (let i = 0; i < node.count; i++) visit(node.childHash(i), node.level - 1);
    const reader = new NodeReader(nodes);
    const inner = batch.filter((node) => node.level > 1);
    const below = await reader.run(() =>
      inner.flatMap((node) => Array.from({ length: node.count }, (_, i) => reader.child(node, i))),
    );
    for (const node of below) if (node !== undefined) open.push(node);
  }
}
