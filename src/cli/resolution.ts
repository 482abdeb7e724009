import { type Command, Option } from "commander";
import { asMergeFn, type MergeOptions, type MergeResult, type Rule, text } from "../index.ts";
import { several } from "./arguments.ts";
import { CliError, EXIT } from "./exit.ts";

/** The options that decide conflicts. */
export interface ResolutionOptions {
  readonly ours?: boolean;
  readonly theirs?: boolean;
  readonly text?: boolean;
  readonly oursKey?: readonly string[];
  readonly theirsKey?: readonly string[];
  readonly dryRun?: boolean;
}

/**
 * Gives a verb the options that decide conflicts.
 *
 * @param theirs what the other side is
 */
export function addResolutionOptions(verb: Command, theirs: string): Command {
  return verb
    .addOption(new Option("--ours", "in conflicts, take the branch's value").conflicts(["theirs", "text"]))
    .addOption(new Option("--theirs", `in conflicts, take the value of ${theirs}`).conflicts(["ours", "text"]))
    .addOption(new Option("--text", "in conflicts, merge texts by lines").conflicts(["ours", "theirs"]))
    .option("--ours-key <key>", "the same as --ours for one key; may be given several times", several)
    .option("--theirs-key <key>", "the same as --theirs for one key; may be given several times", several)
    .option("--dry-run", "say what would happen, and change nothing; exits with 3 for conflicts");
}

/** What the options come to for the library: conflicts are part of the result. */
export function resolutionOf(options: ResolutionOptions): MergeOptions {
  const { ours = false, theirs = false, text: byLines = false, oursKey = [], theirsKey = [], dryRun = false } = options;
  const rules = new Map<string, Rule>();
  for (const key of oursKey) rules.set(key, "ours");
  for (const key of theirsKey) {
    if (rules.has(key)) {
      throw new CliError(
        EXIT.usage,
        `${JSON.stringify(key)} is in --ours-key and in --theirs-key.`,
        "Take one side of it.",
      );
    }
    rules.set(key, "theirs");
  }
  const fallback = ours ? "ours" : theirs ? "theirs" : byLines ? asMergeFn(text()) : undefined;
  return { onConflict: "abandon", mergeFns: rules, dryRun, ...(fallback !== undefined && { defaultMerge: fallback }) };
}

/** The keys that the options decide, and that there was nothing to decide of. */
export function needless({ oursKey = [], theirsKey = [] }: ResolutionOptions, result: MergeResult): string[] {
  const decided = new Set(result.resolvedKeys);
  return [...oursKey, ...theirsKey].filter((key) => !decided.has(key));
}
