/**
 * Applies a batch of changes to a tree, level by level from the leaves: the nodes that one level replaced are the
 * changes of the level above. The result has the nodes that a tree built from nothing would have (see `boundary.ts`).
 */

import { type Beyond, boundaryHash, cut, reachOf } from "./boundary.ts";
import { EntryList } from "./entry-list.ts";
import { compareKeys } from "./key-bytes.ts";
import { LevelCursor } from "./level-cursor.ts";
import { checkOrder, type Node } from "./node.ts";
import { buildNode, childSlot, replaceSlots } from "./node-builder.ts";
import type { NodeReader } from "./node-store.ts";

/** The root of the empty tree. */
export const EMPTY_ROOT: Node = buildNode(new EntryList(), 0, 0, 0, false, false);

/**
 * Sets and removes keys; returns the root of the tree after it. Its new nodes are not stored, and hold each other.
 *
 * @param changes in key order, each key once
 */
export async function edit(reader: NodeReader, root: Node, changes: EntryList): Promise<Node> {
  let edits = changes;
  for (let level = 0; ; level++) {
    const work = edits;
    const regions = level > root.level ? [wholeLevel(work)] : await reader.run(() => plan(reader, root, level, work));
    const exchanges = regions.map((region) => ({ old: region.nodes, built: exchange(region, work, level) }));
    if (level < root.level) {
      edits = parentEdits(exchanges);
      if (edits.length === 0) return root;
    } else {
      const built = exchanges.flatMap((region) => region.built);
      if (regions.length === 0) return root;
      if (built.length <= 1) return collapse(reader, built[0] ?? EMPTY_ROOT);
      edits = parentEdits([{ old: [], built }]);
    }
  }
}

/** The root is the lowest node that is alone on its level. */
async function collapse(reader: NodeReader, top: Node): Promise<Node> {
  let root = top;
  while (root.level > 0 && root.count === 1) {
    const parent = root;
    root = (await reader.run(() => reader.child(parent, 0))) ?? root;
  }
  return root;
}

/** Neighbouring nodes to be replaced together, with the changes that fall into them. */
interface Region {
  readonly nodes: Node[];
  readonly firstEdit: number;
  endEdit: number;
  /** Whether a key comes or goes: only then can boundaries move. */
  structural: boolean;
  /** How many entries lie before the first, and behind the last, place where a key comes or goes. */
  before: number;
  behind: number;
}

function wholeLevel(edits: EntryList): Region {
  return { nodes: [], firstEdit: 0, endEdit: edits.length, structural: true, before: 0, behind: 0 };
}

/**
 * Finds what must be rebuilt: the nodes with changes, and where keys come or go so close to a boundary that it may
 * move, their neighbours. A region begins and ends at boundaries that stay (or at the ends of the level).
 */
function plan(reader: NodeReader, root: Node, level: number, edits: EntryList): Region[] {
  const cursor = new LevelCursor(reader, root, level);
  const regions: Region[] = [];
  for (let i = 0; i < edits.length; ) {
    const node = cursor.seek(edits.key(i));
    if (node === "missed") {
      i++;
      continue;
    }
    const region = regionOf(node, edits, i, cursor);
    i = region.endEdit;
    if (!extend(regions.at(-1), region, node)) regions.push(region);
    settleLeft(regions, cursor, level);
    settleRight(regions, cursor, level);
  }
  return regions;
}

/** The changes from `first` on that fall into `node`. */
function regionOf(node: Node, edits: EntryList, first: number, cursor: LevelCursor): Region {
  const isLast = cursor.isLast;
  const region: Region = { nodes: [node], firstEdit: first, endEdit: first, structural: false, before: 0, behind: 0 };
  for (let i = first; i < edits.length; i++) {
    const key = edits.key(i);
    const at = node.lowerBound(key);
    if (at === node.count && !isLast && i > first) break;
    region.endEdit = i + 1;
    const exists = node.isKey(at, key);
    if (exists !== edits.isRemoval(i)) continue;
    if (!region.structural) region.before = at;
    region.structural = true;
    region.behind = node.count - at - (exists ? 1 : 0);
  }
  return region;
}

/** Adds `other`, which is about one node, to a region that has that node; whether it has. */
function extend(region: Region | undefined, other: Region, node: Node): boolean {
  const at = region?.nodes.findLastIndex(({ hash }) => hash === node.hash) ?? -1;
  if (region === undefined || at < 0) return false;
  region.endEdit = other.endEdit;
  if (!other.structural) return true;
  if (!region.structural) region.before = entries(region.nodes.slice(0, at)) + other.before;
  region.structural = true;
  region.behind = other.behind + entries(region.nodes.slice(at + 1));
  return true;
}

/** Adds `other`, which begins where the region ends, to it. */
function join(region: Region, other: Region): void {
  if (!region.structural) region.before = entries(region.nodes) + other.before;
  for (const node of other.nodes) region.nodes.push(node);
  region.endEdit = other.endEdit;
  region.structural = true;
  region.behind = other.behind;
}

function entries(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => sum + node.count, 0);
}

function settleLeft(regions: Region[], cursor: LevelCursor, level: number): void {
  for (let region = regions.at(-1); region?.structural; region = regions.at(-1)) {
    const first = region.nodes[0];
    if (first === undefined || region.before >= reachOf(level, first.startsForced)) return;
    const before = cursor.beside(first, -1);
    if (before === undefined || before === "missed") return;
    const previous = regions.at(-2);
    if (previous !== undefined && previous.nodes.at(-1)?.hash === before.hash) {
      join(previous, region);
      regions.pop();
    } else {
      region.nodes.unshift(before);
      region.before += before.count;
    }
  }
}

function settleRight(regions: Region[], cursor: LevelCursor, level: number): void {
  const region = regions.at(-1);
  while (region?.structural) {
    const last = region.nodes.at(-1);
    if (last === undefined || region.behind > reachOf(level, last.endsForced)) return;
    const next = cursor.beside(last, 1);
    if (next === undefined || next === "missed") return;
    region.nodes.push(next);
    region.behind += next.count;
  }
}

/** The nodes that take the place of a region's; one that stays as it was is the old one. */
function exchange(region: Region, edits: EntryList, level: number): Node[] {
  const old = new Map(region.nodes.map((node) => [node.hash, node]));
  return rebuild(region, edits, level).map((node) => old.get(node.hash) ?? node);
}

function rebuild(region: Region, edits: EntryList, level: number): Node[] {
  const [only] = region.nodes;
  if (!region.structural && only !== undefined) return [replaced(only, region, edits, level)];
  const list = merged(region, edits);
  const hashes = new Uint32Array(list.length);
  const keys = list.keys;
  for (let i = 0; i < list.length; i++) hashes[i] = boundaryHash(keys, list.keyStart(i), list.keyEnd(i), level);
  const beyond = beyondOf(region.nodes);
  let from = 0;
  let startsForced = beyond.start !== undefined;
  return cut(hashes, level, (i) => list.key(i), beyond).map(({ end, forced }) => {
    const node = buildNode(list, from, end, level, startsForced, forced);
    from = end;
    startsForced = forced;
    return node;
  });
}

/** Where a region begins or ends inside a long stretch. */
function beyondOf(nodes: readonly Node[]): Beyond {
  const start = nodes[0]?.startsForced ? ends(nodes) : undefined;
  const end = nodes.at(-1)?.endsForced ? ends(nodes.toReversed()) : undefined;
  return { start, end };
}

/** How many entries there are up to the end of the first node, of the second, and so on. */
function ends(nodes: readonly Node[]): Set<number> {
  let sum = 0;
  return new Set(nodes.map(({ count }) => (sum += count)));
}

/** A node in which values change, but no keys come or go. */
function replaced(node: Node, region: Region, edits: EntryList, level: number): Node {
  const quick = replaceSlots(node, edits, region.firstEdit, region.endEdit);
  if (quick !== undefined) return quick;
  const list = merged(region, edits);
  return buildNode(list, 0, list.length, level, node.startsForced, node.endsForced);
}

/** A region's entries after its changes. */
function merged(region: Region, edits: EntryList): EntryList {
  const list = new EntryList(keyRoom(region, edits));
  let at = region.firstEdit;
  let last: Node | undefined;
  for (const node of region.nodes) {
    if (last !== undefined) checkOrder(last, node);
    last = node;
    for (let i = 0; i < node.count; ) {
      const bound = at < region.endEdit ? node.lowerBound(edits.key(at)) : node.count;
      while (i < bound) list.pushNode(node, i++);
      if (i === node.count || at === region.endEdit) break;
      if (node.isKey(i, edits.key(at))) {
        if (!edits.isRemoval(at)) list.pushUpdated(node, i, edits, at);
        i++;
      } else if (!edits.isRemoval(at)) {
        list.pushFrom(edits, at);
      }
      at++;
    }
  }
  for (; at < region.endEdit; at++) if (!edits.isRemoval(at)) list.pushFrom(edits, at);
  return list;
}

/** How many bytes the keys of a region take at most. */
function keyRoom(region: Region, edits: EntryList): number {
  const { nodes, firstEdit, endEdit } = region;
  const before = nodes.reduce((sum, node) => sum + node.count * node.prefixLength + node.keyBytes, 0);
  return before + edits.keyStart(endEdit) - edits.keyStart(firstEdit);
}

/** What replaced nodes change in the level above: their last keys come, go or lead to another node. */
function parentEdits(replaced: readonly { old: readonly Node[]; built: readonly Node[] }[]): EntryList {
  const edits = new EntryList();
  for (const { old, built } of replaced) {
    let at = 0;
    for (const node of built) {
      const key = node.lastKey();
      let gone = old[at];
      for (; gone !== undefined && compareKeys(gone.lastKey(), key) < 0; gone = old[++at])
        edits.push(gone.lastKey(), undefined);
      const same = gone !== undefined && compareKeys(gone.lastKey(), key) === 0;
      if (same) at++;
      if (!same || gone?.hash !== node.hash) edits.pushChild(key, childSlot(node), { node, used: false });
    }
    for (const gone of old.slice(at)) edits.push(gone.lastKey(), undefined);
  }
  return edits;
}
