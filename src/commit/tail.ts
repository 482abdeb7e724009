/**
 * Commits whose trees are not stored, but only what they changed in the tree of their first parent: the tail of a history, from
 * the last commit whose tree is stored, its *base*. A tree follows from its contents alone, so its nodes can be made again, and
 * the commit's id, which covers the root's hash, tells whether that came out right.
 *
 * ```
 * length   varint   the commits of the tail, up to this one
 * weight   varint   what they changed, all together: 1 for each key, and 1 more for each whole 4 KiB of a value outside its leaf
 * edits    what this one changed (`tree/edits.ts`)
 * ```
 *
 * Whether a commit's tree is stored follows from the commits before it, so that whoever makes a commit again
 * stores it in the same form.
 */
import { equalBytes } from "../bytes.ts";
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";
import { decodeEdits, encodeEdits } from "../tree/edits.ts";
import { EntryList } from "../tree/entry-list.ts";
import { sortedOrder } from "../tree/key-sort.ts";
import { blobOf } from "../tree/slot.ts";
import { partsIn, type Start } from "../tree/walk.ts";
import type { CommitRecord } from "./commit.ts";

/** The largest changes of one commit, in bytes, that are stored instead of nodes: so that no record is much larger than others. */
const MAX_EDITS = 65_536;
/** Large values count by so many bytes. */
const VALUE_UNIT = 4096;
/** The longest note, in bytes: two numbers before them. */
const MAX_NOTE = MAX_EDITS + 16;

/** What the note on a commit's record says. */
export interface Tail {
  readonly length: number;
  readonly weight: number;
  readonly edits: EntryList;
}

/**
 * The note on the record of a new commit; `undefined` where the nodes of its tree must be stored.
 *
 * @param limit how many commits a tail has, and how much they change, at most, taken together
 * @param edits what differs from the first parent's tree, and nothing else
 */
export function tailNote(
  limit: number,
  parent: CommitRecord | undefined,
  edits: EntryList | undefined,
): Uint8Array | undefined {
  if (parent === undefined || edits === undefined || edits.length >= limit) return undefined;
  const before = sizeOf(parent);
  const length = before.length + 1;
  const weight = before.weight + weightOf(edits);
  if (length + weight > limit) return undefined;
  const changes = encodeEdits(edits);
  if (changes.length > MAX_EDITS) return undefined;
  const start = varintLength(length) + varintLength(weight);
  const note = new Uint8Array(start + changes.length);
  writeVarint(weight, note, writeVarint(length, note, 0));
  note.set(changes, start);
  return note;
}

function sizeOf({ note }: CommitRecord): Pick<Tail, "length" | "weight"> {
  if (note === undefined) return { length: 0, weight: 0 };
  const reader = new ByteReader(note);
  return { length: reader.varint(), weight: reader.varint() };
}

/**
 * Reads the note on a commit's record; `undefined` if it has none. A `CorruptionError` if it cannot be read.
 *
 * @param edits the list that what the commit changed is added to
 */
export function tailOf(
  { hash, note }: Pick<CommitRecord, "hash" | "note">,
  edits: EntryList = new EntryList(),
): Tail | undefined {
  if (note === undefined) return undefined;
  try {
    if (note.length > MAX_NOTE) throw new CorruptionError("It is longer than any is written.");
    const reader = new ByteReader(note);
    return { length: reader.varint(), weight: reader.varint(), edits: decodeEdits(reader, edits) };
  } catch (cause) {
    if (!(cause instanceof CorruptionError)) throw cause;
    throw new CorruptionError(`What commit ${hash} changed cannot be read.`, { at: hash, cause });
  }
}

/** What a line of commits changed together. @param line the newest first */
export function changesOf(line: readonly CommitRecord[]): EntryList {
  const all = new EntryList();
  for (let i = line.length - 1; i >= 0; i--) {
    const commit = line[i];
    if (commit !== undefined) tailOf(commit, all);
  }
  if (line.length === 1) return all;
  const changes = new EntryList();
  // Of changes of one key, the last is the newest.
  for (const index of sortedOrder(all.keys)) changes.pushFrom(all, index);
  return changes;
}

/** How much changes count for in the limit of a tail. What they set stays as long as the tail does, so large values end it soon. */
export function weightOf(edits: EntryList): number {
  let weight = edits.length;
  for (let i = 0; i < edits.length; i++) {
    const blob = edits.isRemoval(i) ? undefined : blobOf(edits.slot(i));
    if (blob !== undefined) weight += Math.floor(blob.size / VALUE_UNIT);
  }
  return weight;
}

/** Whether two notes on a commit say that it changed the same. */
export function sameEdits(a: Uint8Array, b: Uint8Array): boolean {
  return equalBytes(editsIn(a), editsIn(b));
}

function editsIn(note: Uint8Array): Uint8Array {
  const reader = new ByteReader(note);
  reader.varint();
  reader.varint();
  return note.subarray(reader.at);
}

/** Where walks begin that find what is stored of a commit's tree, but for what is stored of its first parent's: its root, or the large values that it set. */
export function startsOf(commit: Pick<CommitRecord, "hash" | "root" | "note">): Start[] {
  const tail = tailOf(commit);
  if (tail === undefined) return [{ hash: commit.root, depth: undefined }];
  const { edits } = tail;
  return partsIn(Array.from({ length: edits.length }, (_, i) => edits.slot(i)).filter((slot) => slot.length > 0));
}
