import type { Command } from "commander";
import { wholeNumber } from "../arguments.ts";
import { addCommitOptions, type CommitOptions, commitInfo } from "../commit-info.ts";
import { mergeAndPrint } from "../merging.ts";
import { parentOf } from "../parent.ts";
import { addResolutionOptions, type ResolutionOptions } from "../resolution.ts";
import { REVISION, resolveRevision, short } from "../revision.ts";
import { examples, type Run } from "../verb.ts";

interface RevertOptions extends ResolutionOptions, CommitOptions {
  readonly parent?: number;
}

/** `vkv revert`: undoes the changes of a commit. */
export function addRevert(program: Command, run: Run): void {
  const verb = program
    .command("revert")
    .summary("undo the changes of a commit, in a new one")
    .description(
      "Undoes what a commit changed on the branch of --branch, in a commit that says so in info.reverts. What was changed since stays.",
    )
    .argument("<revision>", REVISION)
    .option("--parent <number>", "of a merge: what it changed against this parent; 1 unless given", wholeNumber(1))
    .addHelpText("after", examples("vkv revert main", "vkv revert 1a2b3c4d --dry-run"));
  addCommitOptions(addResolutionOptions(verb, "the commit before")).action(
    (revision: string, options: RevertOptions, self: Command) =>
      run(self, async (session) => {
        const v = await session.open();
        const reverts = await resolveRevision(v, revision);
        const parent = await parentOf(v, reverts, options.parent);
        const what = `revert ${short(reverts)}`;
        const info = commitInfo(options, what, { reverts });
        return mergeAndPrint(session, {
          what: options.message ?? what,
          theirs: `before ${revision}`,
          options,
          merge: (tx, resolution) => tx.revert(reverts, { ...resolution, ...parent, info }),
        });
      }),
  );
}
