import { EntryList } from "./entry-list.ts";
import type { Node } from "./node.ts";
import type { NodeReader } from "./node-store.ts";

/** Those of some changes that change something in a tree: the list itself, if all do. One round trip a level at most. */
export async function withoutIdle(reader: NodeReader, root: Node, changes: EntryList): Promise<EntryList> {
  if (root.count === 0 && !changes.hasRemovals()) return changes;
  let idle = findIdle(reader, root, changes);
  while (reader.missed) {
    await reader.fetch();
    idle = findIdle(reader, root, changes);
  }
  if (idle.length === 0) return changes;
  const effective = new EntryList();
  let from = 0;
  for (const index of [...idle, changes.length]) {
    for (let i = from; i < index; i++) effective.pushFrom(changes, i);
    from = index + 1;
  }
  return effective;
}

/** The positions of those that set what is there, or remove what is not; nodes that are missed are passed over. */
function findIdle(reader: NodeReader, root: Node, changes: EntryList): number[] {
  const idle: number[] = [];
  const { keys } = changes;
  const visit = (node: Node, from: number, to: number): void => {
    for (let i = from; i < to; ) {
      const index = node.lowerBound(keys.bytes, keys.start(i), keys.end(i));
      const isBehind = index === node.count;
      if (isBehind || node.level === 0) {
        const isThere = !isBehind && node.compareKey(index, keys.bytes, keys.start(i), keys.end(i)) === 0;
        if (isThere ? !changes.isRemoval(i) && changes.isSlot(i, node, index) : changes.isRemoval(i)) idle.push(i);
        i++;
        continue;
      }
      let end = i + 1;
      while (end < to && node.compareKey(index, keys.bytes, keys.start(end), keys.end(end)) >= 0) end++;
      const child = reader.child(node, index);
      if (child !== undefined) visit(child, i, end);
      i = end;
    }
  };
  visit(root, 0, changes.length);
  return idle;
}
