import type { CommitRecord } from "../commit/commit.ts";
import type { Repository } from "../commit/repository.ts";
import { readSlots } from "../tree/blob.ts";
import { type Delta, diff } from "../tree/diff.ts";
import { keyText } from "../tree/key-bytes.ts";
import { pagesWhileHeld } from "./collected.ts";
import { Paged } from "./paged.ts";
import type { ParsedRange } from "./range.ts";
import type { Change, DiffResult } from "./types.ts";

/** Which keys differ between two commits. */
export async function diffKeys(repository: Repository, a: CommitRecord, b: CommitRecord): Promise<DiffResult> {
  const keys = { added: new Set<string>(), removed: new Set<string>(), modified: new Set<string>() };
  for await (const page of deltas(repository, a, b)) {
    for (const delta of page) keys[typeOf(delta)].add(keyText(delta.key));
  }
  return keys;
}

/** What differs between two commits, with the values. `commits` finds them when the first change is asked for. */
export function changesBetween(
  repository: Repository,
  commits: () => Promise<[CommitRecord, CommitRecord]>,
  range: ParsedRange,
): Paged<Change> {
  return new Paged(async function* () {
    const [a, b] = await commits();
    let rest = range.limit;
    for await (const page of pagesWhileHeld(repository, [a, b], deltas(repository, a, b, range))) {
      const wanted = page.slice(0, Math.min(page.length, rest));
      const values = await readSlots(
        repository.chunks,
        wanted.flatMap(({ before, after }) => [before, after]),
      );
      yield wanted.map(
        (delta, i): Change => ({
          key: keyText(delta.key),
          type: typeOf(delta),
          old: values[2 * i],
          new: values[2 * i + 1],
        }),
      );
      rest -= wanted.length;
      if (rest === 0) return;
    }
  });
}

async function* deltas(
  repository: Repository,
  a: CommitRecord,
  b: CommitRecord,
  options?: ParsedRange,
): AsyncGenerator<Delta[], void> {
  const { nodes, trees } = repository;
  if (a.root === b.root || options?.limit === 0) return;
  const [before, after] = await trees.roots(a, b);
  yield* diff(nodes, before, after, options);
}

function typeOf(delta: Delta): Change["type"] {
  if (delta.before === undefined) return "added";
  return delta.after === undefined ? "removed" : "modified";
}
