import { checkKey, describe } from "../bytes.ts";
import { type Hash, isHash } from "../chunk/hash.ts";
import { isMissing } from "../chunk/store.ts";
import { allAncestors, firstParents, isAncestor, isStraight, mergeBases } from "../commit/ancestry.ts";
import { readInTurn } from "../commit/backoff.ts";
import type { Commit, CommitRecord } from "../commit/commit.ts";
import { headOf } from "../commit/held.ts";
import { checkInfo, type Info } from "../commit/info.ts";
import { checkName } from "../commit/names.ts";
import { deleteRef, listNames, type Ref, readRef, refKey } from "../commit/ref.ts";
import { Repository } from "../commit/repository.ts";
import { Session } from "../commit/session.ts";
import { tailOf } from "../commit/tail.ts";
import {
  BranchExistsError,
  BranchNotFoundError,
  ConcurrencyError,
  HistoryCutError,
  MergeConflict,
  TagExistsError,
  TagNotFoundError,
} from "../errors.ts";
import { Memory } from "../kv/memory.ts";
import { checkStore, type Entries, type Keys, type KVStore } from "../kv/store.ts";
import { checkFlag, checkOptions, checkSignal } from "../options.ts";
import { EntryList } from "../tree/entry-list.ts";
import { keyBytes, MAX_KEY_BYTES } from "../tree/key-bytes.ts";
import { pagesWhileHeld, whileHeld } from "./collected.ts";
import { changesBetween, diffKeys } from "./compare.ts";
import { asMergeFn, type ContentType } from "./content-type.ts";
import { Handle } from "./handle.ts";
import { type KeyChange, keyHistory } from "./key-history.ts";
import {
  checkMergeOptions,
  checkRetries,
  DEFAULT_RETRIES,
  type MergePlan,
  type MergeSides,
  mergeResult,
  planMerge,
  planReplay,
} from "./merging.ts";
import { Namespaced } from "./namespaced.ts";
import { Paged } from "./paged.ts";
import { parseLimit, parseRange } from "./range.ts";
import { countingParent, planStep, type Step } from "./replay.ts";
import { findCommit, resolveCommit } from "./resolve.ts";
import { type KeyRules, MergeRules } from "./rules.ts";
import { type Stats, statsOf } from "./stats.ts";
import type { Draft, HandleStart, Trimmed } from "./subclass.ts";
import type {
  Change,
  DiffResult,
  HistoryOptions,
  KeyRange,
  MergeOptions,
  MergeResult,
  OpenOptions,
  ReplayOptions,
  Rule,
  SnapshotOptions,
  Source,
  Tag,
  TransactOptions,
} from "./types.ts";
import { collectUpdates, type Updates } from "./updates.ts";
import { View } from "./view.ts";
import { changedTree, type NewCommit, newCommit, rootCommit, storeCommit } from "./write.ts";

const CUT_BASE =
  "The branch's history was cut after this handle's base, and its work holds merges: reset() and apply it again.";

const OVER =
  "The transaction of this handle is over, so that nothing would come of this call: await whatever the work of a transaction begins.";

/** A plan that can be carried out. */
type Carried = Exclude<MergePlan, { kind: "conflict" }>;

/**
 * A handle on a branch: reads see its current commit, `snapshot` makes commits that only the handle has, and `merge`
 * publishes them to the branch.
 *
 * Calls that change something run one after another, in the order of the calls.
 *
 * Besides what its own comment says, a call can throw what the store throws (`StorageError`, `StoreClosedError`);
 * `CorruptionError` for what is damaged or missing in it; `FormatVersionError` if another version of vkv has raised its
 * format; `SessionCollectedError` if commits that no branch and no tag leads to were collected, and the call needs them;
 * `TypeError` for an argument of the wrong type; and, if it is given keys, `InvalidKeyError` for one that is empty, longer
 * than 4,096 UTF-8 bytes or not well-formed. What returns a promise rejects with it.
 *
 * @example
 * import { Versioned } from "vkv";
 *
 * const v = await Versioned.open();
 * await v.snapshot({ greeting: new TextEncoder().encode("hello") });
 * await v.merge();
 */
export class Versioned extends Handle {
  /** Where everything is kept. */
  readonly store: KVStore;
  /** The branch that `merge` publishes to. */
  readonly branch: string;
  readonly #repository: Repository;
  readonly #rules: MergeRules;
  readonly #types: Map<string, ContentType<unknown>>;
  #session: Session;
  #view: View;
  #base: CommitRecord;
  /** HEAD when the handle was last at rest with it; `undefined`: the branch was never seen. */
  #knownHead: Hash | undefined;
  #lastMergeResult: MergeResult | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  /** What a subclass dropped since the base; with it, local history begins anew. */
  #dropped: readonly string[] | undefined;
  /** Whether `transact` made the handle, and will publish its work. */
  #isTransaction = false;
  /** Whether that is over. */
  #isOver = false;
  #isInRule = false;

  /** @internal */
  protected constructor({ session, view, rules, types }: HandleStart) {
    super();
    this.#repository = session.repository;
    this.#session = session;
    this.#rules = rules ?? new MergeRules();
    this.#types = types ?? new Map();
    this.#view = view;
    this.#base = view.commit;
    this.#knownHead = session.head;
    this.store = session.repository.store;
    this.branch = session.branch;
  }

  /**
   * Opens a branch, and creates it (and the store) if it is not there.
   *
   * @param store where everything is kept; a new `Memory` unless given
   * @throws BranchNotFoundError if the branch is not there, and `create` is `false`
   * @throws CommitNotFoundError if there is no commit of the id `commit`
   * @throws InvalidNameError if `branch` cannot be a branch's name
   * @throws ConcurrencyError if others interrupted the creation of the branch again and again
   * @throws FormatVersionError if the store is in a format that this version of vkv does not know
   */
  static async open(store: KVStore = new Memory(), options: OpenOptions = {}): Promise<Versioned> {
    return new Versioned(await openBranch(store, options));
  }

  /**
   * Another handle of the same kind.
   *
   * @internal
   */
  protected spawn(start: HandleStart): Versioned {
    return new Versioned(start);
  }

  /** The names of all branches, sorted. */
  static async branches(store: KVStore): Promise<string[]> {
    checkStore(store);
    return [...(await listNames(store, "branch", () => true)).keys()];
  }

  /** The id of the commit that reads see. */
  get currentCommit(): string {
    return this.#view.commit.hash;
  }

  /** The id of the branch's HEAD as this handle last knew it: where its local work started. */
  get baseCommit(): string {
    return this.#base.hash;
  }

  /** What the last `merge`, `mergeFrom`, `cherryPick` or `revert` of this handle gave; `undefined` before the first. */
  get lastMergeResult(): MergeResult | undefined {
    return this.#lastMergeResult;
  }

  /** The id of the branch's HEAD, read from the store now; `undefined` if there is no such branch. */
  latestHead(): Promise<string | undefined> {
    return this.#readRef().then((ref) => ref?.head);
  }

  #readRef(): Promise<Ref | undefined> {
    return readRef(this.store, refKey("branch", this.branch));
  }

  /** The id of the commit with which the current commit's first-parent history begins. */
  initialCommit(): Promise<string> {
    const { commit } = this.#view;
    return whileHeld(this.#repository, [commit], () => this.#repository.commits.ancestorAt(commit, 0));
  }

  /** A copy of the value of `key`; `undefined` if there is none. */
  get(key: string): Promise<Uint8Array | undefined> {
    return this.#view.get(key);
  }

  /** Copies of the values of those of `keys` that are there. */
  getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    return this.#view.getMany(keys);
  }

  /** Whether `key` is there. */
  has(key: string): Promise<boolean> {
    return this.#view.has(key);
  }

  /**
   * The keys, in code-point order, of the commit that is current at the call.
   *
   * @throws InvalidKeyError for a bound that is not well-formed, RangeError for a limit that is no whole number from 0 on
   *
   * @example
   * import { Versioned } from "vkv";
   *
   * const v = await Versioned.open();
   * await v.snapshot({ "a/1": new Uint8Array(0), "a/2": new Uint8Array(0), b: new Uint8Array(0) });
   * for await (const key of v.keys({ prefix: "a/" })) console.assert(key.startsWith("a/"));
   * await v.keys({ reverse: true, limit: 2 }).toArray(); // → ["b", "a/2"]
   */
  keys(range?: KeyRange): Paged<string> {
    return this.#view.keys(range);
  }

  /** The keys with copies of their values, as `Versioned.keys`. */
  entries(range?: KeyRange): Paged<[string, Uint8Array]> {
    return this.#view.entries(range);
  }

  /** How many keys there are. Reads nothing. */
  size(): Promise<number> {
    return Promise.resolve(this.#view.commit.size);
  }

  /**
   * Makes a commit of changes on top of the current one, and goes to it. It is the handle's own until `merge`.
   *
   * @param updates keys to set, each up to 4,096 UTF-8 bytes; one that is also to be removed is set
   * @returns the commit's id; the current one's when nothing changes and no `info` is given
   * @throws InvalidKeyError, TypeError for what cannot be stored; the handle stays as it was
   * @throws RangeError for `info` of more than 1 MiB of JSON, or of more than 100 levels
   *
   * @example
   * import { Versioned } from "vkv";
   *
   * const v = await Versioned.open();
   * await v.snapshot({ title: new TextEncoder().encode("Plan") }, { removals: ["draft"], info: { by: "ann" } });
   * await v.commitInfo(); // → { by: "ann" }
   */
  async snapshot(updates?: Entries | null, options: SnapshotOptions = {}): Promise<string> {
    checkOptions(options, "snapshot", ["removals", "info"]);
    const collected = collectUpdates(updates, options.removals);
    const info = checkInfo(options.info);
    return this.#locked(() => this.#snapshot(collected, info));
  }

  async #snapshot(updates: Updates, info: Info | undefined): Promise<string> {
    const view = this.#view;
    if (updates.changes.length === 0 && info === undefined) return view.commit.hash;
    this.written(updates.changes);
    const draft = await whileHeld(this.#repository, [view.commit], () => this.#draft(updates.changes));
    if (draft.tree.root.hash === view.commit.root && info === undefined) return view.commit.hash;
    const trimmed = await whileHeld(this.#repository, [view.commit], () => this.trim(draft));
    const tree = trimmed === undefined ? draft.tree : { root: trimmed.tree, edits: undefined };
    const parents = trimmed === undefined ? [view.commit] : [];
    const made = await whileHeld(this.#repository, [view.commit], () =>
      newCommit(this.#repository, tree, updates.chunks, parents, info),
    );
    this.#view = await this.#store(made);
    if (trimmed !== undefined) {
      this.#dropped = [...(this.#dropped ?? []), ...trimmed.dropped];
      trimmed.done(this.#view.commit);
    }
    return this.#view.commit.hash;
  }

  async #draft(changes: EntryList): Promise<Draft> {
    const root = await this.#view.root();
    return { root, changes, tree: await changedTree(this.#repository.nodes, root, changes) };
  }

  /**
   * Is told what a snapshot sets and removes, also if that changes nothing.
   *
   * @internal
   */
  protected written(_changes: EntryList): void {}

  /**
   * What a snapshot commits instead of a tree, and without parents.
   *
   * @internal
   */
  protected trim(_draft: Draft): Promise<Trimmed | undefined> {
    return Promise.resolve(undefined);
  }

  /**
   * Puts what `trim` makes of the current contents in the place of the branch's history.
   *
   * @internal
   * @throws ConcurrencyError if HEAD is not where local work started any more
   * @throws BranchNotFoundError if the branch is not there
   */
  protected rewrite(trim: (draft: Draft) => Promise<Trimmed | undefined>, info: Info | undefined): Promise<void> {
    return this.#locked(async () => {
      this.#refuseInTransaction("rebase");
      const { commit } = this.#view;
      const trimmed = await whileHeld(this.#repository, [commit], async () => trim(await this.#draft(new EntryList())));
      if (trimmed === undefined) return;
      const view = await this.#store(
        await newCommit(this.#repository, { root: trimmed.tree, edits: undefined }, [], [], info),
      );
      await this.#moveHead(this.#base.hash, view);
      trimmed.done(view.commit);
    });
  }

  /** Stores a new commit; returns the view of it. */
  async #store(made: NewCommit): Promise<View> {
    const { commit, root } = await storeCommit(this.#session, made);
    return new View(this.#repository, commit, root);
  }

  /**
   * Merges a branch, a tag or a commit into the current commit: a merge commit on top of it, or a move to the source if
   * that holds all there is here. The result is the handle's own until `merge`.
   *
   * @throws MergeConflict if both sides changed a key and no rule decides it; the handle stays as it was
   * @throws BranchNotFoundError, TagNotFoundError, CommitNotFoundError if the source is not there
   * @throws InvalidNameError if the source is named by what can be no name
   * @throws HistoryCutError if the merge base may lie where history was cut
   *
   * @example
   * import { Versioned } from "vkv";
   *
   * const main = await Versioned.open();
   * const draft = await main.createBranch("draft");
   * await draft.snapshot({ title: new TextEncoder().encode("A better plan") });
   * await draft.merge();
   * const { strategy } = await main.mergeFrom("draft");
   * strategy; // → "fast_forward"
   */
  mergeFrom(source: Source, options: MergeOptions = {}): Promise<MergeResult> {
    return this.#locked(async () => {
      checkMergeOptions(options);
      const rules = this.#guarded(this.#rules.forMerge(options));
      const ours = this.#view.commit;
      const theirs = await this.#source(source);
      if (theirs.hash === ours.hash) return this.#note(mergeResult("no_op", ours.hash), options);
      const sides = { ours, theirs, rules, options, horizon: await this.#session.horizon() };
      const plan = await whileHeld(this.#repository, [ours, theirs], () =>
        planMerge(this.#repository, sides, [ours, theirs]),
      );
      options.signal?.throwIfAborted();
      if (plan.kind === "conflict") return this.#conflict(plan, options);
      const result = resultOf(plan, plan.kind === "move" && plan.commit.hash === ours.hash);
      if (options.dryRun !== true) this.#view = await this.#arrive(plan);
      return this.#note(result, options);
    });
  }

  async #source(source: Source): Promise<CommitRecord> {
    const named = typeof source === "string" ? { branch: source } : source;
    if (typeof named !== "object" || named === null || Object.keys(named).length !== 1) {
      throw new TypeError(
        `A source must be a branch's name or an object that names one thing, not ${describe(source)}.`,
      );
    }
    if ("commit" in named) return this.#foreign(await findCommit(this.#repository, named.commit));
    const [kind, name] = "tag" in named ? (["tag", named.tag] as const) : (["branch", named.branch] as const);
    checkName(name);
    const read = (): Promise<Ref | undefined> => this.#session.readOther(refKey(kind, name));
    const found = await headOf(this.#repository, await read(), read);
    if (found === undefined) throw kind === "tag" ? new TagNotFoundError(name) : new BranchNotFoundError(name);
    this.#session.use(found.commit, found.ref);
    return found.commit;
  }

  /** A commit that the handle is going to build upon. */
  #foreign(commit: CommitRecord): CommitRecord {
    if (commit.hash === this.#session.head) this.#session.use(commit, this.#session.ref);
    else if (commit.hash !== this.#view.commit.hash) this.#session.use(commit);
    return commit;
  }

  /**
   * Does the changes of a commit again, on top of the current one, in a commit of its own that is the handle's until `merge`.
   * What the commit changed is what differs from its first parent, unless another is named. Where the current
   * commit has other values than that parent, rules decide, or it is a conflict; what is there already is passed over.
   * A commit that changes nothing more is none: the strategy is `"no_op"`.
   *
   * @param commit its id; its `info` is taken over, unless other is given
   * @returns in `carriedKeys` the changes that were done, in `resolvedKeys` those that rules decided
   * @throws MergeConflict if there are conflicts; the handle stays as it was
   * @throws CommitNotFoundError if there is no such commit, RangeError if what is named is no parent of it
   * @throws HistoryCutError if the parent lies where history was cut
   * @throws SessionCollectedError if the commit was read, and was collected since
   */
  cherryPick(commit: string, options: ReplayOptions = {}): Promise<MergeResult> {
    return this.#locked(async () => {
      const rules = this.#replayRules(options);
      const to = this.#foreign(await findCommit(this.#repository, commit));
      const from = await this.#countingParent(to, options);
      return this.#replay({ from, to, onto: this.#view.commit }, rules, {
        ...(to.info && { info: to.info }),
        ...options,
      });
    });
  }

  /**
   * Undoes the changes of a commit, on top of the current one, in a commit of its own that is the handle's until `merge`. As
   * `cherryPick` of the way back; for a merge, what it brought into its first parent is undone, unless another is named.
   *
   * @param commit its id
   * @throws MergeConflict if there are conflicts; the handle stays as it was
   * @throws CommitNotFoundError if there is no such commit, RangeError if what is named is no parent of it
   * @throws HistoryCutError if the parent lies where history was cut
   * @throws SessionCollectedError if the commit was read, and was collected since
   */
  revert(commit: string, options: ReplayOptions = {}): Promise<MergeResult> {
    return this.#locked(async () => {
      const rules = this.#replayRules(options);
      const from = await findCommit(this.#repository, commit);
      const to = await this.#countingParent(from, options);
      if (to !== undefined) this.#foreign(to);
      return this.#replay({ from, to, onto: this.#view.commit }, rules, options);
    });
  }

  async #countingParent(commit: CommitRecord, options: ReplayOptions): Promise<CommitRecord | undefined> {
    const horizon = await this.#session.horizon();
    return whileHeld(this.#repository, [commit], () => countingParent(this.#repository, commit, horizon, options));
  }

  #replayRules(options: ReplayOptions): KeyRules {
    checkMergeOptions(options);
    return this.#guarded(this.#rules.forMerge(options));
  }

  async #replay(step: Step, rules: KeyRules, options: ReplayOptions): Promise<MergeResult> {
    const held = [step.onto, step.from, step.to].filter((commit) => commit !== undefined);
    const plan = await whileHeld(this.#repository, held, () => planStep(this.#repository, step, rules, options));
    options.signal?.throwIfAborted();
    if (plan.kind === "conflict") return this.#conflict(plan, options);
    if (options.dryRun !== true) this.#view = await this.#arrive(plan);
    return this.#note(resultOf(plan, true), options);
  }

  /**
   * Drops local work, and goes to the branch's HEAD.
   *
   * @throws BranchNotFoundError if the branch is not there
   */
  reset(): Promise<void> {
    return this.#locked(async () => {
      this.#refuseInTransaction("reset");
      const head = await this.#session.restart();
      if (head === undefined) throw new BranchNotFoundError(this.branch);
      this.#settleAt(new View(this.#repository, head));
    });
  }

  /** The handle and its branch are at one commit now. */
  #settleAt(view: View): void {
    this.#view = view;
    this.#base = view.commit;
    this.#knownHead = view.commit.hash;
    this.#dropped = undefined;
  }

  /**
   * Publishes local work to the branch: by moving HEAD to it, or, where HEAD has moved on, by a three-way merge.
   *
   * @throws MergeConflict if both sides changed a key and no rule decides it; local work is kept
   * @throws ConcurrencyError if others moved HEAD again and again
   * @throws BranchNotFoundError if the branch was deleted
   * @throws HistoryCutError if the merge base may lie where history was cut
   */
  merge(options: MergeOptions = {}): Promise<MergeResult> {
    return this.#locked(async () => {
      this.#refuseInTransaction("merge");
      const { retries } = checkMergeOptions(options);
      const { signal } = options;
      const rules = this.#guarded(this.#rules.forMerge(options));
      const ours = this.#view.commit;
      const isNewBranch = this.#knownHead === undefined;
      if (ours.hash === this.#base.hash && !isNewBranch) return this.#note(mergeResult("no_op", ours.hash), options);
      // HEAD may have moved long before this call: the first try is no race that was lost.
      const tries = retries + 2;
      for (let attempt = 0; attempt < tries; attempt++) {
        signal?.throwIfAborted();
        if (attempt > 0) await this.#lookAgain(attempt, signal);
        // Else only a CAS on the base finds out that HEAD is elsewhere, and a conflict must be one with HEAD as it is.
        else if (options.dryRun !== true && this.#session.head !== this.#base.hash) await this.#session.refetch();
        const plan = await this.#plan(rules, options);
        signal?.throwIfAborted();
        if (plan.kind === "conflict") return this.#conflict(plan, options);
        const result = resultOf(plan, false);
        if (options.dryRun === true) return result;
        if (await this.#carryOut(plan)) return this.#note(result, options);
      }
      if (options.onConflict === "abandon") return this.#note(mergeResult("three_way", undefined), options);
      throw lostRace(this.branch, tries);
    });
  }

  async #lookAgain(attempt: number, signal: AbortSignal | undefined): Promise<void> {
    await readInTurn(this.store, attempt, () => this.#session.refetch(), signal);
  }

  /** What publishing comes to, by what is known of HEAD; a dry run looks where it is. */
  async #plan(rules: KeyRules, options: MergeOptions): Promise<MergePlan> {
    const ours = this.#view.commit;
    const base = this.#base;
    const read = options.dryRun === true ? () => this.#readRef() : () => this.#session.refetch();
    const ref = options.dryRun === true ? await read() : this.#session.ref;
    const isAtBase = ref?.head === base.hash || (ref === undefined && this.#knownHead === undefined);
    if (isAtBase) return { kind: "move", commit: ours };
    const found = await headOf(this.#repository, ref, read);
    if (found === undefined) throw new BranchNotFoundError(this.branch);
    const { commits } = this.#repository;
    const theirs = found.commit;
    const horizon = await this.#session.horizon(found.ref);
    const sides = { ours, theirs, rules, options, horizon };
    const dropped = this.#dropped;
    try {
      return await whileHeld(this.#repository, [ours, base], async () => {
        if (dropped !== undefined) return this.#planTrimmed(sides, dropped);
        const isBelow = await isAncestor(commits, base, theirs, horizon);
        if (isBelow === true) return planMerge(this.#repository, sides, [theirs, ours]);
        if (isBelow === undefined && !(await isStraight(commits, base, ours))) throw new HistoryCutError(CUT_BASE);
        return planReplay(this.#repository, sides, base);
      });
    } catch (error) {
      // What HEAD was may have been collected since HEAD moved on.
      if (!isMissing(error) || (await read())?.head === theirs.hash) throw error;
      return this.#plan(rules, options);
    }
  }

  /** Work with which history begins anew goes on top of HEAD where that has moved, and what others did to a dropped key stays. */
  async #planTrimmed(sides: MergeSides, dropped: readonly string[]): Promise<MergePlan> {
    const gone = await this.#view.absent(dropped);
    const rules: KeyRules = {
      forBoth: (key) => (gone.has(key) ? "theirs" : sides.rules.forBoth(key)),
      forOne: (key) => (gone.has(key) ? undefined : sides.rules.forOne(key)),
    };
    return planReplay(this.#repository, { ...sides, rules }, this.#base);
  }

  /** Publishes what was planned; whether it could. */
  async #carryOut(plan: Carried): Promise<boolean> {
    const session = this.#session;
    const view = await this.#arrive(plan);
    const { hash } = view.commit;
    if (!session.exists) {
      if (!(await session.create(hash))) return false;
    } else if (hash !== session.head) {
      const outcome = await session.publish(hash, plan.without);
      if (outcome === "lost") return false;
      if (outcome === "unknown") {
        // Another writer has the commit below its own by now: it is published, whoever did it. Where HEAD is must not be
        // read here, as that can fail.
        session.drop();
        session.use(view.commit);
      }
    } else {
      session.drop();
    }
    this.#settleAt(view);
    return true;
  }

  /** What the handle will see once a plan is carried out; a merge commit is stored. */
  async #arrive(plan: Carried): Promise<View> {
    if (plan.kind === "merge") return this.#store(plan.made);
    return plan.commit.hash === this.#view.commit.hash ? this.#view : new View(this.#repository, plan.commit);
  }

  #conflict(plan: Extract<MergePlan, { kind: "conflict" }>, options: MergeOptions): MergeResult {
    if (options.onConflict !== "abandon") throw new MergeConflict(plan.conflicts);
    return this.#note(mergeResult("three_way", undefined, { conflicts: plan.conflicts }), options);
  }

  #note(result: MergeResult, options: MergeOptions): MergeResult {
    if (options.dryRun !== true) this.#lastMergeResult = result;
    return result;
  }

  /**
   * Moves HEAD to any commit, drops local work, and goes there.
   *
   * @param commit its whole id
   * @returns `false` if there is no such commit
   * @throws ConcurrencyError if HEAD is not where this handle knew it any more
   * @throws BranchNotFoundError if the branch is not there
   */
  resetTo(commit: string): Promise<boolean> {
    return this.#locked(async () => {
      this.#refuseInTransaction("resetTo");
      const target = await this.#lookUp(commit);
      if (target === undefined) return false;
      this.#foreign(target);
      await this.#moveHead(this.#knownHead, new View(this.#repository, target));
      return true;
    });
  }

  /** Moves HEAD from one commit to any other, drops local work, and goes there. */
  async #moveHead(from: Hash | undefined, to: View): Promise<void> {
    const session = this.#session;
    // What was read last may be from a merge that failed.
    if (session.head === undefined || session.head !== from) await session.refetch();
    for (let attempt = 0; attempt <= DEFAULT_RETRIES; attempt++) {
      if (!session.exists) throw new BranchNotFoundError(this.branch);
      if (session.head !== from) break;
      const outcome = await session.publish(to.commit.hash);
      if (outcome === "published") return this.#settleAt(to);
      if (outcome === "unknown") throw this.#headMoved(outcome);
      await session.refetch();
    }
    throw this.#headMoved("lost");
  }

  /**
   * Runs `work` on a handle of its own at HEAD, and publishes what it did, if HEAD is still the same; otherwise runs it
   * again on the new HEAD. So transactions have the effect that they would have one after another. If this handle has
   * no local work, it goes to the result.
   *
   * @param work gets a handle that has this handle's rules; it may run several times
   * @returns what `work` returned in the run that was published
   * @throws ConcurrencyError if others moved HEAD in every try; or with outcome `"unknown"` if the store failed and it cannot be told whether the work was published
   * @throws BranchNotFoundError if the branch is not there
   *
   * @example
   * import { Versioned } from "vkv";
   *
   * const v = await Versioned.open();
   * const hits = await v.transact(async (tx) => {
   *   const count = ((await tx.get("hits"))?.[0] ?? 0) + 1;
   *   await tx.snapshot({ hits: new Uint8Array([count]) });
   *   return count;
   * });
   * hits; // → 1
   */
  async transact<T>(work: (v: Versioned) => Promise<T>, options: TransactOptions = {}): Promise<T> {
    this.#refuseInTransaction("transact");
    if (this.#isInRule) throw this.#refusalInRule();
    if (typeof work !== "function") throw new TypeError(`transact needs a function to run, not ${describe(work)}.`);
    checkOptions(options, "transact", ["info", "retries", "signal"]);
    const { signal } = options;
    checkSignal(signal);
    const retries = checkRetries(options.retries);
    const info = checkInfo(options.info);
    for (let attempt = 0; attempt <= retries; attempt++) {
      signal?.throwIfAborted();
      const open = () => Session.open(this.#repository, this.branch);
      const session = await readInTurn(this.store, attempt, open, signal);
      if (!session.exists) throw new BranchNotFoundError(this.branch);
      const view = new View(this.#repository, await startOf(session));
      const transaction = this.spawn({ session, view, rules: this.#rules.copy(), types: new Map(this.#types) });
      transaction.#isTransaction = true;
      let outcome: "published" | "lost" | "unknown";
      let value: T;
      try {
        value = await work(transaction);
        signal?.throwIfAborted();
        outcome = await transaction.#locked(() => transaction.#publishTransaction(info));
      } finally {
        transaction.#isOver = true;
      }
      if (outcome === "published") {
        await this.#locked(async () => this.#follow(transaction));
        return value;
      }
      if (outcome === "unknown") {
        throw new ConcurrencyError(`The store failed, and does not tell whether the transaction was published.`, {
          ref: this.branch,
          outcome,
          attempts: attempt + 1,
        });
      }
    }
    throw lostRace(this.branch, retries + 1);
  }

  async #publishTransaction(info: Info | undefined): Promise<"published" | "lost" | "unknown"> {
    const local = this.#view;
    if (local.commit.hash === this.#base.hash) return "published";
    if (info !== undefined) {
      const { commit } = local;
      const isOne = commit.info === undefined && commit.parents.length === 1 && commit.parents[0] === this.#base.hash;
      const edits = isOne ? tailOf(commit)?.edits : new EntryList();
      const tree = { root: await local.root(), edits };
      const made = await newCommit(this.#repository, tree, [], [isOne ? this.#base : commit], info);
      this.#view = await this.#store(made);
    }
    // The work may have made its session look where HEAD is.
    if (this.#session.head !== this.#base.hash) return "lost";
    const outcome = await this.#session.publish(this.#view.commit.hash);
    if (outcome === "published") this.#settleAt(this.#view);
    return outcome;
  }

  #follow(transaction: Versioned): void {
    if (this.#view.commit.hash !== this.#base.hash) return;
    this.#session = transaction.#session.fork();
    this.#settleAt(transaction.#view);
  }

  #refuseInTransaction(call: string): void {
    if (this.#isTransaction)
      throw new TypeError(`${call}() cannot be called inside transact(), which publishes by itself.`);
  }

  /**
   * Creates a branch, and opens it. Nothing is copied. Merge rules and content types are not taken over.
   *
   * @param name 1 to 200 UTF-8 bytes, well-formed, without control characters
   * @param options.at the id of the commit it begins at; the current one, local work included, unless given
   * @throws BranchExistsError if it is there, InvalidNameError for another name
   * @throws CommitNotFoundError if there is no such commit
   * @throws ConcurrencyError if others interrupted it again and again
   */
  createBranch(name: string, options: { readonly at?: string } = {}): Promise<Versioned> {
    return this.#locked(async () => {
      checkName(name);
      checkOptions(options, "createBranch", ["at"]);
      const commit = await this.#at(options.at);
      const ref = await this.#session.createRef(refKey("branch", name), commit.hash);
      if (ref === undefined) throw new BranchExistsError(name);
      return this.spawn({ session: this.#session.forBranch(name, ref), view: new View(this.#repository, commit) });
    });
  }

  async #at(commit: string | undefined): Promise<CommitRecord> {
    return commit === undefined ? this.#view.commit : this.#foreign(await findCommit(this.#repository, commit));
  }

  #headMoved(outcome: ConcurrencyError["outcome"]): ConcurrencyError {
    const message = `HEAD of ${JSON.stringify(this.branch)} has moved. reset() to see where to.`;
    return new ConcurrencyError(message, { ref: this.branch, outcome });
  }

  async #lookUp(commit: string): Promise<CommitRecord | undefined> {
    if (typeof commit !== "string") throw new TypeError(`A commit id must be a string, not ${describe(commit)}.`);
    return isHash(commit) ? this.#repository.commits.find(commit) : undefined;
  }

  /**
   * Deletes a branch. Its commits stay until they are collected as garbage.
   *
   * @returns whether it was there
   * @throws InvalidNameError for what can be no name
   */
  async deleteBranch(name: string): Promise<boolean> {
    checkName(name);
    return deleteRef(this.store, refKey("branch", name));
  }

  /** The names of all branches, sorted. */
  listBranches(): Promise<string[]> {
    return Versioned.branches(this.store);
  }

  /**
   * Opens a handle at a commit: reads see it, and local work starts there.
   *
   * @param commit its whole id
   * @param options.branch the branch that the handle's `merge` publishes to, created by that if it is not there; this handle's unless given
   * @returns `undefined` if there is no such commit
   * @throws InvalidNameError if `options.branch` can be no name
   */
  async checkout(commit: string, options: { readonly branch?: string } = {}): Promise<Versioned | undefined> {
    checkOptions(options, "checkout", ["branch"]);
    const { branch = this.branch } = options;
    checkName(branch);
    const found = await this.#lookUp(commit);
    if (found === undefined) return undefined;
    const session = await Session.open(this.#repository, branch);
    if (found.hash !== session.head) session.use(found);
    return this.spawn({ session, view: new View(this.#repository, found) });
  }

  /**
   * Names a commit for good: a tag never moves.
   *
   * @param name 1 to 200 UTF-8 bytes, well-formed, without control characters
   * @param options.at the commit's id; the current one, published or not, unless given
   * @param options.info what the tag says about it, up to 1 MiB of JSON
   * @throws TagExistsError if it is there, InvalidNameError for another name
   * @throws CommitNotFoundError if there is no such commit
   * @throws ConcurrencyError if others interrupted it again and again
   */
  createTag(name: string, options: { readonly at?: string; readonly info?: Info } = {}): Promise<void> {
    return this.#locked(async () => {
      checkName(name);
      checkOptions(options, "createTag", ["at", "info"]);
      const info = checkInfo(options.info);
      const commit = await this.#at(options.at);
      const ref = await this.#session.createRef(refKey("tag", name), commit.hash, info);
      if (ref === undefined) throw new TagExistsError(name);
    });
  }

  /**
   * Deletes a tag. Its commit stays until it is collected as garbage.
   *
   * @returns whether it was there
   * @throws InvalidNameError for what can be no name
   */
  async deleteTag(name: string): Promise<boolean> {
    checkName(name);
    return deleteRef(this.store, refKey("tag", name));
  }

  /** All tags by name, sorted. */
  async listTags(): Promise<Map<string, Tag>> {
    return listNames(this.store, "tag", ({ head, info }): Tag => ({ commit: head, info }));
  }

  /**
   * The ids of a commit and its ancestors, newest first, a parent never before its child; those of first parents unless
   * all are asked for.
   *
   * @throws CommitNotFoundError while iterating, if there is no such commit
   * @throws RangeError for a limit that is no whole number from 0 on
   */
  history(options: HistoryOptions = {}): Paged<string> {
    checkOptions(options, "history", ["from", "allParents", "limit"]);
    const { from } = options;
    const allParents = checkFlag(options.allParents, "allParents", false);
    const limit = parseLimit(options.limit);
    const repository = this.#repository;
    const current = this.#view.commit;
    const session = this.#session;
    return new Paged(async function* () {
      const start = from === undefined ? current : await findCommit(repository, from);
      const list = allParents ? allAncestors : firstParents;
      const pages = list(repository.commits, start, limit, await session.horizon());
      for await (const page of pagesWhileHeld(repository, [start], pages)) yield page.map(({ hash }) => hash);
    });
  }

  /**
   * The info of a commit; `undefined` if it has none.
   *
   * @param commit its id; the current one unless given
   * @throws CommitNotFoundError if there is no such commit
   */
  async commitInfo(commit?: string): Promise<Info | undefined> {
    return (await this.#find(commit)).info;
  }

  /**
   * What there is to know of a commit.
   *
   * @param commit its id; the current one unless given
   * @throws CommitNotFoundError if there is no such commit
   */
  async commit(commit?: string): Promise<Commit> {
    const { hash, parents, info, root, generation, size, bytes } = await this.#find(commit);
    return { hash, parents, info, root, generation, size, bytes };
  }

  /**
   * The ids of a commit's parents, the branch's own first.
   *
   * @param commit its id; the current one unless given
   * @throws CommitNotFoundError if there is no such commit
   */
  async parents(commit?: string): Promise<readonly string[]> {
    return [...(await this.#find(commit)).parents];
  }

  async #find(commit: string | undefined): Promise<CommitRecord> {
    return commit === undefined ? this.#view.commit : findCommit(this.#repository, commit);
  }

  /**
   * The whole id of a commit, from a branch, a tag, or the beginning of the id.
   *
   * @param prefix the name of a branch; else that of a tag; else at least 4 digits of the id
   * @throws CommitNotFoundError if there is none; with the candidates if there are several
   */
  resolveCommit(prefix: string): Promise<string> {
    return resolveCommit(this.#repository, prefix);
  }

  /**
   * The id of the lowest common ancestor of two commits; of several, the smallest id; `undefined` if they have none.
   *
   * @throws CommitNotFoundError if one of them is not there
   * @throws HistoryCutError if it may lie where history was cut
   */
  async mergeBase(a: string, b: string): Promise<string | undefined> {
    const [first, second] = await this.#findBoth(a, b);
    const horizon = await this.#session.horizon();
    const bases = await whileHeld(this.#repository, [first, second], () =>
      mergeBases(this.#repository.commits, [first], second, horizon),
    );
    return bases[0]?.hash;
  }

  #findBoth(a: string, b: string): Promise<[CommitRecord, CommitRecord]> {
    return Promise.all([findCommit(this.#repository, a), findCommit(this.#repository, b)]);
  }

  /**
   * Which keys differ between two commits, from the one to the other.
   *
   * @param a the id of the earlier one: what only it has is removed
   * @param b the id of the later one: what only it has is added
   * @throws CommitNotFoundError if one of them is not there
   *
   * @example
   * import { Versioned } from "vkv";
   *
   * const v = await Versioned.open();
   * await v.snapshot({ title: new TextEncoder().encode("Plan") });
   * const { added } = await v.diff(await v.initialCommit(), v.currentCommit);
   * added; // → new Set(["title"])
   */
  async diff(a: string, b: string): Promise<DiffResult> {
    const both = await this.#findBoth(a, b);
    return whileHeld(this.#repository, both, () => diffKeys(this.#repository, ...both));
  }

  /**
   * What differs between two commits, in key order, with the values.
   *
   * @param a the id of the earlier one, which has the old values
   * @param b the id of the later one, which has the new ones
   * @throws CommitNotFoundError while iterating, if one of them is not there
   * @throws RangeError for a limit that is no whole number from 0 on
   */
  changes(a: string, b: string, range?: KeyRange): Paged<Change> {
    return changesBetween(this.#repository, () => this.#findBoth(a, b), parseRange(range));
  }

  /**
   * The commits below the current one that changed a key, newest first, with the values that they gave it. Where a merge took
   * the value of one parent, only that parent's history counts. Where history was cut, the oldest commit counts as
   * the one that wrote what it has. Reads commits, and of their trees only what differs on the way to the key.
   */
  keyHistory(key: string): Paged<KeyChange> {
    checkKey(key, MAX_KEY_BYTES);
    const repository = this.#repository;
    const current = this.#view.commit;
    const session = this.#session;
    return new Paged(async function* () {
      const pages = keyHistory(repository, current, keyBytes(key), await session.horizon());
      yield* pagesWhileHeld(repository, [current], pages);
    });
  }

  /** How large the current commit's tree is, and how much of it its first parent has, too. Reads the inner nodes of both. */
  stats(): Promise<Stats> {
    const { commit } = this.#view;
    return whileHeld(this.#repository, [commit], async () => {
      const [first] = commit.parents;
      const horizon = await this.#session.horizon();
      const withParent = async (): Promise<Stats> => {
        const isKept = first !== undefined && !horizon.has(first);
        return statsOf(this.#repository, commit, isKept ? await this.#repository.commits.find(first) : undefined);
      };
      return withParent().catch(async (error: unknown) => {
        if (first === undefined || !isMissing(error) || !(await horizon.isBeyond([first]))) throw error;
        return withParent();
      });
    });
  }

  /** Sets this handle's rule for a key, in place of the one it had. */
  setMergeFn(key: string, rule: Rule): void {
    checkKey(key, MAX_KEY_BYTES);
    this.#rules.setKey(key, rule);
  }

  /**
   * Sets this handle's rule for keys that begin with a prefix, where no rule for the key itself or a longer prefix decides.
   * `"ours"` and `"theirs"` also decide keys that only one side changed, added or removed: one side owns them all. Rules are for
   * merges of two sides that both have something new: where one holds all of the other, the handle or the branch just moves.
   *
   * @param prefix what a key can begin with; `""` for every key
   */
  setMergePrefix(prefix: string, rule: Rule): void {
    this.#rules.setPrefix(prefix, rule);
  }

  /** Sets this handle's rule for keys that have none. */
  setDefaultMerge(rule: Rule): void {
    this.#rules.setDefault(rule);
  }

  /**
   * Says what the values of a key are: their type merges them. It is the handle's rule for the key, as by `setMergeFn`; values
   * are still read and written as bytes.
   *
   * @example
   * import { counter, Versioned } from "vkv";
   *
   * const v = await Versioned.open();
   * const hits = counter();
   * v.setContentType("hits", hits);
   * await v.snapshot({ hits: hits.encode(1n) });
   */
  setContentType<T>(key: string, type: ContentType<T>): void {
    this.setMergeFn(key, asMergeFn(type));
    this.#types.set(key, type as ContentType<unknown>);
  }

  /** The type that `setContentType` gave a key; `undefined` if none. */
  getContentType(key: string): ContentType<unknown> | undefined {
    return this.#types.get(key);
  }

  /**
   * A view of the keys under `name/`.
   *
   * @throws InvalidNamespaceError for a name that is empty, holds a `/` or is not well-formed
   */
  namespace(name: string): Namespaced<Versioned> {
    return new Namespaced<Versioned>(this, name);
  }

  /**
   * The same rules, during whose calls the handle refuses changes, which would wait for the merge that waits for the
   * rule. Only a call that the rule makes before its first `await` can be told from one of somebody else.
   */
  #guarded(rules: KeyRules): KeyRules {
    const forBoth = (key: string): Rule | undefined => {
      const rule = rules.forBoth(key);
      if (typeof rule !== "function") return rule;
      return (old, ours, theirs) => {
        this.#isInRule = true;
        try {
          return rule(old, ours, theirs);
        } finally {
          this.#isInRule = false;
        }
      };
    };
    return { ...rules, forBoth };
  }

  #refusalInRule(): TypeError {
    return new TypeError("A merge rule cannot change the handle that is merging.");
  }

  /** Runs calls one after another. */
  #locked<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isInRule) return Promise.reject(this.#refusalInRule());
    if (this.#isOver) return Promise.reject(new TypeError(OVER));
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** What a handle on a branch begins with; the branch is created if it is to be. */
export async function openBranch(store: KVStore, options: OpenOptions): Promise<HandleStart> {
  checkStore(store);
  checkOptions(options, "open");
  const { branch = "main", commit } = options;
  const create = checkFlag(options.create, "create", true);
  checkName(branch);
  const repository = Repository.of(store);
  const session = await Session.open(repository, branch);
  if (!session.exists && !create) throw new BranchNotFoundError(branch);
  const start = commit === undefined ? undefined : await findCommit(repository, commit);
  if (start !== undefined) session.use(start);
  if (!session.exists) await createAt(session, start);
  return { session, view: new View(repository, start ?? (await startOf(session))) };
}

/** Creates a session's branch at a commit, or at the root commit, unless another writer does first. */
async function createAt(session: Session, start: CommitRecord | undefined): Promise<void> {
  let head = start?.hash;
  if (head === undefined) {
    head = (await storeCommit(session, await rootCommit(session.repository))).commit.hash;
  }
  while (!session.exists && !(await session.create(head))) await session.refetch();
  // If another writer was first, work begins at what that one created.
  if (start === undefined) session.drop();
}

/** The HEAD with which new work begins. */
async function startOf(session: Session): Promise<CommitRecord> {
  const head = (session.head && (await session.repository.commits.find(session.head))) ?? (await session.restart());
  if (head === undefined) throw new BranchNotFoundError(session.branch);
  return head;
}

/** What carrying out a plan gives. */
function resultOf(plan: Carried, isNoOp: boolean): MergeResult {
  if (plan.kind === "merge") return mergeResult("three_way", plan.made.commit.hash, plan.lists);
  return mergeResult(isNoOp ? "no_op" : "fast_forward", plan.commit.hash);
}

function lostRace(branch: string, attempts: number): ConcurrencyError {
  return new ConcurrencyError(
    `Others moved branch ${JSON.stringify(branch)} in each of ${attempts} tries. Try again, or reset().`,
    {
      ref: branch,
      attempts,
    },
  );
}
