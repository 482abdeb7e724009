import type { Versioned } from "../index.ts";

/** A history that is being read, at a commit. */
interface Line {
  readonly rest: AsyncIterator<string>;
  readonly commit: string;
  readonly generation: number;
}

/**
 * The commits of several histories, each once, a parent never before its child: by generation, which is higher than that
 * of all ancestors.
 */
export async function* newestFirst(
  v: Versioned,
  heads: readonly string[],
  { allParents, limit = Number.POSITIVE_INFINITY }: { readonly allParents: boolean; readonly limit?: number },
): AsyncGenerator<string, void> {
  const next = async (rest: AsyncIterator<string>): Promise<Line | undefined> => {
    const { done, value: commit } = await rest.next();
    return done === true ? undefined : { rest, commit, generation: (await v.commit(commit)).generation };
  };
  const started = heads.map((from) => next(v.history({ from, allParents })[Symbol.asyncIterator]()));
  let lines = (await Promise.all(started)).filter((line) => line !== undefined);
  for (let left = limit; left > 0 && lines.length > 0; left--) {
    const newest = lines.reduce((a, b) => (isBefore(b, a) ? b : a)).commit;
    yield newest;
    const moved = lines.map((line) => (line.commit === newest ? next(line.rest) : Promise.resolve(line)));
    lines = (await Promise.all(moved)).filter((line) => line !== undefined);
  }
}

function isBefore(a: Line, b: Line): boolean {
  return a.generation === b.generation ? a.commit < b.commit : a.generation > b.generation;
}
