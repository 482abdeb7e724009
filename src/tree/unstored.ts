import type { Node } from "./node.ts";

/** The nodes of a tree that are not stored. */
export function unstoredNodes(root: Node): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (node.isStored) return;
    found.push(node);
    for (const child of node.children) if (child?.node !== undefined) visit(child.node);
  };
  visit(root);
  return found;
}
