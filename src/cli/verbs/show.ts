import type { Command } from "commander";
import { type Commit, CommitNotFoundError, type Versioned } from "../../index.ts";
import { changeJson, changeLine } from "../changes.ts";
import { commitJson } from "../commit-line.ts";
import { safe } from "../escape.ts";
import { type Labels, labelsOf, readLabels } from "../labels.ts";
import { openAt, REVISION, short } from "../revision.ts";
import type { Session } from "../session.ts";
import { count, countBytes } from "../value.ts";
import { examples, type Run } from "../verb.ts";

/** How many changes are printed for people. */
const MOST = 100;

/** `vkv show`: what there is to know of a commit. */
export function addShow(program: Command, run: Run): void {
  program
    .command("show")
    .summary("show a commit and what it changed")
    .description("Shows a commit, and what differs from its first parent.")
    .argument("[revision]", `${REVISION}; the branch unless given`)
    .addHelpText("after", examples("vkv show", "vkv show draft~1", "vkv show 1a2b3c4d --json"))
    .action((revision: string | undefined, _options, verb: Command) =>
      run(verb, async (session) => {
        const v = await openAt(session, revision);
        const [commit, labels] = await Promise.all([v.commit(), readLabels(v)]);
        if (!session.json) await print(session, v, commit, labels);
        else await session.out.json({ ...commitJson(commit, labels), changes: await changesOf(v, commit) });
        return undefined;
      }),
    );
}

/** What a commit changed; `null` if its parent is not there any more. */
async function changesOf(v: Versioned, { hash, parents: [parent] }: Commit): Promise<object[] | null> {
  if (parent === undefined) return [];
  return (await isThere(v, parent)) ? v.changes(parent, hash).map(changeJson).toArray() : null;
}

/** Whether a commit is there: where history was cut, parents are not. */
function isThere(v: Versioned, commit: string): Promise<boolean> {
  return v.commit(commit).then(
    () => true,
    (error: unknown) => {
      if (error instanceof CommitNotFoundError) return false;
      throw error;
    },
  );
}

async function print({ out, signal }: Session, v: Versioned, commit: Commit, labels: Labels): Promise<void> {
  const { hash, parents, info, size, bytes } = commit;
  const { branches, tags } = labelsOf(labels, hash);
  await out.line(out.styled("yellow", `commit ${hash}`));
  for (const parent of parents) await out.line(`parent ${parent}`);
  if (branches.length > 0) await out.line(`branches ${branches.map(safe).join(", ")}`);
  if (tags.length > 0) await out.line(`tags ${tags.map(safe).join(", ")}`);
  for (const [name, value] of Object.entries(info ?? {})) {
    await out.line(`${safe(name)}: ${safe(typeof value === "string" ? value : JSON.stringify(value))}`);
  }
  await out.line(`${count(size, "key")}, ${countBytes(bytes)}`);
  const [parent] = parents;
  if (parent === undefined) return;
  if (!(await isThere(v, parent)))
    return out.line("Its parent was removed from the store: what it changed is not known.");
  await out.line("");
  let left = MOST;
  for await (const change of v.changes(parent, hash, { limit: MOST + 1 })) {
    signal.throwIfAborted();
    if (left-- === 0) await out.line(`… all of them: vkv diff ${short(parent)} ${short(hash)}`);
    else await out.line(changeLine(out, change, true));
  }
}
