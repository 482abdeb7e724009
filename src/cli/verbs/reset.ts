import type { Command } from "commander";
import { CommitNotFoundError } from "../../index.ts";
import { printMoved } from "../commit-changes.ts";
import { REVISION, resolveRevision, short } from "../revision.ts";
import { shellWord } from "../shell-word.ts";
import { examples, type Run } from "../verb.ts";

/** `vkv reset`: moves a branch to another commit. */
export function addReset(program: Command, run: Run): void {
  program
    .command("reset")
    .summary("move a branch to another commit, back for example")
    .description(
      "Moves the branch of --branch to a commit. What it leaves is no longer in its history, and is garbage later unless a branch or a tag leads to it. `vkv revert` undoes a commit and keeps the history.",
    )
    .argument("<revision>", REVISION)
    .addHelpText("after", examples("vkv reset main~1", "vkv reset v1 --branch draft"))
    .action((revision: string, _options, verb: Command) =>
      run(verb, async (session) => {
        const v = await session.open();
        const previous = v.currentCommit;
        const commit = await resolveRevision(v, revision);
        session.signal.throwIfAborted();
        if (commit !== previous && !(await v.resetTo(commit))) throw new CommitNotFoundError(commit);
        await printMoved(session, { branch: v.branch, commit, previous }, `reset; it was at ${short(previous)}`);
        if (commit !== previous)
          await session.note(`To undo this: vkv reset ${short(previous)} --branch ${shellWord(v.branch)}`);
        return undefined;
      }),
    );
}
