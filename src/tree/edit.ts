/**
 * Applies a batch of changes to a tree, level by level from the leaves: the nodes that one level replaced are the
 * changes of the level above. The result has the nodes that a tree built from nothing would have (see `boundary.ts`).
 */

import { type Beyond, reachOf } from "./boundary.ts";
import { buildAbove, buildLevel, type Untouched } from "./build.ts";
import { EntryList } from "./entry-list.ts";
import { KeyList } from "./key-list.ts";
import { checkOrder, type Node } from "./node.ts";
import { buildNode } from "./node-builder.ts";
import type { NodeReader } from "./node-store.ts";
import { findSlots, type Patch, replaceSlots } from "./replace.ts";
import { beside, climb, isLast, type Spot, seek } from "./spot.ts";

/** The root of the empty tree. */
export const EMPTY_ROOT: Node = /* @__PURE__ */ buildNode(/* @__PURE__ */ new EntryList(), 0, 0, 0, false, false);

/** What the entries of a region take mostly, in bytes. */
const ROOM = { keys: 2048, slots: 8192 };
/** Where the entries of regions lie until their nodes are built: to make a list takes longer than most edits. */
let scratch = /* @__PURE__ */ emptyList();

/**
 * Sets and removes keys; returns the root of the tree after it. Its new nodes are not stored, and hold each other.
 *
 * @param changes in key order, each key once
 */
export async function edit(reader: NodeReader, root: Node, changes: EntryList): Promise<Node> {
  if (root.count === 0) {
    const built = buildLevel(withoutRemovals(changes), 0);
    return built.length === 0 ? root : buildAbove(built);
  }
  let edits = changes;
  for (let level = 0; ; level++) {
    // Most edits change values only, and most others nothing but slots from the second level on.
    const find = (): Patch | undefined => findSlots(reader, root, level, edits, 0, edits.length);
    let patch = find();
    for (; patch !== undefined && reader.missed; patch = find()) await reader.fetch();
    if (patch !== undefined) return patched(root, patch, edits);
    let regions = plan(reader, root, level, edits);
    for (; reader.missed; regions = plan(reader, root, level, edits)) await reader.fetch();
    const exchanges: Exchange[] = [];
    for (const region of regions)
      exchanges.push({ old: region.nodes, built: exchange(reader, region, edits, level, scratch) });
    // A few large edits do not make it large for ever.
    if (scratch.room > 8 * ROOM.slots) scratch = emptyList();
    else scratch.clear();
    if (level === root.level) return topOf(reader, exchanges[0]?.built ?? []);
    edits = parentEdits(exchanges);
  }
}

function emptyList(): EntryList {
  return new EntryList(new KeyList(ROOM.keys), ROOM.slots);
}

function withoutRemovals(edits: EntryList): EntryList {
  if (!edits.hasRemovals()) return edits;
  const list = new EntryList();
  for (let i = 0; i < edits.length; i++) if (!edits.isRemoval(i)) list.pushFrom(edits, i);
  return list;
}

/** A node with other slots; itself if they are the same. */
function patched(root: Node, patch: Patch, edits: EntryList): Node {
  return patch.indexes.length === 0 ? root : replaceSlots(patch, edits);
}

/** The root over all nodes of a level: the lowest node that is alone on its level. */
async function topOf(reader: NodeReader, nodes: readonly Node[]): Promise<Node> {
  if (nodes.length > 1) return buildAbove(nodes);
  let [root = EMPTY_ROOT] = nodes;
  while (root.level > 0 && root.count === 1) {
    const child = reader.child(root, 0);
    if (child === undefined) await reader.fetch();
    else root = child;
  }
  return root;
}

/** Neighbouring nodes to be replaced together, with the changes that fall into them. */
interface Region {
  readonly nodes: Node[];
  first: Spot;
  last: Spot;
  readonly firstEdit: number;
  endEdit: number;
  /** Whether a key comes or goes: only then can boundaries move. */
  structural: boolean;
  /** How many entries lie before the first, and behind the last, place where a key comes or goes. */
  before: number;
  behind: number;
}

/**
 * Finds what must be rebuilt: the nodes with changes, and where keys come or go so close to a boundary that it may
 * move, their neighbours. A region begins and ends at boundaries that stay (or at the ends of the level).
 */
function plan(reader: NodeReader, root: Node, level: number, edits: EntryList): Region[] {
  const regions: Region[] = [];
  const { keys } = edits;
  let spot: Spot = { node: root, parent: undefined, index: 0 };
  for (let i = 0; i < edits.length; ) {
    const from = climb(spot, keys.bytes, keys.start(i), keys.end(i));
    const found = seek(reader, from, level, keys.bytes, keys.start(i), keys.end(i));
    if (found === "missed") {
      i++;
      continue;
    }
    spot = found;
    const region = regionOf(spot, edits, i);
    i = region.endEdit;
    if (!extend(regions.at(-1), region, spot.node)) regions.push(region);
    settleLeft(regions, reader, level);
    settleRight(regions.at(-1), reader, level);
  }
  return regions;
}

/** The changes from `first` on that fall into a node. */
function regionOf(spot: Spot, edits: EntryList, first: number): Region {
  const { node } = spot;
  const region: Region = {
    nodes: [node],
    first: spot,
    last: spot,
    firstEdit: first,
    endEdit: first,
    structural: false,
    before: 0,
    behind: 0,
  };
  const { keys } = edits;
  for (let i = first; i < edits.length; i++) {
    const at = node.lowerBound(keys.bytes, keys.start(i), keys.end(i));
    if (at === node.count && i > first && !isLast(spot)) break;
    region.endEdit = i + 1;
    const exists = at < node.count && node.compareKey(at, keys.bytes, keys.start(i), keys.end(i)) === 0;
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
  region.last = other.last;
  region.endEdit = other.endEdit;
  region.structural = true;
  region.behind = other.behind;
}

function entries(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => sum + node.count, 0);
}

function settleLeft(regions: Region[], reader: NodeReader, level: number): void {
  for (let region = regions.at(-1); region?.structural; region = regions.at(-1)) {
    const { first } = region;
    if (region.before >= reachOf(level, first.node.startsForced)) return;
    const before = beside(reader, first, -1);
    if (before === undefined || before === "missed") return;
    const previous = regions.at(-2);
    if (previous !== undefined && previous.last.node.hash === before.node.hash) {
      join(previous, region);
      regions.pop();
    } else {
      region.nodes.unshift(before.node);
      region.first = before;
      region.before += before.node.count;
    }
  }
}

function settleRight(region: Region | undefined, reader: NodeReader, level: number): void {
  while (region?.structural) {
    const { last } = region;
    if (region.behind > reachOf(level, last.node.endsForced)) return;
    const next = beside(reader, last, 1);
    if (next === undefined || next === "missed") return;
    region.nodes.push(next.node);
    region.last = next;
    region.behind += next.node.count;
  }
}

/** Nodes of a level, and those that take their place. */
interface Exchange {
  readonly old: readonly Node[];
  readonly built: readonly Node[];
}

/** The nodes that take the place of a region's; one that stays as it was is the old one. `list` is for the time of the call. */
function exchange(reader: NodeReader, region: Region, edits: EntryList, level: number, list: EntryList): Node[] {
  const { nodes, firstEdit, endEdit, structural } = region;
  const [only] = nodes;
  const patch =
    structural || only === undefined ? undefined : findSlots(reader, only, level, edits, firstEdit, endEdit);
  if (only !== undefined && patch !== undefined) return [patched(only, patch, edits)];
  list.clear();
  const untouched: Untouched = new Map();
  let at = firstEdit;
  let last: Node | undefined;
  for (const node of nodes) {
    if (last !== undefined) checkOrder(last, node);
    last = node;
    const start = list.length;
    const first = at;
    at = addMerged(list, node, edits, at, endEdit);
    if (at === first) untouched.set(start, node);
  }
  for (; at < endEdit; at++) if (!edits.isRemoval(at)) list.pushFrom(edits, at);
  const built = buildLevel(list, level, beyondOf(nodes), untouched);
  const old = new Map<string, Node>();
  for (const node of nodes) old.set(node.hash, node);
  return built.map((node) => old.get(node.hash) ?? node);
}

/** Adds a node's entries, with the changes from `first` on that come up to its end; returns the change after those. */
function addMerged(list: EntryList, node: Node, edits: EntryList, first: number, end: number): number {
  const { keys } = edits;
  let at = first;
  for (let i = 0; i < node.count; ) {
    const bound = at < end ? node.lowerBound(keys.bytes, keys.start(at), keys.end(at)) : node.count;
    list.pushNode(node, i, bound);
    i = bound;
    if (i === node.count) break;
    if (node.compareKey(i, keys.bytes, keys.start(at), keys.end(at)) === 0) i++;
    if (!edits.isRemoval(at)) list.pushFrom(edits, at);
    at++;
  }
  return at;
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

/** What replaced nodes change in the level above: their last keys come, go or lead to another node. */
function parentEdits(exchanges: readonly Exchange[]): EntryList {
  const edits = new EntryList();
  for (const { old, built } of exchanges) {
    let at = 0;
    for (const node of built) {
      let gone = old[at];
      let order = gone === undefined ? 1 : compareEnds(gone, node);
      while (gone !== undefined && order < 0) {
        edits.pushGone(gone);
        gone = old[++at];
        order = gone === undefined ? 1 : compareEnds(gone, node);
      }
      if (order === 0) at++;
      if (order !== 0 || gone?.hash !== node.hash) edits.pushChild(node);
    }
    for (const gone of old.slice(at)) edits.pushGone(gone);
  }
  return edits;
}

function compareEnds(a: Node, b: Node): number {
  return a.compareEntries(a.count - 1, b, b.count - 1);
}
