import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { withConflictMarkers } from "vkv";
import { mergeLines } from "../../src/content-types/lines/merge.ts";
import { execute, inTempFolder } from "../support/run.ts";
import { propertyOptions } from "../support/seed.ts";
import { type Versions, versions } from "./text-edits.ts";

/** What git makes of a merge: the text; or, if there are conflicts, the text with markers, the base's lines among them. */
interface GitMerge {
  readonly isClean: boolean;
  readonly text: string;
}

/** A shell script, since a process of ours for each merge would take longer than the merge. */
const SCRIPT = `
i=0
while [ $i -lt $1 ]; do
  if git merge-file -p $i.ours $i.old $i.theirs > $i.merged 2> error; then echo clean
  elif [ -s error ]; then cat error
  else git merge-file -p --diff3 -L ours -L old -L theirs $i.ours $i.old $i.theirs > $i.merged; echo conflict
  fi
  i=$((i + 1))
done`;

/** What `git merge-file` makes of each case. */
async function gitMerges(cases: readonly Versions[]): Promise<GitMerge[]> {
  return inTempFolder(async (dir) => {
    for (const [i, versionsOfCase] of cases.entries()) {
      for (const [name, text] of Object.entries(versionsOfCase)) await writeFile(join(dir, `${i}.${name}`), text);
    }
    const { stdout } = await execute("sh", ["-c", SCRIPT, "sh", String(cases.length)], dir);
    const outcomes = stdout.trim().split("\n");
    expect(outcomes.filter((outcome) => outcome !== "clean" && outcome !== "conflict")).toEqual([]);
    const texts = await Promise.all(cases.map((_, i) => readFile(join(dir, `${i}.merged`), "utf8")));
    return texts.map((text, i) => ({ isClean: outcomes[i] === "clean", text }));
  });
}

/** With the base's lines shown, git leaves a conflict where both sides came to the same lines by other changes: here the lines. */
function withoutFalseConflicts(text: string): string {
  return text.replaceAll(
    /^<<<<<<< ours\n((?:(?!<<<<<<< ).*\n)*?)\|\|\|\|\|\|\| old\n(?:.*\n)*?=======\n\1>>>>>>> theirs\n/gm,
    "$1",
  );
}

/** Merges generated texts with git and with ours, and expects the same of both: the outcome, the text, and the places of conflicts. */
export async function expectGitsMerges(count: number, size: number): Promise<void> {
  const { numRuns, seed = Math.floor(Math.random() * 2 ** 31) } = propertyOptions({ numRuns: count });
  const cases = fc.sample(versions(size), { numRuns, seed });
  const merges = await gitMerges(cases);
  let [clean, conflicts] = [0, 0];
  for (const [i, { old, ours, theirs }] of cases.entries()) {
    const parts = mergeLines(old, ours, theirs);
    const isClean = parts.every((part) => typeof part === "string");
    const text = withConflictMarkers(parts, { old: "old" });
    const git = merges[i];
    expect({ seed, old, ours, theirs, isClean }).toEqual({ seed, old, ours, theirs, isClean: git?.isClean });
    // Git writes its markers with the line endings of the text.
    const shown = (merged = ""): string => (isClean ? merged : withoutFalseConflicts(merged.replaceAll("\r", "")));
    expect({ seed, old, ours, theirs, text: shown(text) }).toEqual({ seed, old, ours, theirs, text: shown(git?.text) });
    if (isClean) clean++;
    else conflicts++;
  }
  // That both kinds were there.
  expect(Math.min(clean, conflicts)).toBeGreaterThan(numRuns / 10);
}
