import { compareText } from "../tree/key-bytes.ts";

/** What tells an element of a list from the others. */
export type Id = string | number;

/**
 * The order of merged elements. Those that both sides have are in the order of the side that moved some; behind each come those
 * that one side alone has behind it.
 *
 * @returns `undefined` if both sides moved elements, and not alike
 */
export function mergeOrder(old: readonly Id[], ours: readonly Id[], theirs: readonly Id[]): Id[] | undefined {
  const [ourRuns, theirRuns] = [runs(ours, new Set(theirs)), runs(theirs, new Set(ours))];
  const shared = sharedOrder(old, [...ourRuns.keys()], [...theirRuns.keys()]);
  return shared?.flatMap((id) => {
    const added = [ourRuns.get(id) ?? [], theirRuns.get(id) ?? []].sort(([a], [b]) => compareIds(a, b));
    return [...(id === undefined ? [] : [id]), ...added.flat()];
  });
}

/** The elements that a side alone has, by the element before them that the other side has, too; `undefined`: before all. */
function runs(side: readonly Id[], others: ReadonlySet<Id>): Map<Id | undefined, Id[]> {
  let run: Id[] = [];
  const found = new Map<Id | undefined, Id[]>([[undefined, run]]);
  for (const id of side) {
    if (others.has(id)) {
      run = [];
      found.set(id, run);
    } else run.push(id);
  }
  return found;
}

/** The order of the elements that both sides have: that of the side that differs from the base. */
function sharedOrder<T>(old: readonly T[], ours: readonly T[], theirs: readonly T[]): readonly T[] | undefined {
  if (isSame(ours, theirs)) return ours;
  const [known, shared] = [new Set(old), new Set(ours)];
  const before = old.filter((id) => shared.has(id));
  const [weMoved, theyMoved] = [ours, theirs].map(
    (side) =>
      !isSame(
        before,
        side.filter((id) => known.has(id)),
      ),
  );
  if (weMoved === theyMoved) return undefined;
  return weMoved ? ours : theirs;
}

function isSame<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** Numbers before strings; what is absent counts as equal to all, since it decides nothing. */
function compareIds(a: Id | undefined, b: Id | undefined): number {
  if (a === undefined || b === undefined) return 0;
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  return typeof a === "number" ? -1 : 1;
}
