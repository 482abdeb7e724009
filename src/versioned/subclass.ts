/** What `Versioned` and its subclasses in this package tell each other. */
import type { CommitRecord } from "../commit/commit.ts";
import type { Session } from "../commit/session.ts";
import type { EntryList } from "../tree/entry-list.ts";
import type { Node } from "../tree/node.ts";
import type { ContentType } from "./content-type.ts";
import type { MergeRules } from "./rules.ts";
import type { View } from "./view.ts";
import type { NewTree } from "./write.ts";

/** What a handle begins with. */
export interface HandleStart {
  readonly session: Session;
  readonly view: View;
  readonly rules?: MergeRules;
  readonly types?: Map<string, ContentType<unknown>>;
}

/** A tree that is about to be committed. */
export interface Draft {
  /** The tree before. */
  readonly root: Node;
  readonly changes: EntryList;
  /** The tree with the changes. */
  readonly tree: NewTree;
}

/** What is committed instead of a draft, without parents. */
export interface Trimmed {
  /** The draft's tree without some keys, edited from the tree before. */
  readonly tree: Node;
  /** Those keys. */
  readonly dropped: readonly string[];
  /** Is told when it is done: the handle is at the commit. */
  readonly done: (commit: CommitRecord) => void;
}
