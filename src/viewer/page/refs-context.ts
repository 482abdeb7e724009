import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Refs } from "../protocol.ts";

/** The branches and tags, which many views show. */
export interface RefsState {
  readonly refs: Refs;
  /** Changes whenever they are loaded anew. */
  readonly version: number;
  /** Loads them anew. */
  reload(): void;
}

/** A branch's or tag's name beside a commit. */
export interface Label {
  readonly kind: "branch" | "tag";
  readonly name: string;
}

const NONE: RefsState = {
  refs: { branches: [], tags: [], isWritable: false },
  version: 0,
  reload() {},
};

/** What gives them to all views. */
export const RefsContext: ReturnType<typeof createContext<RefsState>> = createContext<RefsState>(NONE);

/** The branches and tags. */
export function useRefs(): RefsState {
  return useContext(RefsContext);
}

/** The branches and tags of each commit, `main` first: not all are shown everywhere. */
export function labelsByCommit({ branches, tags }: Refs): Map<string, Label[]> {
  const labels = new Map<string, Label[]>();
  const add = (kind: Label["kind"], name: string, commit: string): void => {
    const own = labels.get(commit) ?? [];
    own.push({ kind, name });
    labels.set(commit, own);
  };
  const mainFirst = branches.toSorted((a, b) => Number(b.name === "main") - Number(a.name === "main"));
  for (const { name, commit } of mainFirst) add("branch", name, commit);
  for (const { name, commit } of tags) add("tag", name, commit);
  return labels;
}
