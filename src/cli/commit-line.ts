import type { Commit } from "../index.ts";
import { describeInfo } from "./commit-info.ts";
import { safe } from "./escape.ts";
import { type Labels, labelsOf } from "./labels.ts";
import type { Output } from "./output.ts";
import { short } from "./revision.ts";

/** What is printed of a commit as JSON. */
export function commitJson({ hash, parents, info, size, bytes }: Commit, labels: Labels): object {
  const { branches, tags } = labelsOf(labels, hash);
  return { commit: hash, parents, info: info ?? null, branches, tags, keys: size, bytes };
}

/** A commit in one line. */
export function commitLine(out: Output, { hash, parents, info }: Commit, labels: Labels): string {
  const { branches, tags } = labelsOf(labels, hash);
  const names = [...branches.map(safe), ...tags.map((tag) => `tag: ${safe(tag)}`)];
  const label = names.length === 0 ? "" : `${out.styled("green", `(${names.join(", ")})`)} `;
  const isRoot = parents.length === 0 && info === undefined;
  return `${out.styled("yellow", short(hash))} ${label}${isRoot ? "(the beginning)" : describeInfo(info)}`;
}
