/** From where damage can be reached. */
import type { Hash } from "../chunk/hash.ts";
import { isFault } from "../tree/chunk-check.ts";
import type { Damage, DamageMap } from "../tree/damage.ts";
import type { Affected } from "./commit-check.ts";
import { type CommitReader, visitHeld } from "./commit-walk.ts";
import { Tips } from "./tips.ts";

/** How many of the commits that need a damaged chunk are named. */
const NEWEST = 5;

/** A ref that leads to a commit. */
export interface Source {
  readonly head: Hash;
  readonly cuts: readonly Hash[];
}

/** From where some damage can be reached. */
export interface Reach<T extends Source> {
  readonly sources: readonly T[];
  /** Those of them whose head needs it itself. */
  readonly current: readonly T[];
  /** The commits that need it themselves: how many, and some of them, the newest first. */
  readonly commits: { readonly count: number; readonly newest: readonly Hash[] };
}

/** Finds out for all damage from where it can be reached. Holds the ids of all commits in memory. */
export async function reachOf<T extends Source>(
  reader: CommitReader,
  sources: readonly T[],
  affected: ReadonlyMap<Hash, Affected>,
  map: DamageMap,
): Promise<Map<Damage, Reach<T>>> {
  const parents = await commitGraph(reader, sources);
  const placesOf = (hash: Hash): readonly number[] => affected.get(hash)?.places ?? [];
  const reached = new Map(map.all.map((damage) => [damage, { sources: [] as T[], current: [] as T[] }]));
  for (const source of sources) {
    const places = historyOf(source, parents).flatMap(placesOf);
    for (const damage of map.below(places)) reached.get(damage)?.sources.push(source);
    for (const damage of map.below(placesOf(source.head))) reached.get(damage)?.current.push(source);
  }
  const commits = [...affected.values()].sort(byGeneration);
  return new Map(
    [...reached].map(([damage, refs]) => {
      const isAbove = map.above(damage);
      const above = commits.filter(({ places }) => places.some(isAbove)).map(({ hash }) => hash);
      return [damage, { ...refs, commits: { count: above.length, newest: above.slice(0, NEWEST) } }];
    }),
  );
}

function byGeneration(a: Affected, b: Affected): number {
  return (b.generation ?? -1) - (a.generation ?? -1) || (a.hash < b.hash ? -1 : 1);
}

/** The parents of every commit that can be read. */
async function commitGraph(reader: CommitReader, sources: readonly Source[]): Promise<Map<Hash, readonly Hash[]>> {
  const tips = new Tips();
  for (const source of sources) tips.add(source);
  const parents = new Map<Hash, readonly Hash[]>();
  for await (const batch of visitHeld(reader, tips)) {
    for (const { hash, commit } of batch) if (!isFault(commit)) parents.set(hash, commit.parents);
  }
  return parents;
}

function historyOf({ head, cuts }: Source, parents: ReadonlyMap<Hash, readonly Hash[]>): Hash[] {
  const beyond = new Set(cuts);
  const seen = new Set([head]);
  const history: Hash[] = [];
  const open = [head];
  for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
    history.push(hash);
    for (const parent of parents.get(hash) ?? []) {
      if (beyond.has(parent) || seen.has(parent)) continue;
      seen.add(parent);
      open.push(parent);
    }
  }
  return history;
}
