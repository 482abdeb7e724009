import type { Command } from "commander";
import { Versioned } from "../../index.ts";
import { safe } from "../escape.ts";
import { short } from "../revision.ts";
import { examples, type Run } from "../verb.ts";

/** `vkv init`: makes a store and its branch. */
export function addInit(program: Command, run: Run): void {
  program
    .command("init")
    .summary("make a store with an empty branch")
    .description("Makes a store, and the branch of --branch in it. What is there already stays as it is.")
    .addHelpText("after", examples("vkv init --store ./notes", "export VKV_STORE=./notes && vkv init"))
    .action((_options, verb: Command) =>
      run(verb, async (session) => {
        const store = await session.store(true);
        const { branch } = session;
        const created = !(await Versioned.branches(store)).includes(branch);
        const { currentCommit: commit } = await Versioned.open(store, { branch });
        if (session.json) await session.out.json({ branch, commit, created });
        else if (created) await session.out.line(`Made the branch ${safe(branch)}, empty, at ${short(commit)}.`);
        else await session.out.line(`The branch ${safe(branch)} is there already, at ${short(commit)}.`);
        return undefined;
      }),
    );
}
