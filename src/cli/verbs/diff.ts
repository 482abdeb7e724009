import type { Command } from "commander";
import { wholeNumber } from "../arguments.ts";
import { changeJson, changeLine } from "../changes.ts";
import { EXIT } from "../exit.ts";
import { openAt, REVISION, resolveRevision } from "../revision.ts";
import { examples, type Run } from "../verb.ts";

interface DiffOptions {
  readonly prefix?: string;
  readonly limit?: number;
  readonly nameOnly?: boolean;
  readonly exitCode?: boolean;
}

/** `vkv diff`: what differs between two commits. */
export function addDiff(program: Command, run: Run): void {
  program
    .command("diff")
    .summary("list what differs between two commits")
    .description("Lists the keys that differ, in order: + added, - removed, ~ modified, with the values.")
    .argument("<from>", REVISION)
    .argument("[to]", "the branch unless given")
    .option("--prefix <prefix>", "only keys that begin with this")
    .option("-n, --limit <number>", "at most so many", wholeNumber(0))
    .option("--name-only", "without values")
    .option("--exit-code", "exit with 1 if something differs")
    .addHelpText(
      "after",
      examples("vkv diff main draft", "vkv diff main~1", "vkv diff v1 v2 --prefix docs/ --exit-code"),
    )
    .action((from: string, to: string | undefined, options: DiffOptions, verb: Command) =>
      run(verb, async (session) => {
        const { out, json, signal } = session;
        const v = await openAt(session, to);
        const a = await resolveRevision(v, from);
        const { prefix, limit } = options;
        const range = { ...(prefix !== undefined && { prefix }), ...(limit !== undefined && { limit }) };
        let differs = false;
        for await (const change of v.changes(a, v.currentCommit, range)) {
          signal.throwIfAborted();
          differs = true;
          await (json ? out.json(changeJson(change)) : out.line(changeLine(out, change, options.nameOnly !== true)));
        }
        return differs && options.exitCode === true ? EXIT.no : undefined;
      }),
    );
}
