/** A process that works on branches, by calls that its seed chooses. */
import {
  BranchExistsError,
  ConcurrencyError,
  counter,
  type RetainOptions,
  retainHistory,
  type Source,
  Versioned,
  verify,
} from "vkv";
import { type Hash, isHash } from "../../src/chunk/hash.ts";
import { refKey } from "../../src/commit/ref.ts";
import type { Action } from "./action.ts";
import { MARKER } from "./audit.ts";
import type { ActionKind } from "./profile.ts";
import type { Process } from "./scheduler.ts";
import type { SimulatedStore } from "./simulated-store.ts";
import type { World } from "./world.ts";

/** Where the counter is. */
export const COUNTER = "count";
/** How many handles a process keeps. */
const MOST_HANDLES = 4;
const KEYS = ["k0", "k1", "k2", "k3", "k4"];
/** How many keys there are besides, of which many change at once. */
const MANY = 120;

const count = counter();

/** A handle, and what of its work is not published. */
interface Held {
  readonly v: Versioned;
  marks: string[];
  increments: number;
  /** How many of the increments a merge may have published that ended without an answer. */
  unsure: number;
}

export class Writer {
  readonly #world: World;
  readonly #process: Process;
  readonly #store: SimulatedStore;
  readonly #handles: Held[] = [];
  readonly #task: number;
  #marks = 0;

  constructor(world: World, process: Process, store: SimulatedStore, task: number) {
    this.#world = world;
    this.#task = task;
    this.#process = process;
    this.#store = store;
  }

  /** Does as many things as the profile says. */
  async run(): Promise<void> {
    const { profile } = this.#world.scheduler;
    for (let i = 0; i < profile.actions; i++) {
      await this.#store.idle();
      const kind = this.#handles.length === 0 ? "open" : this.#world.random.weighted(Object.entries(profile.weights));
      await this.#do(kind as ActionKind);
    }
  }

  #do(kind: ActionKind): Promise<unknown> {
    if (kind === "open" || this.#handles.length === 0) return this.#open();
    const held = this.#world.random.pick(this.#handles);
    switch (kind) {
      case "snapshot":
        return this.#snapshot(held);
      case "merge":
        return this.#workAndMerge(held);
      case "mergeFrom":
        return this.#mergeFrom(held);
      case "transact":
        return this.#transact(held);
      case "reset":
        return this.#reset(held);
      case "resetTo":
        return this.#resetTo(held);
      case "createBranch":
        return this.#createBranch(held);
      case "deleteBranch":
        return this.#deleteBranch(held);
      case "checkout":
        return this.#checkout(held);
      case "createTag":
        return this.#createTag(held);
      case "deleteTag":
        return this.#deleteTag(held);
      case "read":
        return this.#read(held);
      case "collect":
        return this.#world.collect(this.#process, this.#store);
      case "retain":
        return this.#retain();
      case "verify":
        return this.#verify();
      case "land":
        return this.#land(held);
      case "rename":
        return this.#rename(held);
    }
  }

  #act(
    kind: ActionKind,
    branch: string | undefined,
    about: string,
    work: (action: Action) => Promise<string>,
  ): Promise<boolean> {
    return this.#world.act(this.#process, kind, branch, about, work);
  }

  #branch(): string {
    return this.#world.random.pick(this.#world.scheduler.profile.branches);
  }

  #tag(): string {
    return this.#world.random.pick(this.#world.scheduler.profile.tags);
  }

  #keep(v: Versioned): void {
    const held = { v, marks: [], increments: 0, unsure: 0 };
    const { counts } = this.#world.scheduler.profile;
    if (counts) v.setContentType(COUNTER, count);
    if (counts || this.#world.random.chance(0.7)) v.setDefaultMerge(this.#world.random.pick(["ours", "theirs"]));
    if (this.#handles.length < MOST_HANDLES) this.#handles.push(held);
    else this.#handles[this.#world.random.below(MOST_HANDLES)] = held;
  }

  #name(commit: string | undefined): string {
    return commit === undefined ? "nothing" : this.#world.shared.audit.names.commit(commit);
  }

  /** The answer names a commit that the branch led to while the call ran, or that it holds. */
  #expectHead(action: Action, branch: string, commit: string): void {
    const { audit } = this.#world.shared;
    this.#world.tell(commit);
    const isTrue = audit.headsDuring(action, branch).has(commit as Hash) || audit.holds(branch, commit as Hash);
    this.#world.expect(action, isTrue, `${branch} never was at ${this.#name(commit)}`);
  }

  #open(): Promise<boolean> {
    const branch = this.#branch();
    const commit = this.#world.random.chance(0.1) ? this.#world.someCommit() : undefined;
    return this.#act("open", branch, commit === undefined ? "" : this.#name(commit), async (action) => {
      const v = await Versioned.open(this.#store, commit === undefined ? { branch } : { branch, commit });
      if (commit === undefined) this.#expectHead(action, branch, v.currentCommit);
      this.#keep(v);
      return this.#name(v.currentCommit);
    });
  }

  /** Some changes; a mark that no other commit has, or none. */
  #changes(): { updates: Map<string, Uint8Array>; removals: string[]; mark: string | undefined } {
    const { random, scheduler } = this.#world;
    const { profile } = scheduler;
    const updates = new Map<string, Uint8Array>();
    const removals: string[] = [];
    for (let i = random.below(3); i >= 0; i--) {
      const key = random.pick(KEYS);
      if (random.chance(0.15)) removals.push(key);
      else updates.set(key, value(random.below(profile.values)));
    }
    if (profile.wide && random.chance(0.05)) {
      const from = random.below(MANY);
      for (let i = from; i < Math.min(MANY, from + 40); i++)
        updates.set(`m/${i}`, new Uint8Array(40).fill(random.below(2)));
    }
    const mark = random.chance(profile.marked)
      ? `${MARKER}${this.#process.name}.${this.#task}/${this.#marks++}`
      : undefined;
    if (mark !== undefined) updates.set(mark, new Uint8Array([1]));
    return { updates, removals, mark };
  }

  #snapshot(held: Held): Promise<boolean> {
    const { updates, removals, mark } = this.#changes();
    const { counts } = this.#world.scheduler.profile;
    const adds = counts && mark !== undefined;
    return this.#act("snapshot", held.v.branch, `${mark ?? ""} ${[...updates.keys()].join()}`, async () => {
      if (adds) updates.set(COUNTER, increased(await held.v.get(COUNTER)));
      const commit = await held.v.snapshot(updates, { removals });
      if (mark !== undefined) held.marks.push(mark);
      if (adds) held.increments++;
      if (this.#world.random.chance(0.3)) this.#world.tell(commit);
      return this.#name(commit);
    });
  }

  /** Where there is nothing to publish, something is made first, mostly. */
  async #workAndMerge(held: Held): Promise<boolean> {
    const isNothing = held.v.currentCommit === held.v.baseCommit;
    if (isNothing && this.#world.random.chance(0.7)) await this.#snapshot(held);
    return this.#merge(held);
  }

  #merge(held: Held): Promise<boolean> {
    const { v } = held;
    return this.#act(
      "merge",
      v.branch,
      `${this.#name(v.baseCommit)}..${this.#name(v.currentCommit)}`,
      async (action) => {
        const before = v.currentCommit;
        const isNothing = before === v.baseCommit;
        const { increments, unsure } = held;
        this.#world.counted.unsure += increments - unsure;
        try {
          const { commit, strategy } = await v.merge();
          if (!isNothing && strategy !== "no_op") this.#published(action, v.branch, commit, held.marks);
          this.#count(increments);
          drop(held);
          return `${strategy} ${this.#name(commit)}`;
        } catch (error) {
          const isKept = v.currentCommit === before || this.#world.scheduler.profile.sharing;
          this.#world.expect(action, isKept, "a merge that failed dropped local work");
          // The work is still there: another merge may publish it, also if this one did.
          if (error instanceof ConcurrencyError && error.outcome === "unknown") held.unsure = increments;
          else this.#world.counted.unsure -= increments - unsure;
          throw error;
        }
      },
    );
  }

  #count(increments: number): void {
    this.#world.counted.unsure -= increments;
    this.#world.counted.sure += increments;
  }

  #published(action: Action, branch: string, commit: string | undefined, marks: readonly string[]): void {
    this.#world.figures.published++;
    this.#world.expect(action, commit !== undefined, "it names no commit");
    if (commit === undefined) return;
    this.#expectHead(action, branch, commit);
    const has = this.#world.shared.audit.marks(commit as Hash);
    const missing = marks.filter((mark) => has?.has(mark) === false);
    this.#world.expect(action, missing.length === 0, `${missing.join()} was acknowledged and is not there`);
  }

  #source(held: Held): { source: Source; about: string } {
    const commit = this.#world.someCommit() ?? held.v.currentCommit;
    const source = this.#world.random.weighted([
      [{ branch: this.#branch() }, 6],
      [{ tag: this.#tag() }, 2],
      [{ commit }, 2],
    ]);
    return { source, about: "commit" in source ? this.#name(commit) : JSON.stringify(source) };
  }

  #mergeFrom(held: Held, from?: Source): Promise<boolean> {
    const { source, about } = from === undefined ? this.#source(held) : { source: from, about: JSON.stringify(from) };
    return this.#act("mergeFrom", held.v.branch, about, async () => {
      const { strategy, commit } = await held.v.mergeFrom(source);
      return `${strategy} ${this.#name(commit)}`;
    });
  }

  #transact(held: Held): Promise<boolean> {
    const { random, scheduler } = this.#world;
    const { counts, weights } = scheduler.profile;
    const { source, about } = this.#source(held);
    const merges = weights.mergeFrom !== undefined && random.chance(0.3);
    const branch = weights.createBranch !== undefined && random.chance(0.2) ? this.#branch() : undefined;
    const what = `${merges ? about : ""} ${branch === undefined ? "" : `creates ${branch}`}`;
    return this.#act("transact", held.v.branch, what, async (action) => {
      const { updates, removals, mark } = this.#changes();
      if (counts) this.#world.counted.unsure++;
      let commit: string | undefined;
      const base = await held.v.transact(async (tx) => {
        if (merges) await tx.mergeFrom(source);
        if (counts) updates.set(COUNTER, increased(await tx.get(COUNTER)));
        commit = await tx.snapshot(updates, { removals });
        if (branch !== undefined) await tx.createBranch(branch).catch(unlessItExists);
        return tx.baseCommit;
      });
      if (commit !== base) this.#published(action, held.v.branch, commit, mark === undefined ? [] : [mark]);
      if (counts) this.#count(1);
      return this.#name(commit);
    });
  }

  #reset(held: Held): Promise<boolean> {
    return this.#act("reset", held.v.branch, "", async (action) => {
      await held.v.reset();
      drop(held);
      this.#expectHead(action, held.v.branch, held.v.currentCommit);
      return this.#name(held.v.currentCommit);
    });
  }

  #resetTo(held: Held, target: string = this.#world.someCommit() ?? held.v.baseCommit): Promise<boolean> {
    return this.#act("resetTo", held.v.branch, this.#name(target), async (action) => {
      if (!(await held.v.resetTo(target))) return "no such commit";
      drop(held);
      this.#expectHead(action, held.v.branch, target);
      return "";
    });
  }

  #createBranch(held: Held, at: string | undefined = this.#at()): Promise<boolean> {
    const name = this.#branch();
    return this.#act("createBranch", name, at === undefined ? "" : `at ${this.#name(at)}`, async (action) => {
      const v = await held.v.createBranch(name, at === undefined ? {} : { at });
      this.#expectHead(action, name, v.currentCommit);
      this.#keep(v);
      return this.#name(v.currentCommit);
    });
  }

  #at(): string | undefined {
    return this.#world.random.chance(0.4) ? this.#world.someCommit() : undefined;
  }

  #deleteBranch(held: Held, name: string = this.#branch()): Promise<boolean> {
    return this.#act("deleteBranch", name, "", async (action) => {
      const isDone = await held.v.deleteBranch(name);
      const heads = this.#world.shared.audit.headsDuring(action, name);
      this.#world.expect(action, heads.has(undefined), `${name} was there all the time`);
      return String(isDone);
    });
  }

  #checkout(held: Held): Promise<boolean> {
    const commit = this.#world.someCommit() ?? held.v.currentCommit;
    const branch = this.#branch();
    return this.#act("checkout", branch, this.#name(commit), async () => {
      const v = await held.v.checkout(commit, { branch });
      if (v !== undefined) this.#keep(v);
      return v === undefined ? "no such commit" : "";
    });
  }

  #createTag(held: Held, at: string | undefined = this.#at()): Promise<boolean> {
    const name = this.#tag();
    return this.#act("createTag", undefined, `${name} ${this.#name(at)}`, async (action) => {
      await held.v.createTag(name, at === undefined ? {} : { at });
      const heads = this.#world.shared.audit.headsSince(refKey("tag", name), action.since);
      this.#world.expect(action, at === undefined || (isHash(at) && heads.has(at)), `${name} never was there`);
      return "";
    });
  }

  #deleteTag(held: Held): Promise<boolean> {
    const name = this.#tag();
    return this.#act("deleteTag", undefined, name, async () => String(await held.v.deleteTag(name)));
  }

  /** A branch is merged, and not needed any more. */
  async #land(held: Held): Promise<void> {
    const branch = this.#branch();
    await this.#reset(held);
    if (branch === held.v.branch || !(await this.#mergeFrom(held, { branch }))) return;
    if (await this.#merge(held)) await this.#deleteBranch(held, branch);
  }

  /** A branch, or a tag, gets another one's commit, and that one is not needed any more. */
  async #rename(held: Held): Promise<void> {
    const branch = this.#branch();
    await this.#reset(held);
    const at = this.#world.shared.audit.headOf(branch);
    if (at === undefined || branch === held.v.branch) return;
    const isDone = await this.#world.random.weighted([
      [() => this.#resetTo(held, at), 1],
      [() => this.#createBranch(held, at), 2],
      [() => this.#createTag(held, at), 1],
    ])();
    if (isDone) await this.#deleteBranch(held, branch);
  }

  #retain(): Promise<boolean> {
    const { random } = this.#world;
    const names = random.chance(0.2)
      ? {}
      : random.chance(0.8)
        ? { branches: [this.#branch()] }
        : { tags: [this.#tag()] };
    const since = this.#world.someCommit();
    const keep = random.weighted<RetainOptions>([
      [{ commits: 1 + random.below(4) }, 4],
      [{ maxAge: random.pick([0, 20, 1000]) }, 1],
      [since === undefined ? { commits: 2 } : { since }, 2],
    ]);
    const options = { ...names, ...keep };
    this.#world.figures.cuts++;
    return this.#act("retain", undefined, JSON.stringify(options), async () => {
      const retained = await retainHistory(this.#store, options);
      return retained.map(({ name, commits, cut }) => `${name} ${commits}${cut ? " cut" : ""}`).join();
    });
  }

  #verify(): Promise<boolean> {
    return this.#act("verify", undefined, "", async (action) => {
      const { ok, problems } = await verify(this.#store);
      const said = problems.map(({ key, message }) => `${key}: ${message}`).join("; ");
      this.#world.expect(action, ok, `it says that something is wrong: ${said}`);
      return "";
    });
  }

  #read(held: Held): Promise<boolean> {
    return this.#act("read", undefined, this.#name(held.v.currentCommit), async (action) => {
      const [entries, size] = await Promise.all([held.v.entries().toArray(), held.v.size()]);
      this.#world.expect(action, entries.length === size, "a listing has not all keys");
      return `${entries.length} entries`;
    });
  }
}

function unlessItExists(error: unknown): void {
  if (!(error instanceof BranchExistsError)) throw error;
}

function drop(held: Held): void {
  held.marks = [];
  held.increments = 0;
  held.unsure = 0;
}

function increased(bytes: Uint8Array | undefined): Uint8Array {
  return count.encode((bytes === undefined ? 0n : count.decode(bytes)) + 1n);
}

/** One of few values; every other one lies outside its leaf. */
function value(number: number): Uint8Array {
  return new Uint8Array(number % 2 === 0 ? 1 : 600).fill(number);
}
