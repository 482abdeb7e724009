import type { Commit, Versioned } from "../../index.ts";
import { type CommitRow, type GraphPage, PAGE_ROWS } from "../protocol.ts";
import { RequestError } from "../reply.ts";
import { type Call, list } from "../request.ts";
import { commitRow } from "./commit-row.ts";
import { Lines } from "./lines.ts";

/** How many commits the page may ask from: as many branches and tags as one graph shows. */
const MAX_FROM = 20_000;

/**
 * What some commits lead to, by generation. A parent's generation is below that of its children, so that no commit comes
 * before a child of it; and the page goes on from the parents of what it has, with nothing kept here in between.
 */
export async function graph(v: Versioned, { body }: Call, signal: AbortSignal): Promise<GraphPage> {
  const from = list(body, "from");
  if (from.length > MAX_FROM) throw new RequestError(400, `A graph begins at ${MAX_FROM} commits at most.`);
  const lines = new Lines(v);
  const open = new Map<string, Commit>();
  for (const id of new Set(from)) {
    if (typeof id !== "string") throw new RequestError(400, "A commit's id must be a text.");
    const commit = await lines.find(id);
    if (commit !== undefined) open.set(commit.hash, commit);
  }
  const commits: CommitRow[] = [];
  while (open.size > 0 && commits.length < PAGE_ROWS) {
    signal.throwIfAborted();
    const next = highest(open.values());
    open.delete(next.hash);
    const parents = await lines.parentsOf(next);
    for (const parent of parents) open.set(parent.hash, parent);
    const [first] = next.parents;
    commits.push(commitRow(next, first !== undefined && !parents.some(({ hash }) => hash === first)));
  }
  return { commits };
}

function highest(commits: Iterable<Commit>): Commit {
  return [...commits].reduce((a, b) =>
    a.generation > b.generation || (a.generation === b.generation && a.hash < b.hash) ? a : b,
  );
}
