/**
 * The three-way merge of two trees over a base: what each side changed since is found by two diffs, which cost what
 * they find, and joined by key.
 */
import { checkValue, equalValues } from "../bytes.ts";
import type { Chunk } from "../chunk/store.ts";
import type { Conflict } from "../errors.ts";
import { readSlots } from "../tree/blob.ts";
import { diff } from "../tree/diff.ts";
import { EntryList } from "../tree/entry-list.ts";
import { compareKeys, keyBytes, keyText } from "../tree/key-bytes.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader, type NodeStore } from "../tree/node-store.ts";
import { getSlots } from "../tree/read.ts";
import type { KeyRules } from "./rules.ts";
import type { MergeFn } from "./types.ts";
import { valueSlot } from "./updates.ts";

/** What both sides started from. */
export interface MergeBase {
  readonly root: Node;
  /** Keys that several merge bases disagree about: they have no base value, and count as changed by both sides. */
  readonly contested: ReadonlySet<string>;
}

/** What a merge comes to. */
export interface TreeMerge {
  /** What to change in the tree that the result is made from. */
  readonly changes: EntryList;
  /** What new large values lie in. */
  readonly chunks: Chunk[];
  readonly autoMergedKeys: string[];
  readonly resolvedKeys: string[];
  readonly carriedKeys: string[];
  readonly conflicts: Conflict[];
}

type Slot = Uint8Array | undefined;

/** A key that a side changed: its slots in the base and on the sides. */
interface Changed {
  readonly key: Uint8Array;
  readonly old: Slot;
  readonly ours: Slot;
  readonly theirs: Slot;
  readonly by: "ours" | "theirs" | "both";
}

/** What a key that both sides changed becomes. */
type Decision = { readonly slot: Slot; readonly byRule: boolean } | { readonly conflict: Conflict };

/** Two trees to be merged. */
export interface TreeSides {
  readonly base: MergeBase;
  readonly ours: Node;
  readonly theirs: Node;
  /** Which of them the result is made from. */
  readonly onto: "ours" | "theirs";
}

/** Merges two trees; keys that both sides changed are decided by rules, and keys that one side changed where a prefix has one. */
export async function mergeTrees(
  nodes: NodeStore,
  { base, ours, theirs, onto }: TreeSides,
  rules: KeyRules,
  signal?: AbortSignal,
): Promise<TreeMerge> {
  return settle(nodes, await joinChanges(nodes, base, ours, theirs, signal), rules, onto, signal);
}

/** Applies what happened between two trees to a third one; what is there already is passed over. Costs what happened. */
export async function applyChanges(
  nodes: NodeStore,
  { from, to, onto }: { readonly from: Node; readonly to: Node; readonly onto: Node },
  rules: KeyRules,
  signal?: AbortSignal,
): Promise<TreeMerge> {
  const changed: Changed[] = [];
  for await (const page of diff(nodes, from, to)) {
    signal?.throwIfAborted();
    const slots = await getSlots(
      new NodeReader(nodes),
      onto,
      page.map(({ key }) => key),
    );
    for (const [i, { key, before, after }] of page.entries()) {
      const ours = slots[i];
      if (equalValues(ours, after)) continue;
      changed.push({ key, old: before, ours, theirs: after, by: equalValues(ours, before) ? "theirs" : "both" });
    }
  }
  return settle(nodes, changed, rules, "ours", signal);
}

/** Decides what becomes of each changed key; the result is made from one side's tree. */
async function settle(
  nodes: NodeStore,
  changed: readonly Changed[],
  rules: KeyRules,
  onto: "ours" | "theirs",
  signal: AbortSignal | undefined,
): Promise<TreeMerge> {
  const chunks: Chunk[] = [];
  const decided = await decide(nodes, changed, rules, chunks, signal);
  const merge: TreeMerge = {
    changes: new EntryList(),
    chunks,
    autoMergedKeys: [],
    resolvedKeys: [],
    carriedKeys: [],
    conflicts: [],
  };
  for (const change of changed) {
    const key = keyText(change.key);
    const decision = decided.get(change) ?? decideForOne(change, rules.forOne(key));
    if (decision === undefined) {
      merge.carriedKeys.push(key);
      if (onto === "ours") merge.changes.push(change.key, change.theirs);
      continue;
    }
    if ("conflict" in decision) {
      merge.conflicts.push(decision.conflict);
      continue;
    }
    merge.autoMergedKeys.push(key);
    if (decision.byRule) merge.resolvedKeys.push(key);
    if (!equalValues(decision.slot, change[onto])) merge.changes.push(change.key, decision.slot);
  }
  return merge;
}

/** Whose value a key has that one side changed; `undefined`: theirs, as it is. */
function decideForOne(change: Changed, rule: "ours" | "theirs" | undefined): Decision | undefined {
  if (rule !== undefined) return { slot: change[rule], byRule: true };
  return change.by === "ours" ? { slot: change.ours, byRule: false } : undefined;
}

/** What either side changed since the base, in key order. */
async function joinChanges(
  nodes: NodeStore,
  base: MergeBase,
  ours: Node,
  theirs: Node,
  signal: AbortSignal | undefined,
): Promise<Changed[]> {
  const contested = [...base.contested].map(keyBytes).sort(compareKeys);
  const [mine, others] = await Promise.all([
    changesSince(nodes, base.root, ours, contested, signal),
    changesSince(nodes, base.root, theirs, contested, signal),
  ]);
  const changed: Changed[] = [];
  let i = 0;
  let j = 0;
  while (i < mine.length || j < others.length) {
    const a = mine[i];
    const b = others[j];
    const order = a === undefined ? 1 : b === undefined ? -1 : compareKeys(a.key, b.key);
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (order < 0 && a !== undefined) {
      changed.push({ key: a.key, old: a.before, ours: a.after, theirs: a.before, by: "ours" });
    } else if (order > 0 && b !== undefined) {
      changed.push({ key: b.key, old: b.before, ours: b.before, theirs: b.after, by: "theirs" });
    } else if (a !== undefined && b !== undefined) {
      changed.push({ key: a.key, old: a.before, ours: a.after, theirs: b.after, by: "both" });
    }
  }
  return changed;
}

interface SideChange {
  readonly key: Uint8Array;
  readonly before: Slot;
  readonly after: Slot;
}

/** What one side changed; contested keys always count as changed, and those that the side does not have are not in its diff. */
async function changesSince(
  nodes: NodeStore,
  base: Node,
  side: Node,
  contested: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<SideChange[]> {
  const changes: SideChange[] = [];
  let next = 0;
  const addAbsent = (before: Uint8Array | undefined): void => {
    for (; next < contested.length; next++) {
      const key = contested[next];
      const order = key === undefined || before === undefined ? -1 : compareKeys(key, before);
      if (key === undefined || order > 0) return;
      if (order < 0) changes.push({ key, before: undefined, after: undefined });
    }
  };
  for await (const page of diff(nodes, base, side)) {
    signal?.throwIfAborted();
    for (const delta of page) {
      addAbsent(delta.key);
      changes.push(delta);
    }
  }
  addAbsent(undefined);
  return changes;
}

/** Decides the keys that both sides changed. The values that rules and conflicts need are read in one batch. */
async function decide(
  nodes: NodeStore,
  changed: readonly Changed[],
  rules: KeyRules,
  chunks: Chunk[],
  signal: AbortSignal | undefined,
): Promise<Map<Changed, Decision>> {
  const decisions = new Map<Changed, Decision>();
  const open: { change: Changed; key: string; merge: MergeFn | undefined }[] = [];
  for (const change of changed) {
    if (change.by !== "both") continue;
    const key = keyText(change.key);
    if (change.ours === undefined && change.theirs === undefined) {
      decisions.set(change, { slot: undefined, byRule: false });
      continue;
    }
    const rule = rules.forBoth(key);
    if (rule === "ours" || rule === "theirs") decisions.set(change, { slot: change[rule], byRule: true });
    else if (rule !== undefined) open.push({ change, key, merge: rule });
    else if (equalValues(change.ours, change.theirs)) decisions.set(change, { slot: change.ours, byRule: false });
    else open.push({ change, key, merge: undefined });
  }
  const slots = open.flatMap(({ change }) => [change.old, change.ours, change.theirs]);
  const values = await readSlots(nodes.chunks, slots);
  for (const [i, { change, key, merge }] of open.entries()) {
    signal?.throwIfAborted();
    const conflict = { key, old: values[3 * i], ours: values[3 * i + 1], theirs: values[3 * i + 2] };
    decisions.set(change, merge === undefined ? { conflict } : await decideByFunction(conflict, merge, chunks));
  }
  return decisions;
}

async function decideByFunction(conflict: Conflict, merge: MergeFn, chunks: Chunk[]): Promise<Decision> {
  const { key, old, ours, theirs } = conflict;
  // The function may keep or change what it is given.
  const copies = [old, ours, theirs].map((value) => value?.slice());
  try {
    const value = await merge(copies[0], copies[1], copies[2]);
    if (value !== undefined) checkValue(value, key);
    return { slot: value && valueSlot(value, chunks), byRule: true };
  } catch (error) {
    return { conflict: { ...conflict, error } };
  }
}
