import type { Node } from "./node.ts";

/** The nodes of a tree that are not stored. */
export function unstoredNodes(root: Node): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (node.isStored) return;
    found.push(node);
    for (const index of node.held) {
      const child = node.children[index]?.node;
      if (child !== undefined) visit(child);
    }
  };
  visit(root);
  return found;
}
