import type { Versioned } from "../../index.ts";
import { type HistoryPage, type HistoryRow, PAGE_ROWS } from "../protocol.ts";
import { type Call, count, required } from "../request.ts";
import { handleAt } from "./at.ts";
import { commitRow } from "./commit-row.ts";
import { Lines } from "./lines.ts";
import { preview } from "./preview.ts";

/** The commits that changed a key, newest first. */
export async function history(v: Versioned, { query }: Call, signal: AbortSignal): Promise<HistoryPage> {
  const at = await handleAt(v, required(query, "at"));
  const skip = count(query, "skip");
  const rows: HistoryRow[] = [];
  let seen = 0;
  for await (const { commit, value } of at.keyHistory(required(query, "key"))) {
    signal.throwIfAborted();
    if (seen++ < skip) continue;
    rows.push({ commit: commitRow(await v.commit(commit), false), value: preview(value) });
    if (rows.length === PAGE_ROWS) return { commit: at.currentCommit, rows, next: seen };
  }
  return { commit: at.currentCommit, rows: await withEnd(v, rows), next: undefined };
}

/** Where history was cut, the oldest commit is the one that has no parent any more. */
async function withEnd(v: Versioned, rows: readonly HistoryRow[]): Promise<readonly HistoryRow[]> {
  const oldest = rows.at(-1);
  if (oldest === undefined || oldest.commit.parents.length === 0) return rows;
  const commit = await v.commit(oldest.commit.id);
  const parents = await new Lines(v).parentsOf(commit);
  const isCut = !parents.some(({ hash }) => hash === commit.parents[0]);
  return [...rows.slice(0, -1), { ...oldest, commit: commitRow(commit, isCut) }];
}
