import type { Command } from "commander";
import { addCommitOptions, type CommitOptions, commitInfo } from "../commit-info.ts";
import { mergeAndPrint } from "../merging.ts";
import { addResolutionOptions, type ResolutionOptions } from "../resolution.ts";
import { REVISION, resolveRevision } from "../revision.ts";
import { examples, type Run } from "../verb.ts";

/** `vkv merge`: merges another branch. */
export function addMerge(program: Command, run: Run): void {
  const verb = program
    .command("merge")
    .summary("merge a branch into this one")
    .description(
      "Merges into the branch of --branch, in a commit; if that has nothing of its own, it just moves. A key that both changed to different values is a conflict: nothing is merged until it is decided.",
    )
    .argument("<revision>", `what to merge: ${REVISION}`)
    .addHelpText(
      "after",
      examples(
        "vkv merge draft                  # into main",
        "vkv merge main --branch draft    # into draft",
        "vkv merge draft --dry-run",
        "vkv merge draft --theirs --ours-key title",
      ),
    );
  addCommitOptions(addResolutionOptions(verb, "what is merged")).action(
    (revision: string, options: ResolutionOptions & CommitOptions, self: Command) =>
      run(self, async (session) => {
        const commit = await resolveRevision(await session.open(), revision);
        const info = commitInfo(options, `merge ${revision}`);
        return mergeAndPrint(session, {
          what: options.message ?? `merge ${revision}`,
          theirs: revision,
          options,
          merge: (v, resolution) => v.mergeFrom({ commit }, { ...resolution, info }),
        });
      }),
  );
}
