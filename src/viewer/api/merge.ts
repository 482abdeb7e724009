import { CommitNotFoundError, HistoryCutError, type Versioned } from "../../index.ts";
import { type Done, type MergePreview, PAGE_ROWS } from "../protocol.ts";
import { RequestError } from "../reply.ts";
import { type Call, count, list, required, text } from "../request.ts";
import { preview } from "./preview.ts";
import { branchAt, openBranch } from "./refs.ts";

/** What merging a commit into a branch would do. Nothing is moved or stored. */
export async function mergePreview(v: Versioned, { query }: Call): Promise<MergePreview> {
  const handle = await openBranch(v, required(query, "into"));
  const from = await v.resolveCommit(required(query, "from"));
  const skip = count(query, "skip");
  const into = handle.currentCommit;
  const { conflicts } = await handle.mergeFrom({ commit: from }, { dryRun: true, onConflict: "abandon" });
  // What else would be merged is told once the conflicts are decided, whichever way.
  const decided = await handle.mergeFrom({ commit: from }, { dryRun: true, defaultMerge: "ours" });
  const { carriedKeys, autoMergedKeys, resolvedKeys, strategy } = decided;
  const end = skip + PAGE_ROWS;
  return {
    into,
    from,
    base: await baseOf(v, into, from),
    strategy,
    counts: {
      conflicts: conflicts.length,
      carried: carriedKeys.length,
      ours: autoMergedKeys.length - resolvedKeys.length,
    },
    conflicts: conflicts.slice(skip, end).map(({ key, old, ours, theirs }) => ({
      key,
      old: preview(old),
      ours: preview(ours),
      theirs: preview(theirs),
    })),
    carried: carriedKeys.slice(skip, end),
    next: Math.max(conflicts.length, carriedKeys.length) > end ? end : undefined,
  };
}

/** Merges what a preview showed, and publishes it. */
export async function merge(v: Versioned, { body }: Call): Promise<Done> {
  const handle = await branchAt(v, text(body, "branch"), text(body, "into"));
  const mergeFns = new Map(list(body, "choices").map(choiceOf));
  const message = text(body, "message");
  const info = message === "" ? {} : { info: { message } };
  await handle.mergeFrom({ commit: text(body, "from") }, { mergeFns, ...info });
  await handle.merge({ retries: 0, ...info });
  return { commit: handle.currentCommit };
}

function choiceOf(choice: unknown): [key: string, side: "ours" | "theirs"] {
  const [key, side] = Array.isArray(choice) ? (choice as unknown[]) : [];
  if (typeof key !== "string" || (side !== "ours" && side !== "theirs")) {
    throw new RequestError(400, 'A choice must be a key with "ours" or "theirs".');
  }
  return [key, side];
}

async function baseOf(v: Versioned, a: string, b: string): Promise<string | undefined> {
  try {
    return await v.mergeBase(a, b);
  } catch (error) {
    if (error instanceof HistoryCutError || error instanceof CommitNotFoundError) return undefined;
    throw error;
  }
}
