import type { Info, Versioned } from "../index.ts";
import { safe } from "./escape.ts";
import { short } from "./revision.ts";
import type { Session } from "./session.ts";

/** Where a branch is after a change, and where it was. */
export interface Moved {
  readonly branch: string;
  /** The branch's commit now. */
  readonly commit: string;
  /** The one before. */
  readonly previous: string;
}

/**
 * Makes changes on the session's branch, and publishes them as one commit. Where others publish meanwhile, the changes
 * are made again on what they left. If nothing changes, there is no commit.
 */
export async function commitChanges(
  session: Session,
  info: Info | undefined,
  work: (tx: Versioned) => Promise<void>,
): Promise<Moved> {
  const v = await session.open();
  let previous = v.currentCommit;
  const run = async (tx: Versioned): Promise<void> => {
    previous = tx.currentCommit;
    await work(tx);
  };
  await v.transact(run, { signal: session.signal, ...(info !== undefined && { info }) });
  return { branch: v.branch, commit: v.currentCommit, previous };
}

/** Prints where a branch is now. `facts` is what else there is to say, in JSON only. */
export async function printMoved(
  { out, json }: Session,
  moved: Moved,
  what: string,
  facts: object = {},
): Promise<void> {
  const { branch, commit, previous } = moved;
  if (json) return out.json({ branch, commit, previous, ...facts });
  if (commit === previous) return out.line(`${safe(branch)} is as it was: nothing changed.`);
  return out.line(`${out.styled("yellow", `[${safe(branch)} ${short(commit)}]`)} ${safe(what)}`);
}
