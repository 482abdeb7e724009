import type { Command } from "commander";
import { commitChanges, printMoved } from "../commit-changes.ts";
import { addCommitOptions, type CommitOptions, commitInfo } from "../commit-info.ts";
import { CliError, EXIT } from "../exit.ts";
import { count } from "../value.ts";
import { examples, type Run } from "../verb.ts";

interface RmOptions extends CommitOptions {
  readonly prefix?: string;
  readonly force?: boolean;
}

/** `vkv rm`: removes keys, in a commit. */
export function addRm(program: Command, run: Run): void {
  const verb = program
    .command("rm")
    .summary("remove keys, in a commit")
    .description(
      "Removes keys. Makes one commit. If one of the keys is not there, nothing is removed, and it exits with 1.",
    )
    .argument("[keys...]")
    .option("--prefix <prefix>", "remove all keys that begin with this")
    .option("--force", "pass over keys that are not there")
    .addHelpText("after", examples('vkv rm draft.md -m "not needed"', "vkv rm --prefix tmp/"));
  addCommitOptions(verb).action((keys: string[], options: RmOptions, self: Command) =>
    run(self, async (session) => {
      const { prefix } = options;
      if (keys.length === 0 && prefix === undefined) {
        throw new CliError(EXIT.usage, "Which keys?", "Give keys, or --prefix.");
      }
      const what = `rm ${[...keys, ...(prefix === undefined ? [] : [`${prefix}*`])].slice(0, 3).join(" ")}${keys.length > 3 ? " …" : ""}`;
      let removals: string[] = [];
      const moved = await commitChanges(session, commitInfo(options, what), async (tx) => {
        const below = prefix === undefined ? [] : await tx.keys({ prefix }).toArray();
        removals = [...new Set([...keys, ...below])];
        const there = new Set([...(await tx.getMany(keys)).keys(), ...below]);
        const missing = removals.find((key) => !there.has(key));
        if (options.force !== true && missing !== undefined) throw notThere(missing, session.branch);
        removals = removals.filter((key) => there.has(key));
        await tx.snapshot(null, { removals });
      });
      await printMoved(session, moved, `${options.message ?? what} (${count(removals.length, "key")})`, {
        removed: removals,
      });
      return undefined;
    }),
  );
}

function notThere(key: string, branch: string): CliError {
  const what = `There is no key ${JSON.stringify(key)} on ${branch}; nothing was removed.`;
  return new CliError(EXIT.no, what, "`vkv ls` lists the keys. --force passes over those that are not there.");
}
