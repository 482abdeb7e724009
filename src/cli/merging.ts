import type { Conflict, MergeOptions, MergeResult, Versioned } from "../index.ts";
import { type Moved, printMoved } from "./commit-changes.ts";
import { safe } from "./escape.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";
import { needless, type ResolutionOptions, resolutionOf } from "./resolution.ts";
import { short } from "./revision.ts";
import type { Session } from "./session.ts";
import { count, previews, toJsonOrNull } from "./value.ts";

/** What a verb that merges does. */
export interface Merging {
  /** What it is, in a few words: the commit's message, unless another is given. */
  readonly what: string;
  /** What the other side is called. */
  readonly theirs: string;
  readonly options: ResolutionOptions;
  /** The merge itself, on a handle at the branch's newest commit. */
  merge(v: Versioned, options: MergeOptions): Promise<MergeResult>;
}

/**
 * Merges into the session's branch, publishes that, and prints what came of it. Where others publish meanwhile, it is
 * done again on what they left.
 *
 * @throws CliError for conflicts, once they are printed
 */
export async function mergeAndPrint(session: Session, merging: Merging): Promise<ExitCode | undefined> {
  const { options } = merging;
  const resolution = { ...resolutionOf(options), signal: session.signal };
  const v = await session.open();
  let previous = v.currentCommit;
  const result =
    options.dryRun === true
      ? await merging.merge(v, resolution)
      : await v.transact(
          (tx) => {
            previous = tx.currentCommit;
            return merging.merge(tx, resolution);
          },
          { signal: session.signal },
        );
  const moved = { branch: v.branch, commit: v.currentCommit, previous };
  if (session.json) await session.out.json({ ...moved, dryRun: options.dryRun === true, ...resultJson(result) });
  else await print(session, merging, moved, result);
  if (!result.merged) throw conflictError(result.conflicts.length, options.dryRun === true);
  for (const key of needless(options, result)) await session.note(`Nothing was to decide for ${JSON.stringify(key)}.`);
  return undefined;
}

function resultJson(result: MergeResult): object {
  const { merged, strategy, autoMergedKeys, resolvedKeys, carriedKeys } = result;
  const conflicts = result.conflicts.map(({ key, old, ours, theirs }) => {
    return { key, old: toJsonOrNull(old), ours: toJsonOrNull(ours), theirs: toJsonOrNull(theirs) };
  });
  return { merged, strategy, autoMergedKeys, resolvedKeys, carriedKeys, conflicts };
}

async function print(session: Session, merging: Merging, moved: Moved, result: MergeResult): Promise<void> {
  const { out } = session;
  const { strategy, resolvedKeys, carriedKeys, conflicts } = result;
  if (!result.merged) {
    for (const conflict of conflicts) await printConflict(session, merging.theirs, conflict);
    return;
  }
  const decided = resolvedKeys.length === 0 ? "" : `, ${resolvedKeys.length} decided`;
  const summary = {
    no_op: "nothing to do",
    fast_forward: `fast-forward to ${short(result.commit ?? "")}`,
    three_way: `${count(carriedKeys.length, "key")} taken over${decided}`,
  }[strategy];
  if (merging.options.dryRun === true) await out.line(`It would be: ${safe(summary)}.`);
  else await printMoved(session, moved, `${merging.what} (${summary})`);
}

async function printConflict({ out, branch }: Session, theirs: string, conflict: Conflict): Promise<void> {
  const [was = "", ours = "", other = ""] = previews([conflict.old, conflict.ours, conflict.theirs]);
  await out.line(out.styled("red", `conflict ${safe(conflict.key)}`));
  await out.line(`  was     ${was}`);
  await out.line(`  ours    ${ours}  (${safe(branch)})`);
  await out.line(`  theirs  ${other}  (${safe(theirs)})`);
  if (conflict.error instanceof Error) await out.line(`  ${safe(conflict.error.message)}`);
}

function conflictError(conflicts: number, isDryRun: boolean): CliError {
  const what = `Both sides changed ${count(conflicts, "key")}. ${isDryRun ? "It would not be merged" : "Nothing was merged"}.`;
  return new CliError(
    EXIT.conflict,
    what,
    "Decide: --ours, --theirs, --text, or --ours-key KEY and --theirs-key KEY for single keys.",
  );
}
