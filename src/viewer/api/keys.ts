import type { Versioned } from "../../index.ts";
import { type KeyPage, type KeyRow, PAGE_ROWS } from "../protocol.ts";
import { type Call, required } from "../request.ts";
import { handleAt } from "./at.ts";

/** The keys and folders directly under a prefix. A folder's keys are skipped with one seek, however many they are. */
export async function keys(v: Versioned, { query }: Call, signal: AbortSignal): Promise<KeyPage> {
  const at = await handleAt(v, required(query, "at"));
  const prefix = query.get("prefix") ?? "";
  const rows: KeyRow[] = [];
  let last = query.get("after");
  let isOver = false;
  while (!isOver && rows.length < PAGE_ROWS) {
    signal.throwIfAborted();
    isOver = true;
    for await (const key of at.keys({ prefix, ...(last !== null && afterRow(last, prefix)) })) {
      const row = rowOf(key, prefix);
      rows.push(row);
      last = row.path;
      isOver = false;
      if (row.isFolder || rows.length === PAGE_ROWS) break;
      isOver = true;
    }
  }
  return { commit: at.currentCommit, rows, next: isOver ? undefined : (last ?? undefined) };
}

function rowOf(key: string, prefix: string): KeyRow {
  const slash = key.indexOf("/", prefix.length);
  return slash < 0 ? { path: key, isFolder: false } : { path: key.slice(0, slash + 1), isFolder: true };
}

/** All keys after those of a row. What begins with `a/` lies before `a0`, as `0` follows `/` in Unicode. */
function afterRow(path: string, prefix: string): { gt: string } | { gte: string } {
  const isFolder = path.endsWith("/") && path.length > prefix.length;
  return isFolder ? { gte: `${path.slice(0, -1)}0` } : { gt: path };
}
