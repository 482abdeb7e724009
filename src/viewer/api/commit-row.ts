import type { Commit } from "../../index.ts";
import type { CommitRow } from "../protocol.ts";

/** How much of its info a commit shows in lists, in UTF-16 units. */
const SUMMARY = 240;

/** A commit for lists. */
export function commitRow(commit: Commit, isCut: boolean): CommitRow {
  const { hash, parents, info, generation, size } = commit;
  return { id: hash, parents, info: info && summaryOf(info), generation, size, isCut };
}

/** Info in one line. */
function summaryOf(info: NonNullable<Commit["info"]>): string {
  const parts: string[] = [];
  let length = 0;
  for (const [name, value] of Object.entries(info)) {
    const part = `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`;
    parts.push(part);
    length += part.length;
    if (length > SUMMARY) break;
  }
  const text = parts.join(" · ");
  return text.length > SUMMARY ? `${text.slice(0, SUMMARY).toWellFormed()}…` : text;
}
