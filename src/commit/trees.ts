import type { Hash } from "../chunk/hash.ts";
import { CorruptionError } from "../errors.ts";
import { EMPTY_ROOT, edit } from "../tree/edit.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader, type NodeStore } from "../tree/node-store.ts";
import { getSlots } from "../tree/read.ts";
import { type CommitRecord, namedDownTo } from "./commit.ts";
import type { CommitStore } from "./commit-store.ts";
import { changesOf, tailOf } from "./tail.ts";

/** How many trees that are not stored stay at hand. */
const CACHED = 16;
/** Trees at multiples of this depth are made on the way to those above them, which are likely to be asked for next; not on the way to the first, which may stay the only one. */
const STEP = 64;

/** Commits of a tail, the newest first, and the one below them. */
interface Descent {
  readonly line: readonly CommitRecord[];
  readonly below: CommitRecord;
}

/** The trees of the commits of one store: read, or made again from those below (`tail.ts`). */
export class Trees {
  readonly #commits: CommitStore;
  readonly #nodes: NodeStore;
  /** Roots of trees that are not stored, by their commits; what was used last comes last. */
  readonly #made: Map<Hash, Node> = new Map();

  constructor(commits: CommitStore, nodes: NodeStore) {
    this.#commits = commits;
    this.#nodes = nodes;
  }

  /** The root of a commit's tree; a `CorruptionError` if the tree is not the one that the commit says. */
  async root(commit: CommitRecord): Promise<Node> {
    const root = commit.note === undefined ? await this.#load(commit) : await this.#make(commit);
    const { size, bytes } = root.totals();
    if (size === commit.size && bytes === commit.bytes) return root;
    throw new CorruptionError(`Commit ${commit.hash} does not have the keys that it says.`, { at: commit.hash });
  }

  /** The roots of two commits' trees. One round trip, if both are stored. */
  async roots(a: CommitRecord, b: CommitRecord): Promise<[Node, Node]> {
    if (a.note === undefined && b.note === undefined) return Promise.all([this.root(a), this.root(b)]);
    // The tails of both are mostly one, which is read from above and made from below.
    const [lower, upper] = a.depth < b.depth ? [a, b] : [b, a];
    await this.#toMake(upper);
    const below = await this.root(lower);
    const above = await this.root(upper);
    return lower === a ? [below, above] : [above, below];
  }

  async #load({ root }: CommitRecord): Promise<Node> {
    return this.#nodes.cached(root) ?? (await this.#nodes.load([root]))[0] ?? EMPTY_ROOT;
  }

  /** Keeps the root of a new commit's tree at hand. */
  remember(commit: CommitRecord, root: Node): void {
    if (commit.note === undefined) return;
    this.#made.delete(commit.hash);
    this.#made.set(commit.hash, root);
    if (this.#made.size <= CACHED) return;
    for (const oldest of this.#made.keys()) {
      this.#made.delete(oldest);
      return;
    }
  }

  async #make(commit: CommitRecord): Promise<Node> {
    const known = this.#made.get(commit.hash);
    if (known !== undefined) {
      this.remember(commit, known);
      return known;
    }
    const { line, below } = await this.#toMake(commit);
    const from = await this.root(below);
    const reader = new NodeReader(this.#nodes);
    const isFirst = this.#made.size === 0;
    const step = line.length > STEP && !isFirst ? line.findIndex(({ depth }) => depth % STEP === 0) : -1;
    if (step <= 0) return this.#change(reader, from, commit, line);
    const changes = changesOf(line);
    // All at once, so that a level costs one round trip.
    await getSlots(
      reader,
      from,
      Array.from({ length: changes.length }, (_, i) => changes.key(i)),
    );
    const between = await this.#change(reader, from, line[step] ?? commit, line.slice(step));
    return this.#change(reader, between, commit, line.slice(0, step));
  }

  /** The tree of a commit, after what it and those below it, the newest first, changed. */
  async #change(reader: NodeReader, from: Node, commit: CommitRecord, line: readonly CommitRecord[]): Promise<Node> {
    const root = await edit(reader, from, changesOf(line));
    if (root.hash !== commit.root) {
      const message = `What commits changed does not lead to the tree of commit ${commit.hash}.`;
      throw new CorruptionError(message, { at: commit.hash });
    }
    this.remember(commit, root);
    return root;
  }

  /** The base of a commit's tail: itself, if its tree is stored. */
  async base(commit: CommitRecord): Promise<CommitRecord> {
    return (await this.#down(commit, ({ note }) => note === undefined)).below;
  }

  /** The commits whose changes make a commit's tree, the newest first, and the one whose tree they begin from. */
  #toMake(commit: CommitRecord): Promise<Descent> {
    return this.#down(commit, ({ hash, note }) => note === undefined || this.#made.has(hash));
  }

  /** The commits from one down to before the first that is an end, and that one. The tail is read when something of it is not at hand. */
  async #down(commit: CommitRecord, isEnd: (commit: CommitRecord) => boolean): Promise<Descent> {
    const line: CommitRecord[] = [];
    let read: ReadonlyMap<Hash, CommitRecord> | undefined;
    let below = commit;
    while (!isEnd(below)) {
      line.push(below);
      const [parent] = below.parents;
      if (parent === undefined) {
        throw new CorruptionError(`The tail that ends with commit ${below.hash} has no base.`, { at: below.hash });
      }
      let next = read?.get(parent) ?? this.#commits.cached(parent);
      if (next === undefined) {
        read = await this.#tail(below);
        next = read.get(parent) ?? (await this.#commits.load(parent));
      }
      below = next;
    }
    return { line, below };
  }

  /** The commits from a commit to the base of its tail. What a batch names is read in the next one: a few for a long tail. */
  async #tail(commit: CommitRecord): Promise<ReadonlyMap<Hash, CommitRecord>> {
    const found = new Map<Hash, CommitRecord>([[commit.hash, commit]]);
    const floor = commit.depth - (tailOf(commit)?.length ?? 0);
    for (let open: readonly CommitRecord[] = [commit]; open.length > 0; ) {
      const next = new Set<Hash>();
      for (const each of open) {
        for (const hash of namedDownTo(floor, each)) if (!found.has(hash)) next.add(hash);
      }
      open = await this.#commits.loadMany([...next]);
      for (const each of open) found.set(each.hash, each);
    }
    return found;
  }
}
