import type { Versioned } from "../index.ts";
import { CliError, EXIT } from "./exit.ts";
import { short } from "./revision.ts";
import { count } from "./value.ts";

/**
 * The parent of a commit with a number, from 1 on, as an option for `cherryPick` and `revert`; none if no number is given.
 *
 * @throws CliError if it has not so many
 */
export async function parentOf(v: Versioned, commit: string, number: number | undefined): Promise<{ parent?: string }> {
  if (number === undefined) return {};
  const parents = await v.parents(commit);
  const parent = parents[number - 1];
  if (parent !== undefined) return { parent };
  throw new CliError(
    EXIT.usage,
    `${short(commit)} has ${count(parents.length, "parent")}.`,
    `\`vkv show ${short(commit)}\` lists them.`,
  );
}
