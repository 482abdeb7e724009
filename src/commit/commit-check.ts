import type { Hash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";
import type { TreeCheck } from "../tree/check.ts";
import { isFault } from "../tree/chunk-check.ts";
import type { DamageMap, Fault } from "../tree/damage.ts";
import { namedAncestors } from "./commit.ts";
import { type CommitFacts, type CommitReader, type Visited, visitHeld } from "./commit-walk.ts";
import type { TailCheck } from "./tail-check.ts";
import type { Tips } from "./tips.ts";

/** A commit that is damaged or leads to damage. */
export interface Affected {
  readonly hash: Hash;
  /** `undefined` if the commit itself cannot be read. */
  readonly generation: number | undefined;
  /** Its places in the map of damage. */
  readonly places: readonly number[];
}

/** Checks commits: that they can be read, agree with their parents and their trees, and that their trees are sound. */
export class CommitCheck {
  /** The commits that are not sound; their descendants are not among them. */
  readonly affected: Map<Hash, Affected> = new Map();
  readonly #reader: CommitReader;
  readonly #trees: TreeCheck;
  readonly #tails: TailCheck;
  readonly #damage: DamageMap;
  readonly #checked: HashSet = new HashSet();

  constructor(reader: CommitReader, trees: TreeCheck, tails: TailCheck, damage: DamageMap) {
    this.#reader = reader;
    this.#trees = trees;
    this.#tails = tails;
    this.#damage = damage;
  }

  /** Checks whatever tips hold. */
  async check(tips: Tips): Promise<void> {
    for await (const batch of visitHeld(this.#reader, tips)) await this.#checkBatch(batch);
  }

  async #checkBatch(batch: readonly Visited[]): Promise<void> {
    const commits: CommitFacts[] = [];
    for (const { hash, commit, spine } of batch) {
      for (const [below, fault] of spine) this.#note(hash, undefined, below, fault);
      if (isFault(commit)) this.#note(hash, undefined, hash, commit);
      else if (this.#checked.add(hash)) commits.push(commit);
    }
    const stored = commits.filter(({ hasTree }) => hasTree);
    const trees = await this.#trees.check(stored.map((commit) => ({ commit: commit.hash, ...commit })));
    trees.forEach((tree, i) => {
      const commit = stored[i];
      if (tree !== undefined && commit !== undefined) this.#add(commit.hash, commit.generation, tree);
    });
    // The tree of one of a tail is soonest made from that of the one before.
    for (const { hash, generation, hasTree } of commits.toReversed()) {
      const tree = hasTree ? undefined : await this.#tails.check(hash);
      if (tree !== undefined) this.#add(hash, generation, tree);
    }
    const named = await this.#reader.read(commits.flatMap(({ parents, skips }) => [...parents, ...skips]));
    commits.forEach((commit) => {
      const { hash, generation } = commit;
      const fault = contradiction(commit, named);
      if (fault !== undefined) this.#note(hash, generation, hash, fault);
    });
  }

  /** Notes that a commit `of` is damaged, because `hash`, which may be itself, has a fault. */
  #note(of: Hash, generation: number | undefined, hash: Hash, fault: Fault): void {
    this.#add(of, generation, this.#damage.add([], this.#damage.note("commit", hash, fault), {}));
  }

  #add(hash: Hash, generation: number | undefined, place: number): void {
    const known = this.affected.get(hash);
    this.affected.set(hash, {
      hash,
      generation: generation ?? known?.generation,
      places: [...(known?.places ?? []), place],
    });
  }
}

/** What a commit says of its place in history that is not so, as far as the commits that it names are there. */
function contradiction(commit: CommitFacts, named: ReadonlyMap<Hash, CommitFacts | Fault>): Fault | undefined {
  const find = (hash: Hash | undefined): CommitFacts | undefined => {
    const found = hash && named.get(hash);
    return isFault(found) ? undefined : found;
  };
  const wrong = (why: string): Fault => ({ what: "wrong", why });
  const parents = commit.parents.map(find).filter((parent) => parent !== undefined);
  const generation = parents.reduce((highest, parent) => Math.max(highest, parent.generation + 1), 0);
  const isKnown = parents.length === commit.parents.length;
  if (isKnown ? commit.generation !== generation : commit.generation < generation) {
    return wrong(`its generation is ${commit.generation}; by its parents it is ${generation}`);
  }
  const first = find(commit.parents[0]);
  const merges = (first?.merges ?? 0) + (commit.parents.length > 1 ? 1 : 0);
  if (first !== undefined && (commit.depth !== first.depth + 1 || commit.merges !== merges)) {
    return wrong(
      `its depth is ${commit.depth}, with ${commit.merges} merges; by its parent it is ${first.depth + 1}, with ${merges}`,
    );
  }
  return hasFalseSkips(commit, find) ? wrong("it names ancestors that are not on the line of its parent") : undefined;
}

/** Whether one of the ancestors that a commit names is not the one that those above it name, up to its parent. */
function hasFalseSkips(commit: CommitFacts, find: (hash: Hash) => CommitFacts | undefined): boolean {
  const ancestors = [...namedAncestors(commit)];
  return ancestors.some(([depth, hash], i) =>
    ancestors.slice(0, i).some(([, above]) => {
      const higher = find(above);
      const said = higher && namedAncestors(higher).get(depth);
      return said !== undefined && said !== hash;
    }),
  );
}
