import type { TextPart } from "../errors.ts";
import { checkOptions } from "../options.ts";

/** What the sides of a conflict are called in its markers. */
export interface MarkerLabels {
  /** This side; `"ours"` unless given. */
  readonly ours?: string;
  /** The other side; `"theirs"` unless given. */
  readonly theirs?: string;
  /** With a name for the base, its lines are shown, too, as `git merge-file --diff3` does; without, they are not. */
  readonly old?: string;
}

/**
 * A merged text with its conflicts between git's markers, for people to resolve, from `TextConflictError.parts`.
 *
 * @throws TypeError for labels that are no object
 *
 * @example
 * import { text, TextConflictError, withConflictMarkers } from "vkv";
 *
 * try {
 *   await text().merge("a\n", "A\n", "B\n");
 * } catch (error) {
 *   if (!(error instanceof TextConflictError)) throw error;
 *   withConflictMarkers(error.parts); // → "<<<<<<< ours\nA\n=======\nB\n>>>>>>> theirs\n"
 * }
 */
export function withConflictMarkers(parts: readonly TextPart[], labels: MarkerLabels = {}): string {
  checkOptions(labels, "withConflictMarkers");
  const { ours = "ours", theirs = "theirs", old } = labels;
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      const base = old === undefined ? "" : `||||||| ${old}\n${ended(part.old.lines)}`;
      const sides = [ended(part.ours.lines), ended(part.theirs.lines)] as const;
      return `<<<<<<< ${ours}\n${sides[0]}${base}=======\n${sides[1]}>>>>>>> ${theirs}\n`;
    })
    .join("");
}

/** Lines, with a newline at the end if there are any. */
function ended(lines: readonly string[]): string {
  const text = lines.join("");
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
