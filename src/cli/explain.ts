import { constants } from "node:os";
import {
  BranchExistsError,
  BranchNotFoundError,
  CommitNotFoundError,
  ConcurrencyError,
  CorruptionError,
  FormatVersionError,
  HistoryCutError,
  InvalidKeyError,
  InvalidNameError,
  MergeConflict,
  SessionCollectedError,
  StorageError,
  TagExistsError,
  TagNotFoundError,
} from "../index.ts";
import { safeLines } from "./escape.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";
import { KEY_FORM } from "./key-form.ts";
import { count } from "./value.ts";

/** What an error comes to for who typed the command. */
export interface Explanation {
  readonly exitCode: ExitCode;
  /** One line: what is wrong. */
  readonly what: string;
  /** One line: what to do. */
  readonly cure: string;
}

type Kind = readonly [kind: abstract new (...args: never[]) => Error, exitCode: ExitCode, cure: string];

/** The library's errors whose own message says what is wrong. */
const KINDS: readonly Kind[] = [
  [BranchExistsError, EXIT.conflict, "Choose another name, or delete it first: vkv branch -d NAME"],
  [TagExistsError, EXIT.conflict, "Tags never move. Choose another name, or delete it first: vkv tag -d NAME"],
  [
    BranchNotFoundError,
    EXIT.no,
    "`vkv branch` lists the branches, `vkv branch NAME` makes one. In a new store, `vkv init` makes the first.",
  ],
  [TagNotFoundError, EXIT.no, "`vkv tag` lists the tags."],
  [SessionCollectedError, EXIT.conflict, "A garbage collection came between. Run the command again."],
  [HistoryCutError, EXIT.trouble, "The history that this needs was removed from the store."],
  [InvalidKeyError, EXIT.usage, KEY_FORM],
  [InvalidNameError, EXIT.usage, "A name is 1 to 200 bytes of well-formed UTF-8, without control characters."],
  [
    CorruptionError,
    EXIT.trouble,
    "`vkv verify` says what else is damaged, and what needs it. If it cannot, restore a backup.",
  ],
  [FormatVersionError, EXIT.trouble, "Use the version of vkv that wrote the store, or a newer one."],
];

/** LMDB's code for what a user may not do: the system's number. */
const LMDB_DENIED = constants.errno.EACCES;

/** Two lines for standard error. */
export function toLines({ what, cure }: Explanation): string {
  return `vkv: ${safeLines(what)}\n     ${safeLines(cure)}\n`;
}

/** Says what went wrong, what to do about it, and with which code to exit. */
export function explain(error: unknown): Explanation {
  if (error instanceof CliError) return { exitCode: error.exitCode, what: error.message, cure: error.cure };
  const kind = KINDS.find(([type]) => error instanceof type);
  if (kind !== undefined) return { exitCode: kind[1], what: messageOf(error), cure: kind[2] };
  if (error instanceof MergeConflict) {
    const keys = error.conflicts.slice(0, MOST).map(({ key }) => JSON.stringify(key));
    const others = error.conflicts.length - keys.length;
    const list = `${keys.join(", ")}${others > 0 ? ` and ${count(others, "other")}` : ""}`;
    return { exitCode: EXIT.conflict, what: `Others changed the same keys meanwhile: ${list}.`, cure: AGAIN };
  }
  if (error instanceof ConcurrencyError) {
    const lost = `Others moved ${JSON.stringify(error.ref)} meanwhile.`;
    return error.outcome === "lost"
      ? { exitCode: EXIT.conflict, what: lost, cure: AGAIN }
      : { exitCode: EXIT.conflict, what: error.message, cure: "`vkv log` shows whether it is there." };
  }
  if (error instanceof CommitNotFoundError) {
    const cure =
      error.candidates.length > 0 ? "Give more digits." : "`vkv log`, `vkv branch` and `vkv tag` list what there is.";
    return { exitCode: EXIT.no, what: error.message, cure };
  }
  if (isInterruption(error))
    return { exitCode: EXIT.interrupted, what: "Interrupted.", cure: "The branch is as it was." };
  if (isTooLong(error)) {
    const cure = "`vkv get KEY --output FILE` and an export into a folder take it as it is.";
    return { exitCode: EXIT.trouble, what: "A value is too large for JSON.", cure };
  }
  return { exitCode: EXIT.trouble, what: messageOf(error), cure: cureOf(error) };
}

/** How many keys an error names. */
const MOST = 5;

const AGAIN = "Nothing was changed. Look at what is there now, and run the command again.";

/** What an aborted `AbortSignal` makes calls throw. */
function isInterruption(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What a text longer than JavaScript's texts can be makes calls throw. */
function isTooLong(error: unknown): boolean {
  if (error instanceof RangeError) return error.message === "Invalid string length";
  return codeOf(error) === "ERR_STRING_TOO_LONG";
}

/** A message in one line: that of the first error of several, where they have none of their own. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.message === "") return messageOf(error.errors[0]);
  return (error.message === "" ? error.name : error.message).replaceAll(/\s*\n\s*/g, " ");
}

function cureOf(error: unknown): string {
  const code = codeOf(error);
  if (code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "ETIMEDOUT")
    return "Does the server run, and is --store right?";
  if (code === "EADDRINUSE") return "Give another --port, or none.";
  if (code === "42P01") return "There is no store in that database yet: vkv init";
  if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR" || code === "EEXIST") return "Is the path right?";
  if (code === "EACCES" || code === "EPERM") return "Is this user allowed to do that?";
  if (code === LMDB_DENIED) return "Who only reads must be allowed to write into the store's folder, too.";
  if (code === "MODULE_NOT_FOUND") return "Packages that vkv needs for a store are installed beside it.";
  if (code === "ENOSPC") return "Nothing that was there is lost. Make room, and run the command again.";
  if (error instanceof StorageError) return "Is --store right? --verbose shows more.";
  return "--verbose shows where it comes from.";
}

/** The code of an error of the system or a driver, or of what caused it. */
function codeOf(error: unknown): unknown {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && isForeignCode(error.code)) return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return "cause" in error ? codeOf(error.cause) : undefined;
}

function isForeignCode(code: unknown): boolean {
  return typeof code === "number" || (typeof code === "string" && !code.startsWith("VKV_"));
}
