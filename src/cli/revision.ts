import { CommitNotFoundError, type Versioned } from "../index.ts";
import { CliError, EXIT } from "./exit.ts";
import type { Session } from "./session.ts";

/** A revision that ends with a step to an ancestor: `~`, `~2`, `^` or `^2`. */
const STEP = /^(.+)([~^]\d*)$/;

/** What a revision can be, for help texts. */
export const REVISION =
  "a branch, a tag, a commit id or its beginning, each with ~2 (two commits back) or ^2 (second parent)";

/**
 * The id of the commit that a text names, as in git: `main`, `v1`, `1a2b3c`, `main~2`, `1a2b3c^2`. A branch or a tag of
 * just that name goes first.
 *
 * @throws CommitNotFoundError if there is none, or a short id fits several
 * @throws CliError if there are not so many ancestors
 */
export async function resolveRevision(v: Versioned, revision: string): Promise<string> {
  try {
    return await v.resolveCommit(revision);
  } catch (error) {
    const [, from, step] = STEP.exec(revision) ?? [];
    if (!(error instanceof CommitNotFoundError) || from === undefined || step === undefined) throw error;
    return go(v, await resolveRevision(v, from), step, revision);
  }
}

/** Goes one step: `~n` is `n` first parents back, `^n` is the parent of this number; 1 unless given, 0 stays. */
async function go(v: Versioned, commit: string, step: string, revision: string): Promise<string> {
  const number = step.length === 1 ? 1 : Number(step.slice(1));
  if (number === 0) return commit;
  const found = step.startsWith("~")
    ? (await v.history({ from: commit, limit: number + 1 }).toArray())[number]
    : (await v.parents(commit))[number - 1];
  if (found !== undefined) return found;
  const what = `There is no commit ${JSON.stringify(revision)}: ${commit.slice(0, 8)} has no ${JSON.stringify(step)}.`;
  throw new CliError(EXIT.no, what, "`vkv log --graph` shows the commits and their parents.");
}

/** A handle at a revision; at the newest commit of the session's branch unless one is given. */
export async function openAt(session: Session, revision: string | undefined): Promise<Versioned> {
  if (revision === undefined) return session.open();
  const v = await session.openAny();
  const commit = await resolveRevision(v, revision);
  const found = await v.checkout(commit);
  if (found === undefined) throw new CommitNotFoundError(commit);
  return found;
}

/** How a commit is named for people: `vkv` takes it, too. */
export function short(commit: string): string {
  return commit.slice(0, 8);
}
