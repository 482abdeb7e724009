/** What every error of vkv carries besides its message. */
export interface VkvErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
}

/** The base of every error that vkv itself throws; `code` is stable, the message is not. */
export abstract class VkvError extends Error {
  /** A stable name for the kind of error, `"VKV_MERGE_CONFLICT"` for one. */
  abstract readonly code: string;

  constructor(message: string, options?: VkvErrorOptions) {
    super(message, options !== undefined && "cause" in options ? { cause: options.cause } : undefined);
  }

  /** The name of its class, `"MergeConflict"` for one. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** A race for a ref that was lost, and that the retries did not settle; or a write whose outcome stayed unknown. */
export class ConcurrencyError extends VkvError {
  readonly code = "VKV_CONCURRENCY";
  /** The branch or tag that was to move. */
  readonly ref: string;
  /** `"lost"`: nothing was published. `"unknown"`: the store failed and would not say whether the write had landed. */
  readonly outcome: "lost" | "unknown";
  /** How often it was tried. */
  readonly attempts: number;

  constructor(
    message: string,
    details: { ref: string; outcome?: "lost" | "unknown"; attempts?: number } & VkvErrorOptions,
  ) {
    super(message, details);
    this.ref = details.ref;
    this.outcome = details.outcome ?? "lost";
    this.attempts = details.attempts ?? 1;
  }
}

/** A key that both sides of a merge changed, and that no rule decided. */
export interface Conflict {
  /** The key. */
  readonly key: string;
  /** The value in the merge base; `undefined`: absent. */
  readonly old: Uint8Array | undefined;
  /** This handle's value; `undefined`: removed or absent. */
  readonly ours: Uint8Array | undefined;
  /** The value of HEAD, or of the merged source; `undefined`: removed or absent. */
  readonly theirs: Uint8Array | undefined;
  /** What the rule for this key threw, if one did. */
  readonly error?: unknown;
}

/** A merge met keys that both sides changed and that no rule decided. The local commit is untouched: merge again with other rules. */
export class MergeConflict extends VkvError {
  readonly code = "VKV_MERGE_CONFLICT";
  /** The conflicts with their values, in key order. */
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    const keys = conflicts.map((conflict) => JSON.stringify(conflict.key));
    const shown = keys.length > 5 ? [...keys.slice(0, 5), `and ${keys.length - 5} more`] : keys;
    const failed = conflicts.find((conflict) => "error" in conflict);
    const why = failed && (failed.error instanceof Error ? failed.error.message : String(failed.error));
    super(
      failed === undefined
        ? `Both sides changed ${shown.join(", ")}. Merge again with a rule for ${keys.length === 1 ? "it" : "them"} (mergeFns), or reset().`
        : `Both sides changed ${shown.join(", ")}, and the rule for ${JSON.stringify(failed.key)} failed: ${why}`,
      failed && { cause: failed.error },
    );
    this.conflicts = conflicts;
  }

  /** The keys in conflict. */
  get conflictingKeys(): ReadonlySet<string> {
    return new Set(this.conflicts.map((conflict) => conflict.key));
  }

  /** What the rules of keys threw, for those whose rule did. */
  get mergeErrors(): ReadonlyMap<string, unknown> {
    return new Map(
      this.conflicts.filter((conflict) => "error" in conflict).map((conflict) => [conflict.key, conflict.error]),
    );
  }
}

/** Some lines of a text. */
export interface LineSpan {
  /** The number of the first of them in its text, from 1; if there are none, of the line they would stand before. */
  readonly line: number;
  /** The lines, each with its line ending; the last line of a text may have none. */
  readonly lines: readonly string[];
}

/** Lines that both sides of a merge changed. */
export interface TextConflict {
  /** The lines in the base. */
  readonly old: LineSpan;
  /** What this side has in their place. */
  readonly ours: LineSpan;
  /** What the other side has in their place. */
  readonly theirs: LineSpan;
}

/** A part of a merged text: what was merged, or a conflict. */
export type TextPart = string | TextConflict;

function conflictsIn(parts: readonly TextPart[]): readonly TextConflict[] {
  return parts.filter((part) => typeof part !== "string");
}

/** `text()` could not merge: both sides changed the same lines, or one removed the text that the other changed. */
export class TextConflictError extends VkvError {
  readonly code = "VKV_TEXT_CONFLICT";
  /** The merged text with the conflicts in their places, at least one. What is empty between them is left out. */
  readonly parts: readonly TextPart[];

  constructor(parts: readonly TextPart[], reason?: string) {
    const lines = conflictsIn(parts).map(({ old }) => old.line);
    const shown = lines.length > 5 ? [...lines.slice(0, 5), `and ${lines.length - 5} more`] : lines;
    super(
      reason ??
        `Both sides changed the text at ${lines.length === 1 ? "line" : "lines"} ${shown.join(", ")} of the base.`,
    );
    this.parts = parts;
  }

  /** The conflicts, from first to last. */
  get conflicts(): readonly TextConflict[] {
    return conflictsIn(this.parts);
  }
}

/** A part of a JSON value that both sides of a merge changed, and that no rule decided. `undefined`: absent or removed. */
export interface FieldConflict {
  /** Where it is, from the outside in: names of fields, and ids of elements of a `list()`. */
  readonly path: readonly (string | number)[];
  /** What the base has. */
  readonly old: unknown;
  /** What this side has. */
  readonly ours: unknown;
  /** What the other side has. */
  readonly theirs: unknown;
  /** What the rule of this part threw, if one did. */
  readonly error?: unknown;
}

/** `object()` or `list()` could not merge parts of a value. */
export class FieldConflictError extends VkvError {
  readonly code = "VKV_FIELD_CONFLICT";
  /** The parts, at least one. */
  readonly conflicts: readonly FieldConflict[];

  constructor(conflicts: readonly FieldConflict[]) {
    const paths = conflicts.map(({ path }) => (path.length === 0 ? "the whole value" : path.join(".")));
    const shown = paths.length > 5 ? [...paths.slice(0, 5), `and ${paths.length - 5} more`] : paths;
    super(`Both sides changed ${shown.join(", ")}.`);
    this.conflicts = conflicts;
  }
}

/** A branch of that name is there already. */
export class BranchExistsError extends VkvError {
  readonly code = "VKV_BRANCH_EXISTS";
  /** The branch's name. */
  readonly branch: string;

  constructor(branch: string) {
    super(`Branch ${JSON.stringify(branch)} exists already.`);
    this.branch = branch;
  }
}

/** There is no such branch, or it was deleted under this handle. */
export class BranchNotFoundError extends VkvError {
  readonly code = "VKV_BRANCH_NOT_FOUND";
  /** The branch's name. */
  readonly branch: string;

  constructor(branch: string) {
    super(`There is no branch ${JSON.stringify(branch)}.`);
    this.branch = branch;
  }
}

/** A tag of that name is there already; tags never move. */
export class TagExistsError extends VkvError {
  readonly code = "VKV_TAG_EXISTS";
  /** The tag's name. */
  readonly tag: string;

  constructor(tag: string) {
    super(`Tag ${JSON.stringify(tag)} exists already.`);
    this.tag = tag;
  }
}

/** There is no such tag. */
export class TagNotFoundError extends VkvError {
  readonly code = "VKV_TAG_NOT_FOUND";
  /** The tag's name. */
  readonly tag: string;

  constructor(tag: string) {
    super(`There is no tag ${JSON.stringify(tag)}.`);
    this.tag = tag;
  }
}

/** There is no such commit in this store, or a short id fits several. */
export class CommitNotFoundError extends VkvError {
  readonly code = "VKV_COMMIT_NOT_FOUND";
  /** The id, as it was given. */
  readonly commit: string;
  /** The ids that a short id could mean, when it fits several. */
  readonly candidates: readonly string[];

  constructor(commit: string, candidates: readonly string[] = []) {
    super(
      candidates.length > 0
        ? `Commit id ${JSON.stringify(commit)} is ambiguous: ${candidates.slice(0, 5).join(", ")}${candidates.length > 5 ? ", …" : ""}.`
        : `There is no commit ${JSON.stringify(commit)}.`,
    );
    this.commit = commit;
    this.candidates = candidates;
  }
}

/** The unpublished commits of this handle were collected as garbage before they were published. HEAD is untouched: `reset()` and do the work again. */
export class SessionCollectedError extends VkvError {
  readonly code = "VKV_SESSION_COLLECTED";

  constructor(
    message = "Unpublished work of this handle was collected as garbage. reset() and apply it again.",
    options?: VkvErrorOptions,
  ) {
    super(message, options);
  }
}

/** The answer lies in history that was cut by `retainHistory`: a merge's base for one. */
export class HistoryCutError extends VkvError {
  readonly code = "VKV_HISTORY_CUT";
}

/**
 * A key that a store or a versioned store cannot hold: empty, too long (4,096 UTF-8 bytes in a versioned store, the store's
 * own `StoreTraits.maxKeyBytes` in a store), or with a lone surrogate.
 */
export class InvalidKeyError extends VkvError {
  readonly code = "VKV_INVALID_KEY";
  /** The key, or the prefix or bound, as it was given. */
  readonly key: string;

  constructor(key: string, reason: string) {
    super(`Invalid key ${JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key)}: ${reason}.`);
    this.key = key;
  }
}

/** A branch or tag name that is not allowed: empty, longer than 200 UTF-8 bytes, not well-formed, or with a control character. */
export class InvalidNameError extends VkvError {
  readonly code = "VKV_INVALID_NAME";
  /** The name, as it was given. */
  readonly invalidName: string;

  constructor(name: string, reason: string) {
    super(`Invalid name ${JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name)}: ${reason}.`);
    this.invalidName = name;
  }
}

/** A namespace's name that is empty, holds a `/` or is not well-formed. */
export class InvalidNamespaceError extends VkvError {
  readonly code = "VKV_INVALID_NAMESPACE";
  /** The name, as it was given. */
  readonly namespace: string;

  constructor(namespace: string, reason: string) {
    super(`Invalid namespace ${JSON.stringify(namespace)}: ${reason}.`);
    this.namespace = namespace;
  }
}

/** Stored bytes are missing, damaged, or not what their name says. */
export class CorruptionError extends VkvError {
  readonly code = "VKV_CORRUPTION";
  /** The name of the damaged chunk or the key of the damaged record, where there is one. */
  readonly at: string | undefined;
  /** Whether it is not there at all. */
  readonly isMissing: boolean;

  constructor(message: string, details: { at?: string; isMissing?: boolean } & VkvErrorOptions = {}) {
    super(message, details);
    this.at = details.at;
    this.isMissing = details.isMissing ?? false;
  }
}

/** The store was written in a format that this version of vkv does not know. Nothing was written. */
export class FormatVersionError extends VkvError {
  readonly code = "VKV_FORMAT_VERSION";
  /** What the store says it is. */
  readonly found: string;
  /** What this version of vkv reads and writes. */
  readonly supported: string;

  constructor(found: string, supported: string) {
    super(`The store's format is ${JSON.stringify(found)}; this version of vkv knows ${JSON.stringify(supported)}.`);
    this.found = found;
    this.supported = supported;
  }
}

/** The store was closed before this call. */
export class StoreClosedError extends VkvError {
  readonly code = "VKV_STORE_CLOSED";

  constructor() {
    super("The store is closed.");
  }
}

/** The storage engine failed or cannot be used: a missing driver, a folder that cannot be written, a full disk. */
export class StorageError extends VkvError {
  readonly code = "VKV_STORAGE";
}
