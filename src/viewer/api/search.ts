import type { Versioned } from "../../index.ts";
import { PAGE_ROWS, type SearchPage } from "../protocol.ts";
import { type Call, required } from "../request.ts";
import { handleAt } from "./at.ts";

/** How many keys are looked at before an answer is given, found or not. */
const MAX_SCANNED = 20_000;

/** The keys that hold a text. */
export async function search(v: Versioned, { query }: Call, signal: AbortSignal): Promise<SearchPage> {
  const at = await handleAt(v, required(query, "at"));
  const wanted = required(query, "text").toLowerCase();
  const after = query.get("after");
  const prefix = query.get("prefix") ?? "";
  const keys: string[] = [];
  let scanned = 0;
  for await (const key of at.keys({ prefix, ...(after !== null && { gt: after }) })) {
    scanned++;
    if (key.toLowerCase().includes(wanted)) keys.push(key);
    if (keys.length === PAGE_ROWS || scanned === MAX_SCANNED) {
      return { commit: at.currentCommit, keys, scanned, next: key };
    }
    if (scanned % 1024 === 0) signal.throwIfAborted();
  }
  return { commit: at.currentCommit, keys, scanned, next: undefined };
}
