/**
 * Commits whose trees are not stored, but only what they changed in the tree of their first parent: the tail of a history, from
 * the last commit whose tree is stored, its *base*. A tree follows from its contents alone, so its nodes can be made again, and
 * the commit's id, which covers the root's hash, tells whether that came out right.
 *
 * ```
 * length   varint   the commits of the tail, up to this one
 * keys     varint   the keys that they changed, all together
 * edits    what this one changed (`tree/edits.ts`)
 * ```
 *
 * Whether a commit's tree is stored follows from the commits before it, so that whoever makes a commit again
 * stores it in the same form.
 */
import { equalBytes } from "../bytes.ts";
import type { Hash } from "../chunk/hash.ts";
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";
import { decodeEdits, encodeEdits } from "../tree/edits.ts";
import type { EntryList } from "../tree/entry-list.ts";
import { partsIn, type Start } from "../tree/walk.ts";
import type { CommitRecord } from "./commit.ts";

/** The largest changes of one commit, in bytes, that are stored instead of nodes: so that no record is much larger than others. */
const MAX_EDITS = 65_536;
/** The longest note, in bytes: two numbers before them. */
const MAX_NOTE = MAX_EDITS + 16;

/** What the note on a commit's record says. */
export interface Tail {
  readonly length: number;
  readonly keys: number;
  readonly edits: EntryList;
}

/**
 * The note on the record of a new commit; `undefined` where the nodes of its tree must be stored.
 *
 * @param limit how many commits and changed keys, taken together, a tail has at most
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
  const keys = before.keys + edits.length;
  if (length + keys > limit) return undefined;
  const changes = encodeEdits(edits);
  if (changes.length > MAX_EDITS) return undefined;
  const start = varintLength(length) + varintLength(keys);
  const note = new Uint8Array(start + changes.length);
  writeVarint(keys, note, writeVarint(length, note, 0));
  note.set(changes, start);
  return note;
}

function sizeOf({ note }: CommitRecord): Pick<Tail, "length" | "keys"> {
  if (note === undefined) return { length: 0, keys: 0 };
  const reader = new ByteReader(note);
  return { length: reader.varint(), keys: reader.varint() };
}

/** Reads the note on a commit's record; `undefined` if it has none. A `CorruptionError` if it cannot be read. */
export function tailOf({
  hash,
  note,
}: {
  readonly hash: Hash;
  readonly note: Uint8Array | undefined;
}): Tail | undefined {
  if (note === undefined) return undefined;
  try {
    if (note.length > MAX_NOTE) throw new CorruptionError("It is longer than any is written.");
    const reader = new ByteReader(note);
    return { length: reader.varint(), keys: reader.varint(), edits: decodeEdits(reader) };
  } catch (cause) {
    if (!(cause instanceof CorruptionError)) throw cause;
    throw new CorruptionError(`What commit ${hash} changed cannot be read.`, { at: hash, cause });
  }
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
