import type { Command } from "commander";
import { wholeNumber } from "../arguments.ts";
import { addCommitOptions, type CommitOptions, commitInfo } from "../commit-info.ts";
import { mergeAndPrint } from "../merging.ts";
import { parentOf } from "../parent.ts";
import { addResolutionOptions, type ResolutionOptions } from "../resolution.ts";
import { REVISION, resolveRevision, short } from "../revision.ts";
import { examples, type Run } from "../verb.ts";

interface CherryPickOptions extends ResolutionOptions, CommitOptions {
  readonly parent?: number;
}

/** `vkv cherry-pick`: does the changes of a commit again. */
export function addCherryPick(program: Command, run: Run): void {
  const verb = program
    .command("cherry-pick")
    .summary("do the changes of a commit again, on this branch")
    .description(
      "Does what a commit changed on the branch of --branch, in a commit that says the same, and info.picked.",
    )
    .argument("<revision>", REVISION)
    .option("--parent <number>", "of a merge: what it changed against this parent; 1 unless given", wholeNumber(1))
    .addHelpText("after", examples("vkv cherry-pick draft~1", "vkv cherry-pick 1a2b3c4d --branch release"));
  addCommitOptions(addResolutionOptions(verb, "the commit")).action(
    (revision: string, options: CherryPickOptions, self: Command) =>
      run(self, async (session) => {
        const v = await session.open();
        const picked = await resolveRevision(v, revision);
        const { info: said } = await v.commit(picked);
        const parent = await parentOf(v, picked, options.parent);
        const what = `cherry-pick ${short(picked)}`;
        // What the commit says of who and why holds for its copy, too.
        const info = {
          ...commitInfo(options, what),
          ...said,
          ...(options.message !== undefined && { why: options.message }),
          picked,
        };
        return mergeAndPrint(session, {
          what,
          theirs: revision,
          options,
          merge: (tx, resolution) => tx.cherryPick(picked, { ...resolution, ...parent, info }),
        });
      }),
  );
}
