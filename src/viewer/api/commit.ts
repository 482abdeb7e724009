import type { Versioned } from "../../index.ts";
import type { CommitDetails } from "../protocol.ts";
import { type Call, required } from "../request.ts";
import { commitRow } from "./commit-row.ts";
import { Lines } from "./lines.ts";

/** How much of its info is shown, in UTF-16 units. */
const MAX_INFO = 64 * 1024;

/** All about one commit but its contents. */
export async function commit(v: Versioned, { query }: Call): Promise<CommitDetails> {
  const found = await v.commit(await v.resolveCommit(required(query, "at")));
  const parents = await new Lines(v).parentsOf(found);
  const isCut = parents.length < found.parents.length;
  const text = found.info && JSON.stringify(found.info, undefined, 2);
  const fullInfo = text !== undefined && text.length > MAX_INFO ? `${text.slice(0, MAX_INFO).toWellFormed()}…` : text;
  return { ...commitRow(found, isCut), bytes: found.bytes, root: found.root, fullInfo };
}
