import type { Versioned } from "../../index.ts";
import { type ChangePage, type ChangeRow, PAGE_ROWS } from "../protocol.ts";
import { type Call, required } from "../request.ts";
import { handleAt } from "./at.ts";
import { preview } from "./preview.ts";

/** How many bytes of values are read for one answer, give or take a value: large values make short pages. */
const MAX_BYTES = 16 * 1024 * 1024;

/** What differs between two commits, in key order. */
export async function changes(v: Versioned, { query }: Call, signal: AbortSignal): Promise<ChangePage> {
  const to = await v.resolveCommit(required(query, "to"));
  const named = query.get("from");
  const from = named === null ? undefined : await v.resolveCommit(named);
  const after = query.get("after");
  const range = { prefix: query.get("prefix") ?? "", ...(after !== null && { gt: after }) };
  const rows: ChangeRow[] = [];
  let bytes = 0;
  const all = from === undefined ? await additions(v, to, range) : v.changes(from, to, range);
  for await (const { key, type, old, new: value } of all) {
    rows.push({ key, type, old: preview(old), new: preview(value) });
    bytes += (old?.length ?? 0) + (value?.length ?? 0);
    if (rows.length === PAGE_ROWS || bytes > MAX_BYTES) return { from, to, rows, next: key };
    signal.throwIfAborted();
  }
  return { from, to, rows, next: undefined };
}

async function additions(v: Versioned, to: string, range: { prefix: string }) {
  const at = await handleAt(v, to);
  return at.entries(range).map(([key, value]) => ({ key, type: "added" as const, old: undefined, new: value }));
}
