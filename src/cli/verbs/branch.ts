import type { Command } from "commander";
import { BranchNotFoundError, HistoryCutError, Versioned } from "../../index.ts";
import { safe } from "../escape.ts";
import { CliError, EXIT } from "../exit.ts";
import { branchHeads } from "../labels.ts";
import { openAt, REVISION, short } from "../revision.ts";
import type { Session } from "../session.ts";
import { shellWord } from "../shell-word.ts";
import { table } from "../table.ts";
import { examples, type Run } from "../verb.ts";

interface BranchOptions {
  readonly delete?: boolean;
  readonly forceDelete?: boolean;
}

/** `vkv branch`: lists, makes and deletes branches. */
export function addBranch(program: Command, run: Run): void {
  program
    .command("branch")
    .summary("list, make or delete branches")
    .description("Lists the branches; with a name, makes that branch. Nothing is copied.")
    .argument("[name]")
    .argument("[revision]", `where it begins, instead of the branch of --branch: ${REVISION}`)
    .option("-d, --delete", "delete the branch, if another branch or a tag has all its commits")
    .option("-D, --force-delete", "delete the branch")
    .addHelpText("after", examples("vkv branch", "vkv branch draft", "vkv branch old main~3", "vkv branch -d draft"))
    .action((name: string | undefined, revision: string | undefined, options: BranchOptions, verb: Command) =>
      run(verb, async (session) => {
        const isDeletion = options.delete === true || options.forceDelete === true;
        if (name === undefined && isDeletion) throw new CliError(EXIT.usage, "Which branch?", "vkv branch -d NAME");
        if (name === undefined) await list(session);
        else if (isDeletion) await remove(session, name, options.forceDelete === true);
        else await create(session, name, revision);
        return undefined;
      }),
    );
}

async function list(session: Session): Promise<void> {
  const { out, json } = session;
  const heads = [...(await branchHeads(await session.store()))];
  if (json) {
    for (const [branch, commit] of heads) await out.json({ branch, commit });
    return;
  }
  for (const line of table(heads.map(([branch, commit]) => [safe(branch), short(commit)]))) await out.line(line);
}

async function create(session: Session, name: string, revision: string | undefined): Promise<void> {
  const { branch, currentCommit: commit } = await (await openAt(session, revision)).createBranch(name);
  if (session.json) await session.out.json({ branch, commit });
  else
    await session.out.line(
      `Made the branch ${safe(branch)} at ${short(commit)}. Work on it with --branch ${shellWord(branch)}.`,
    );
}

async function remove(session: Session, name: string, isForced: boolean): Promise<void> {
  const store = await session.store();
  const v = await Versioned.open(store, { branch: name, create: false });
  const commit = v.currentCommit;
  // Without a branch, nothing of the store could be reached any more, not even by tags.
  if ((await Versioned.branches(store)).length === 1) {
    const what = `${JSON.stringify(name)} is the store's only branch.`;
    throw new CliError(EXIT.conflict, what, "Make another one first: vkv branch NAME");
  }
  if (!isForced && !(await isHeldElsewhere(v))) {
    const what = `No other branch and no tag has all commits of ${JSON.stringify(name)}.`;
    throw new CliError(
      EXIT.conflict,
      what,
      `Merge it first, or delete it all the same: vkv branch -D ${shellWord(name)}`,
    );
  }
  if (!(await v.deleteBranch(name))) throw new BranchNotFoundError(name);
  if (session.json) await session.out.json({ branch: name, commit, deleted: true });
  else await session.out.line(`Deleted the branch ${safe(name)}. It was at ${short(commit)}.`);
  await session.note(`To undo this: vkv branch ${shellWord(name)} ${short(commit)}`);
}

/** Whether another branch or a tag leads to the commit of a branch. */
async function isHeldElsewhere(v: Versioned): Promise<boolean> {
  const commit = v.currentCommit;
  const [heads, tags] = await Promise.all([branchHeads(v.store), v.listTags()]);
  heads.delete(v.branch);
  const others = new Set([...heads.values(), ...[...tags.values()].map((tag) => tag.commit)]);
  for (const other of others) {
    const base = await v.mergeBase(commit, other).catch((error: unknown) => {
      if (error instanceof HistoryCutError) return undefined;
      throw error;
    });
    if (base === commit) return true;
  }
  return false;
}
