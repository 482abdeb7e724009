/** What the viewer's server and its page say to each other: JSON, under `api/`. */

/** How many rows one answer has at most. */
export const PAGE_ROWS = 100;

/** A failed request's body. */
export interface Failure {
  /** The error's `code`, or `"VIEWER_…"` for one of the viewer's own. */
  readonly code: string;
  /** What went wrong, for people. */
  readonly message: string;
}

/** A branch or a tag. */
export interface RefRow {
  readonly name: string;
  readonly commit: string;
}

/** `GET api/refs`: where everything begins. */
export interface Refs {
  readonly branches: readonly RefRow[];
  readonly tags: readonly RefRow[];
  /** Whether branches and tags may be changed. */
  readonly isWritable: boolean;
}

/** A commit, as lists show it. `info` is its JSON text, cut short where it is long. */
export interface CommitRow {
  readonly id: string;
  readonly parents: readonly string[];
  readonly info: string | undefined;
  readonly generation: number;
  readonly size: number;
  /** Whether its parents are no longer kept. */
  readonly isCut: boolean;
}

/** `POST api/graph` asks for what these commits lead to, themselves included. */
export interface GraphQuery {
  readonly from: readonly string[];
}

/** `POST api/graph`: commits by generation, the highest first, so that a parent never comes before its child. */
export interface GraphPage {
  readonly commits: readonly CommitRow[];
}

/** `GET api/commit?at=…`. */
export interface CommitDetails extends CommitRow {
  readonly bytes: number;
  readonly root: string;
  /** The first 64 KiB of its info, as JSON. */
  readonly fullInfo: string | undefined;
}

/** What a value is, by its bytes. */
export type Kind = "text" | "json" | "binary" | "image/png" | "image/jpeg" | "image/gif" | "image/webp";

/** The beginning of a value, for lists. */
export interface Preview {
  readonly bytes: number;
  readonly kind: Kind;
  /** The beginning of a text, or the first bytes in hexadecimal. */
  readonly start: string;
  readonly isCut: boolean;
}

/** `GET api/value?at=…&key=…`. */
export interface Value {
  readonly key: string;
  /** `undefined`: the commit has no such key. */
  readonly found: FoundValue | undefined;
}

/** A value as far as it is shown. */
export interface FoundValue {
  readonly bytes: number;
  readonly kind: Kind;
  /** The beginning of a text; `undefined` for bytes. */
  readonly text: string | undefined;
  /** The first bytes, in hexadecimal. */
  readonly hex: string;
  /** Whether `text` is all of it. */
  readonly isWhole: boolean;
}

/** A key, or all keys that begin with `path`, which then ends in `/`. */
export interface KeyRow {
  readonly path: string;
  readonly isFolder: boolean;
}

/** `GET api/keys?at=…&prefix=…&after=…`: what lies directly under a prefix, in key order. */
export interface KeyPage {
  readonly commit: string;
  readonly rows: readonly KeyRow[];
  /** Where the next page begins; `undefined`: there is none. */
  readonly next: string | undefined;
}

/** `GET api/search?at=…&prefix=…&text=…&after=…`: the keys that hold a text, in whatever case. */
export interface SearchPage {
  readonly commit: string;
  readonly keys: readonly string[];
  /** How many keys were looked at for this page. */
  readonly scanned: number;
  /** The last key that was looked at; `undefined`: all were. */
  readonly next: string | undefined;
}

/** A key that differs. */
export interface ChangeRow {
  readonly key: string;
  readonly type: "added" | "removed" | "modified";
  readonly old: Preview | undefined;
  readonly new: Preview | undefined;
}

/** `GET api/changes?from=…&to=…&after=…`; without `from`, against no keys at all. */
export interface ChangePage {
  readonly from: string | undefined;
  readonly to: string;
  readonly rows: readonly ChangeRow[];
  readonly next: string | undefined;
}

/** A commit that changed a key. */
export interface HistoryRow {
  readonly commit: CommitRow;
  readonly value: Preview | undefined;
}

/** `GET api/history?at=…&key=…&skip=…`. */
export interface HistoryPage {
  readonly commit: string;
  readonly rows: readonly HistoryRow[];
  /** What to skip for the next page; `undefined`: there is none. */
  readonly next: number | undefined;
}

/** A key that both sides changed. */
export interface ConflictRow {
  readonly key: string;
  readonly old: Preview | undefined;
  readonly ours: Preview | undefined;
  readonly theirs: Preview | undefined;
}

/** `GET api/merge?into=…&from=…&skip=…`: what merging would do. Of each list, one page. */
export interface MergePreview {
  /** The branch's HEAD. */
  readonly into: string;
  /** The commit that would be merged. */
  readonly from: string;
  readonly base: string | undefined;
  readonly strategy: "no_op" | "fast_forward" | "three_way";
  readonly counts: { readonly conflicts: number; readonly carried: number; readonly ours: number };
  readonly conflicts: readonly ConflictRow[];
  /** Keys that only the other side changed. */
  readonly carried: readonly string[];
  readonly next: number | undefined;
}

/** `POST api/merge`: merges what a preview showed. */
export interface MergeOrder {
  readonly branch: string;
  /** The branch's HEAD, and the commit to merge, as previewed. */
  readonly into: string;
  readonly from: string;
  /** Which side each conflict takes. */
  readonly choices: readonly (readonly [key: string, side: "ours" | "theirs"])[];
  readonly message: string;
}

/** `POST api/branch` and `POST api/tag`: creates one. */
export interface CreateOrder {
  readonly name: string;
  readonly commit: string;
}

/** `DELETE api/branch` and `DELETE api/tag`: deletes one, if it still leads to that commit. */
export interface DeleteOrder {
  readonly name: string;
  readonly commit: string;
}

/** `POST api/reset`: moves a branch from one commit to another. */
export interface ResetOrder {
  readonly branch: string;
  readonly from: string;
  readonly to: string;
}

/** The answer to every order: where the branch or tag is now. */
export interface Done {
  readonly commit: string | undefined;
}
