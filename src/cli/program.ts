import { Command, Option, type OutputConfiguration } from "commander";
import type { Globals } from "./session.ts";
import { STORE_FORMS } from "./store-url.ts";
import type { Run } from "./verb.ts";
import { addBranch } from "./verbs/branch.ts";
import { addCherryPick } from "./verbs/cherry-pick.ts";
import { addDiff } from "./verbs/diff.ts";
import { addExport } from "./verbs/export.ts";
import { addGc } from "./verbs/gc.ts";
import { addGet } from "./verbs/get.ts";
import { addImport } from "./verbs/import.ts";
import { addInit } from "./verbs/init.ts";
import { addLog } from "./verbs/log.ts";
import { addLs } from "./verbs/ls.ts";
import { addMerge } from "./verbs/merge.ts";
import { addReset } from "./verbs/reset.ts";
import { addRevert } from "./verbs/revert.ts";
import { addRm } from "./verbs/rm.ts";
import { addSet } from "./verbs/set.ts";
import { addShow } from "./verbs/show.ts";
import { addStats } from "./verbs/stats.ts";
import { addTag } from "./verbs/tag.ts";
import { addUi } from "./verbs/ui.ts";
import { addVerify } from "./verbs/verify.ts";

/** The verbs, in the groups and the order in which help lists them. */
const GROUPS: readonly (readonly [heading: string, verbs: readonly ((program: Command, run: Run) => void)[]])[] = [
  ["Begin, and move data:", [addInit, addImport, addExport]],
  ["Read and write:", [addGet, addSet, addRm, addLs]],
  ["Branch and merge:", [addBranch, addTag, addMerge, addCherryPick]],
  ["Look back, and go back:", [addLog, addShow, addDiff, addRevert, addReset]],
  ["Look after the store:", [addStats, addVerify, addGc, addUi]],
];

const AFTER = `
A session, from a folder of files to a merge and back:
  $ export VKV_STORE=./store
  $ vkv init                                  # a store with an empty branch, main
  $ vkv import ./notes                        # a commit: each file is a key
  $ vkv branch draft                          # a branch that begins where main is
  $ vkv set plan.md "Plan B" -b draft         # a commit on draft
  $ vkv set plan.md "Plan A+"                 # a commit on main
  $ vkv merge draft                           # conflict: both changed plan.md
  $ vkv merge draft --theirs-key plan.md      # decided: draft's value
  $ vkv log --graph --all                     # how it came about
  $ vkv ui                                    # the same in a browser, until Ctrl-C
  $ vkv reset main~1                          # back to before the merge
  $ vkv export ./copy                         # files again

Stores:
  ${STORE_FORMS}

Exit codes:
  0 done   1 not found, or "no"   2 wrong usage   3 conflict or lost race
  4 store or data trouble   130 interrupted

Every writing verb commits at once. \`vkv VERB --help\` has the options and examples of a verb.`;

/**
 * The command line: all verbs, and the options that each of them has.
 *
 * @param output where help and errors of the command line itself are written
 */
export function makeProgram(version: string, run: Run, output: OutputConfiguration): Command {
  const program = new Command("vkv")
    .description("A versioned key-value store: git's commits, branches and merges for keys and values.")
    .version(version, "--version")
    .addOption(new Option("--store <url>", "the store: a folder, or a URL").env("VKV_STORE"))
    .option("-b, --branch <name>", "the branch to work on", "main")
    .option("--json", "print data as JSON: one object, or one a line for what is listed")
    .option("--verbose", "with errors, say where they come from")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput(output)
    .showHelpAfterError("     `vkv --help` lists the verbs, `vkv VERB --help` their options.")
    .addHelpText("after", AFTER)
    .exitOverride();
  for (const [heading, verbs] of GROUPS) {
    program.commandsGroup(heading);
    for (const add of verbs) add(program, run);
  }
  addHelp(program);
  for (const verb of program.commands) {
    verb.showHelpAfterError(`     \`vkv ${verb.name()} --help\` has its options and examples.`);
  }
  return program;
}

/** `vkv help`: the same as `--help`. */
function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command("help")
    .summary("show the options and examples of a verb")
    .argument("[verb]")
    .action((name: string | undefined) => {
      const verb = name === undefined ? program : program.commands.find((command) => command.name() === name);
      if (verb === undefined) program.error(`error: unknown command '${name}'`);
      else verb.help();
    });
}

/** The options that every verb has, as they were given before or after it. */
export function globalsOf(verb: Command): Globals {
  return verb.optsWithGlobals();
}
