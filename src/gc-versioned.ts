import { checkKey, describe } from "./bytes.ts";
import type { Commit } from "./commit/commit.ts";
import { checkInfo, type Info } from "./commit/info.ts";
import { deleteRef, refKey } from "./commit/ref.ts";
import { Repository } from "./commit/repository.ts";
import { type Candidate, candidates, coldest, isKept } from "./gc/choose.ts";
import { Usage, UsageFailure } from "./gc/usage.ts";
import { Memory } from "./kv/memory.ts";
import { type Entries, type Keys, type KVStore, keyList } from "./kv/store.ts";
import { checkOptions } from "./options.ts";
import { edit } from "./tree/edit.ts";
import type { EntryList } from "./tree/entry-list.ts";
import { keyText, MAX_KEY_BYTES } from "./tree/key-bytes.ts";
import type { Node } from "./tree/node.ts";
import { NodeReader } from "./tree/node-store.ts";
import { withRemovals } from "./tree/removals.ts";
import { Namespaced } from "./versioned/namespaced.ts";
import type { Draft, HandleStart, Trimmed } from "./versioned/subclass.ts";
import type { OpenOptions, SnapshotOptions, TransactOptions } from "./versioned/types.ts";
import { openBranch, Versioned } from "./versioned/versioned.ts";

/** What low water is of high water, unless it is given. */
const LOW_WATER = 0.8;

/** How to open a branch that is kept small. */
export interface GCOpenOptions extends OpenOptions {
  /** With more bytes of values than this, keys are dropped; a number above 0. */
  readonly highWaterBytes: number;
  /** Keys are dropped until no more bytes of values than this are left; 80 % of high water unless it is above 0 and at most high water. */
  readonly lowWaterBytes?: number;
}

/** What a rebase keeps, and says. */
export interface RebaseOptions {
  /** Keeps these keys, and drops all others but those whose last segment begins with `__`, whatever their size. */
  readonly keepKeys?: Keys;
  /** What the new commit says about itself. */
  readonly info?: Info;
}

/** What a rebase did. */
export interface RebaseResult {
  /** Whether history began anew. A `rebase()` with nothing to drop does so, too; a snapshot and `maybeRebase()` do not. */
  readonly performed: boolean;
  /** The commit that history begins with now; `undefined` when nothing was performed. */
  readonly newCommit: string | undefined;
  /** The keys that were dropped, in key order. */
  readonly droppedKeys: readonly string[];
  /** All keys of the new commit, in key order; empty when nothing was performed. */
  readonly keptKeys: readonly string[];
  /** The bytes of all values before. */
  readonly totalSizeBefore: number;
  /** The bytes of the values that are left. */
  readonly totalSizeAfter: number;
}

interface Limits {
  readonly highWater: number;
  readonly lowWater: number;
}

/**
 * A `Versioned` whose branch is kept small: when a snapshot takes the bytes of all values over high water, the keys that
 * were not used for longest are dropped until low water is reached, and history begins anew. Keys whose last `/` segment
 * begins with `__` are never dropped.
 *
 * @example
 * import { GCVersioned, Memory } from "vkv";
 *
 * const v = await GCVersioned.open(new Memory(), { highWaterBytes: 100, lowWaterBytes: 50 });
 * await v.snapshot({ a: new Uint8Array(40) });
 * await v.snapshot({ b: new Uint8Array(40) });
 * await v.snapshot({ c: new Uint8Array(40) });
 * await v.keys().toArray(); // → ["c"]
 */
export class GCVersioned extends Versioned {
  /** With more bytes of values than this, keys are dropped. */
  readonly highWater: number;
  /** Keys are dropped until no more bytes of values than this are left. */
  readonly lowWater: number;
  readonly #repository: Repository;
  readonly #usage: Usage;
  #lastRebaseResult: RebaseResult | undefined;

  private constructor(start: HandleStart, { highWater, lowWater }: Limits, usage?: Usage) {
    super(start);
    this.highWater = highWater;
    this.lowWater = lowWater;
    this.#repository = Repository.of(this.store);
    this.#usage = usage ?? new Usage(this.#repository, this.branch);
  }

  /**
   * Opens a branch with limits. They are the handle's own: nothing of them is stored.
   *
   * @param store where everything is kept; a new `Memory` if it is `undefined`
   * @throws RangeError if high water is no number above 0
   * @throws BranchNotFoundError, CommitNotFoundError, FormatVersionError as `Versioned.open`
   */
  static override async open(store: KVStore | undefined, options: GCOpenOptions): Promise<GCVersioned> {
    checkOptions(options, "open");
    const limits = limitsOf(options);
    return new GCVersioned(await openBranch(store ?? new Memory(), options), limits);
  }

  /**
   * A handle with the same limits; on the same branch, it shares what is known of the use of keys.
   *
   * @internal
   */
  protected override spawn(start: HandleStart): GCVersioned {
    const { branch } = start.session;
    return new GCVersioned(start, this, branch === this.branch ? this.#usage : this.#usage.fork(branch));
  }

  /** What the last snapshot that made a commit, `rebase` or `maybeRebase` of this handle did. */
  get lastRebaseResult(): RebaseResult | undefined {
    return this.#lastRebaseResult;
  }

  /** A copy of the value of `key`, which counts as used; `undefined` if there is none. */
  override async get(key: string): Promise<Uint8Array | undefined> {
    const value = await super.get(key);
    if (value !== undefined) this.#usage.note(key);
    return value;
  }

  /** Copies of the values of those of `keys` that are there; those count as used, at the same time. */
  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const found = await super.getMany(keys);
    if (found.size > 0) this.#usage.noteAll(found.keys());
    return found;
  }

  /**
   * Makes a commit of changes, as `Versioned.snapshot`. If the bytes of all values are over high water then, the commit is
   * without the coldest keys and has no parents; `lastRebaseResult` says so. It is the handle's own until `merge`.
   *
   * What keys were used since is stored, too, even if nothing is changed. Where that fails, the snapshot does not.
   */
  override async snapshot(updates?: Entries | null, options?: SnapshotOptions): Promise<string> {
    const commit = await super.snapshot(updates, options);
    await this.#usage.save();
    return commit;
  }

  /** @internal */
  protected override written(changes: EntryList): void {
    const keys = keysOf(changes, (at) => !changes.isRemoval(at));
    if (keys.length > 0) this.#usage.noteAll(keys);
  }

  /** @internal */
  protected override async trim(draft: Draft): Promise<Trimmed | undefined> {
    const { changes } = draft;
    const removed = keysOf(changes, (at) => changes.isRemoval(at));
    if (removed.length > 0) this.#usage.forget(removed);
    return this.#trimmed(draft, totalOf(draft) > this.highWater ? await this.#tryToDrop(draft) : undefined);
  }

  /** Nothing where there is nothing to drop; nor without knowledge of what was used: the next snapshot tries again. */
  async #tryToDrop(draft: Draft): Promise<Drop | undefined> {
    try {
      const drop = await this.#drop(draft);
      return drop.droppedKeys.length > 0 ? drop : undefined;
    } catch (error) {
      if (error instanceof UsageFailure) return undefined;
      throw error;
    }
  }

  /** Chooses what to drop from a tree: the coldest keys above low water, or all but some. */
  async #drop(draft: Draft, keep?: ReadonlySet<string>): Promise<Drop> {
    const { nodes } = this.#repository;
    const uses = keep === undefined ? await this.#usage.read() : undefined;
    const all = await candidates(nodes, draft.tree.root, (key) => uses?.take(key) ?? 0);
    const dropped = keep === undefined ? coldest(all, totalOf(draft) - this.lowWater) : othersThan(keep, all);
    const droppedKeys: string[] = [];
    const keptKeys: string[] = [];
    for (const { key } of all) (dropped.has(key) ? droppedKeys : keptKeys).push(key);
    const changes = withRemovals(draft.changes, droppedKeys);
    const tree = await edit(new NodeReader(nodes), draft.root, changes);
    return { tree, droppedKeys, keptKeys, gone: [...droppedKeys, ...(uses?.rest() ?? [])] };
  }

  #trimmed(draft: Draft, drop: Drop | undefined, tell?: (result: RebaseResult) => void): Trimmed | undefined {
    const note = (result: RebaseResult): void => {
      this.#lastRebaseResult = result;
      tell?.(result);
    };
    const totalSizeBefore = totalOf(draft);
    if (drop === undefined) {
      note(notPerformed(totalSizeBefore));
      return undefined;
    }
    const { tree, droppedKeys, keptKeys, gone } = drop;
    const totalSizeAfter = tree.totals().bytes;
    const done = ({ hash }: Commit): void => {
      this.#usage.forget(gone);
      note({ performed: true, newCommit: hash, droppedKeys, keptKeys, totalSizeBefore, totalSizeAfter });
    };
    return { tree, dropped: droppedKeys, done };
  }

  /**
   * Lets the branch's history begin anew: publishes a commit without parents, of the current contents without the coldest
   * keys above low water, or of the keys that are to be kept. Local work is published with it.
   *
   * @throws ConcurrencyError if HEAD is not where this handle's local work started any more: `merge` first, or `reset`
   * @throws BranchNotFoundError if the branch is not there
   */
  async rebase(options: RebaseOptions = {}): Promise<RebaseResult> {
    checkOptions(options, "rebase", ["keepKeys", "info"]);
    const keep = options.keepKeys === undefined ? undefined : keySet(options.keepKeys);
    return this.#rebase((draft) => this.#drop(draft, keep), checkInfo(options.info));
  }

  /**
   * Does a `rebase` if the bytes of all values are over high water.
   *
   * @throws ConcurrencyError, BranchNotFoundError as `rebase`
   */
  maybeRebase(): Promise<RebaseResult> {
    return this.#rebase(async (draft) => (totalOf(draft) > this.highWater ? this.#drop(draft) : undefined));
  }

  async #rebase(choose: (draft: Draft) => Promise<Drop | undefined>, info?: Info): Promise<RebaseResult> {
    let result = notPerformed(0);
    const tell = (made: RebaseResult): void => {
      result = made;
    };
    await this.rewrite(async (draft) => this.#trimmed(draft, await choose(draft), tell), info);
    return result;
  }

  /** Creates a branch, and opens it with the same limits, as `Versioned.createBranch`. */
  override createBranch(name: string, options?: { readonly at?: string }): Promise<GCVersioned> {
    return super.createBranch(name, options) as Promise<GCVersioned>;
  }

  /** Opens a handle with the same limits at a commit, as `Versioned.checkout`. */
  override checkout(commit: string, options?: { readonly branch?: string }): Promise<GCVersioned | undefined> {
    return super.checkout(commit, options) as Promise<GCVersioned | undefined>;
  }

  /** Runs `work` on a handle of its own, with the same limits, and publishes what it did, as `Versioned.transact`. */
  override transact<T>(work: (v: GCVersioned) => Promise<T>, options?: TransactOptions): Promise<T> {
    return super.transact(work as (v: Versioned) => Promise<T>, options);
  }

  /** A view of the keys under `name/`, as `Versioned.namespace`. */
  override namespace(name: string): Namespaced<GCVersioned> {
    return new Namespaced<GCVersioned>(this, name);
  }

  /** Deletes a branch, as `Versioned.deleteBranch`, and what is stored of the use of its keys. */
  override async deleteBranch(name: string): Promise<boolean> {
    const wasThere = await super.deleteBranch(name);
    // A collection does what fails here.
    await deleteRef(this.store, refKey("usage", name)).catch(() => false);
    return wasThere;
  }
}

/** What is dropped from a tree. */
interface Drop {
  readonly tree: Node;
  readonly droppedKeys: readonly string[];
  readonly keptKeys: readonly string[];
  /** Those dropped, and others whose use is noted and that are not there. */
  readonly gone: readonly string[];
}

function limitsOf({ highWaterBytes, lowWaterBytes = 0 }: GCOpenOptions): Limits {
  if (!Number.isFinite(highWaterBytes) || highWaterBytes <= 0) {
    throw new RangeError(`highWaterBytes must be a number above 0, not ${String(highWaterBytes)}.`);
  }
  if (typeof lowWaterBytes !== "number") {
    throw new TypeError(`lowWaterBytes must be a number, not ${describe(lowWaterBytes)}.`);
  }
  const isUsable = lowWaterBytes > 0 && lowWaterBytes <= highWaterBytes;
  return { highWater: highWaterBytes, lowWater: isUsable ? lowWaterBytes : Math.floor(LOW_WATER * highWaterBytes) };
}

function totalOf(draft: Draft): number {
  return draft.tree.root.totals().bytes;
}

function keysOf(changes: EntryList, isWanted: (at: number) => boolean): string[] {
  const keys: string[] = [];
  for (let at = 0; at < changes.length; at++) if (isWanted(at)) keys.push(keyText(changes.key(at)));
  return keys;
}

function keySet(keys: Keys): Set<string> {
  const set = new Set(keyList(keys));
  for (const key of set) checkKey(key, MAX_KEY_BYTES);
  return set;
}

function othersThan(keep: ReadonlySet<string>, all: readonly Candidate[]): Set<string> {
  return new Set(all.map(({ key }) => key).filter((key) => !keep.has(key) && !isKept(key)));
}

function notPerformed(total: number): RebaseResult {
  return {
    performed: false,
    newCommit: undefined,
    droppedKeys: [],
    keptKeys: [],
    totalSizeBefore: total,
    totalSizeAfter: total,
  };
}
