import type { Versioned } from "../../index.ts";
import { type HistoryPage, type HistoryRow, PAGE_ROWS } from "../protocol.ts";
import { type Call, count, required } from "../request.ts";
import { handleAt } from "./at.ts";
import { commitRow } from "./commit-row.ts";
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
  return { commit: at.currentCommit, rows, next: undefined };
}
