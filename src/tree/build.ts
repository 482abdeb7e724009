/** Builds levels of a tree from their entries. */
import { type Beyond, boundaryHash, cut } from "./boundary.ts";
import { EntryList } from "./entry-list.ts";
import type { Node } from "./node.ts";
import { buildNode } from "./node-builder.ts";

/** Nodes whose entries are among others as they were, by the position of the first. */
export type Untouched = Map<number, Node>;

/** Where the hashes of few entries lie: to make an array takes longer than to hash the keys of a node. */
const FEW = new Uint32Array(512);

/** The nodes of some entries of a level; those that would be as they were are taken. */
export function buildLevel(list: EntryList, level: number, beyond: Beyond = {}, untouched?: Untouched): Node[] {
  const { keys } = list;
  const { length } = list;
  const hashes = length > FEW.length ? new Uint32Array(length) : FEW.subarray(0, length);
  for (let i = 0; i < length; i++) hashes[i] = boundaryHash(keys.bytes, keys.start(i), keys.end(i), level);
  const nodes: Node[] = [];
  let from = 0;
  let startsForced = beyond.start !== undefined;
  for (const { end, forced } of cut(hashes, level, (i) => list.key(i), beyond)) {
    const known = untouched?.get(from);
    const isSame = known?.count === end - from && known.startsForced === startsForced && known.endsForced === forced;
    nodes.push(known !== undefined && isSame ? known : buildNode(list, from, end, level, startsForced, forced));
    from = end;
    startsForced = forced;
  }
  return nodes;
}

/** The root over all nodes of a level, of which there are several. */
export function buildAbove(nodes: readonly Node[]): Node {
  const [first] = nodes;
  if (first === undefined) throw new RangeError("Nothing to build a root over.");
  if (nodes.length === 1) return first;
  const list = new EntryList();
  for (const node of nodes) list.pushChild(node);
  return buildAbove(buildLevel(list, first.level + 1));
}
