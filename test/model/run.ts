/** Runs steps on a store and on the model side by side, and compares after each step. */
import assert from "node:assert/strict";
import { isHash } from "../../src/chunk/hash.ts";
import { ChunkStore } from "../../src/chunk/store.ts";
import { beginEpoch, raiseRefs } from "../../src/commit/epoch.ts";
import { Repository } from "../../src/commit/repository.ts";
import { MergeConflict } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import type { KVStore } from "../../src/kv/store.ts";
import { EMPTY_ROOT, edit } from "../../src/tree/edit.ts";
import { compareText } from "../../src/tree/key-bytes.ts";
import { NodeReader, NodeStore } from "../../src/tree/node-store.ts";
import type { KeyRange, MergeOptions, MergeResult, Rule, Source } from "../../src/versioned/types.ts";
import { toUpdates } from "../../src/versioned/updates.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { newCommit } from "../../src/versioned/write.ts";
import { ViewOf } from "../support/counting-store.ts";
import type { Contents, ModelRule } from "./contents.ts";
import {
  changesOf,
  Expected,
  lowestCommon,
  Model,
  type ModelCommit,
  type ModelHandle,
  type ModelMergeOptions,
  type ModelMergeResult,
} from "./model.ts";
import type { Changes, MergeArguments, Prefix, RuleName, Step } from "./steps.ts";
import { bytesOf, keyOf, type Token, tokenOf, type Universe } from "./values.ts";

const BRANCHES = ["main", "b", "feature/x", "å"];
const TAGS = ["v1", "v2", "v3", "main"];
const HANDLES = 5;
/** An index that chooses a commit that is not there. */
const UNKNOWN = 31;

const RULES: Record<RuleName, ModelRule> = {
  ours: "ours",
  theirs: "theirs",
  mix: (old, ours, theirs) => `s${[old, ours, theirs].map((token) => token ?? "-").join("").length % 7}`,
  drop: () => undefined,
  large: () => "m2",
  fail: () => {
    throw new Error("no");
  },
};

interface Pair {
  readonly real: Versioned;
  readonly model: ModelHandle;
}

type Outcome<T> = { readonly value: T } | { readonly error: string; readonly conflicts: unknown };

/** One run. */
export class Run {
  readonly #universe: Universe;
  /** The same data through several store objects: their handles share no cache, as in several processes. */
  readonly #views: readonly KVStore[];
  readonly #model: Model = new Model();
  readonly #handles: Pair[] = [];
  readonly #compared: Set<ModelCommit> = new Set();

  private constructor(universe: Universe, store: KVStore) {
    this.#universe = universe;
    this.#views = [store, new ViewOf(store)];
  }

  /** Runs steps on an empty store. */
  static async of(universe: Universe, steps: readonly Step[], store: KVStore, seed: number): Promise<void> {
    const run = new Run(universe, store);
    await run.#begin();
    for (const step of steps) {
      await run.#step(step);
      await run.#compare();
    }
    await run.#readCold();
    await run.#buildFromNothing();
    await run.#replay(seed);
  }

  async #begin(): Promise<void> {
    const real = await Versioned.open(this.#view(0));
    this.#model.bind(this.#model.root, real.currentCommit);
    this.#handles.push({ real, model: this.#model.open("main", undefined, true) });
    if (this.#universe !== "many") return;
    const block: Changes = { single: [], block: { from: 0, count: 400, token: "s0" } };
    await this.#step({ do: "snapshot", handle: 0, changes: block, info: undefined });
    const plain = { rules: [], prefixes: [], fallback: undefined, info: undefined, abandon: false, dryRun: false };
    await this.#step({ do: "merge", handle: 0, options: plain });
  }

  #view(index: number): KVStore {
    return this.#views[index % this.#views.length] ?? assert.fail();
  }

  #handle(index: number): Pair {
    return this.#handles[index % this.#handles.length] ?? assert.fail();
  }

  #key(index: number): string {
    return keyOf(this.#universe, index);
  }

  #prefix({ key, length }: Prefix): string {
    const prefix = this.#key(key).slice(0, length);
    return prefix.isWellFormed() ? prefix : this.#key(key);
  }

  #commit(index: number): ModelCommit | "unknown" {
    if (index % 100 === UNKNOWN) return "unknown";
    return this.#known(index);
  }

  /** A commit that is there. The same low indexes mean late commits, so that runs are about what is new. */
  #known(index: number): ModelCommit {
    const { commits } = this.#model;
    return commits[commits.length - 1 - (index % commits.length)] ?? assert.fail();
  }

  #put(slot: number, pair: Pair): void {
    if (this.#handles.length < HANDLES) this.#handles.push(pair);
    else this.#handles[slot % HANDLES] = pair;
  }

  #changes({ single, block }: Changes): Map<string, Token> {
    const changes = new Map<string, Token>();
    if (block !== undefined && this.#universe === "many") {
      for (let i = 0; i < block.count; i++) changes.set(this.#key(block.from + i), block.token);
    }
    for (const [key, token] of single) changes.set(this.#key(key), token);
    return changes;
  }

  /** Does one step in the store, then in the model, and compares what they give. */
  async #step(step: Step): Promise<void> {
    switch (step.do) {
      case "snapshot":
        return this.#snapshot(step);
      case "merge": {
        const { real, model } = this.#handle(step.handle);
        return this.#mergeBy(
          step.options,
          (options) => real.merge(options),
          (options) => this.#model.merge(model, options),
        );
      }
      case "mergeFrom":
        return this.#mergeFrom(step);
      case "replay":
        return this.#replayCommit(step);
      case "transact":
        return this.#transact(step);
      case "reset": {
        const { real, model } = this.#handle(step.handle);
        return this.#same(await outcome(() => real.reset()), () => this.#model.reset(model));
      }
      case "resetTo": {
        const { real, model } = this.#handle(step.handle);
        const commit = this.#commit(step.commit);
        return this.#same(await outcome(() => real.resetTo(idOf(commit))), () => this.#model.resetTo(model, commit));
      }
      case "createBranch":
        return this.#createBranch(step);
      case "deleteBranch": {
        const branch = pick(BRANCHES, step.name);
        const { real } = this.#handle(step.handle);
        return this.#same(await outcome(() => real.deleteBranch(branch)), () => this.#model.branches.delete(branch));
      }
      case "checkout":
        return this.#checkout(step);
      case "createTag":
        return this.#createTag(step);
      case "deleteTag": {
        const tag = pick(TAGS, step.name);
        const { real } = this.#handle(step.handle);
        return this.#same(await outcome(() => real.deleteTag(tag)), () => this.#model.tags.delete(tag));
      }
      case "setRule":
        return this.#setRule(step);
      case "setPrefixRule": {
        const { real, model } = this.#handle(step.handle);
        real.setMergePrefix(this.#prefix(step.prefix), realRule(step.rule));
        model.byPrefix.set(this.#prefix(step.prefix), RULES[step.rule]);
        return;
      }
      case "read":
        return this.#read(step);
      case "range":
        return this.#range(step);
      case "diff":
        return this.#diff(step);
      case "history":
        return this.#history(step);
      case "keyHistory":
        for (const key of step.keys) await this.#keyHistory(this.#handle(step.handle), this.#key(key));
        return;
      case "mergeBase": {
        const { real } = this.#handle(step.handle);
        const [a, b] = [this.#known(step.a), this.#known(step.b)];
        return this.#same(await outcome(() => real.mergeBase(idOf(a), idOf(b))), () => lowestCommon([a], b)[0]?.id);
      }
      case "cross":
        return this.#cross(step);
      case "open":
        return this.#open(step);
      case "raiseEpoch":
        await raiseRefs(this.#view(0), await beginEpoch(this.#view(0)));
    }
  }

  /** Compares an outcome with what the model gives. */
  #same<T>(real: Outcome<T>, model: () => T): void {
    assert.deepEqual(real, modelOutcome(model));
  }

  async #snapshot(step: Extract<Step, { do: "snapshot" }>): Promise<void> {
    await this.#snapshotOn(this.#handle(step.handle), step.changes, step.info);
  }

  async #snapshotOn({ real, model }: Pair, given: Changes, info?: number): Promise<void> {
    const changes = this.#changes(given);
    const id = await real.snapshot(updatesOf(changes), { removals: removalsOf(changes), ...infoOf(info) });
    this.#model.bind(this.#model.snapshot(model, changes, infoText(info)), id);
  }

  async #mergeBy(
    given: MergeArguments,
    real: (options: MergeOptions) => Promise<MergeResult>,
    model: (options: ModelMergeOptions) => ModelMergeResult,
  ): Promise<void> {
    const { abandon, dryRun, fallback, rules, prefixes, info } = given;
    const byKey = rules.map(([key, rule]) => [this.#key(key), rule] as const);
    const byPrefix = prefixes.map(([prefix, rule]) => [this.#prefix(prefix), rule] as const);
    const got = await outcome(() =>
      real({
        ...(abandon ? { onConflict: "abandon" } : {}),
        ...(fallback === undefined ? {} : { defaultMerge: realRule(fallback) }),
        ...infoOf(info),
        dryRun,
        mergeFns: new Map(byKey.map(([key, rule]) => [key, realRule(rule)])),
        mergePrefixes: new Map(byPrefix.map(([prefix, rule]) => [prefix, realRule(rule)])),
      }),
    );
    let expected: ModelMergeResult | undefined;
    const wanted = modelOutcome(() => {
      expected = model({
        byKey: new Map(byKey.map(([key, rule]) => [key, RULES[rule]])),
        byPrefix: new Map(byPrefix.map(([prefix, rule]) => [prefix, RULES[rule]])),
        fallback: fallback && RULES[fallback],
        info: infoText(info),
        abandon,
        dryRun,
      });
    });
    if (!("value" in got) || expected === undefined) return assert.deepEqual(withoutValue(got), withoutValue(wanted));
    const { commit, merged, conflicts, ...lists } = got.value;
    const { commit: expectedCommit, conflicts: expectedConflicts, ...expectedLists } = expected;
    assert.equal(merged, expectedCommit !== undefined);
    assert.deepEqual({ ...lists, conflicts: conflictsOf(conflicts) }, pickLists(expectedLists, expectedConflicts));
    if (commit === undefined || expectedCommit === undefined) return assert.equal(commit, expectedCommit);
    if (dryRun && expectedCommit.id === undefined) return;
    this.#model.bind(expectedCommit, commit);
  }

  async #mergeFrom(step: Extract<Step, { do: "mergeFrom" }>): Promise<void> {
    const { real, model } = this.#handle(step.handle);
    const [source, theirs] = this.#source(step);
    await this.#mergeBy(
      step.options,
      (options) => real.mergeFrom(source, options),
      (options) => this.#model.mergeFrom(model, theirs(), options),
    );
  }

  #source({ kind, source }: Extract<Step, { do: "mergeFrom" }>): [Source, () => ModelCommit] {
    if (kind === "commit") {
      const commit = this.#commit(source);
      return [{ commit: idOf(commit) }, () => (commit === "unknown" ? absent("CommitNotFoundError") : commit)];
    }
    if (kind === "tag") {
      const tag = pick(TAGS, source);
      return [{ tag }, () => this.#model.tags.get(tag)?.commit ?? absent("TagNotFoundError")];
    }
    const branch = pick(BRANCHES, source);
    return [kind === "bare" ? branch : { branch }, () => this.#model.head(branch)];
  }

  async #replayCommit({ handle, direction, commit, parent, options }: Extract<Step, { do: "replay" }>): Promise<void> {
    const { real, model } = this.#handle(handle);
    const target = this.#commit(commit);
    const parents = target === "unknown" ? [] : target.parents;
    const chosen = parent === undefined || parent === 0 ? undefined : parents[parent % parents.length];
    const counting = parent === 0 ? this.#commit(commit) : chosen;
    const against = counting === undefined ? {} : { parent: idOf(counting) };
    await this.#mergeBy(
      options,
      (given) => real[direction](idOf(target), { ...given, ...against }),
      (given) => this.#model.replay(model, direction, target, counting, given),
    );
  }

  async #transact(step: Extract<Step, { do: "transact" }>): Promise<void> {
    const { real, model } = this.#handle(step.handle);
    const changes = this.#changes(step.changes);
    let inner = "";
    const got = await outcome(async () => {
      await real.transact(async (tx) => {
        inner = await tx.snapshot(updatesOf(changes), { removals: removalsOf(changes), ...infoOf(step.inner) });
      }, infoOf(step.info));
    });
    const info = { snapshot: infoText(step.inner), transaction: infoText(step.info) };
    let result: ModelCommit | undefined;
    this.#same(got, () => {
      result = this.#model.transact(model, changes, info, (commit) => this.#model.bind(commit, inner));
    });
    const head = await real.latestHead();
    if (result !== undefined && head !== undefined) this.#model.bind(result, head);
  }

  async #createBranch(step: Extract<Step, { do: "createBranch" }>): Promise<void> {
    const { real, model } = this.#handle(step.handle);
    const name = pick(BRANCHES, step.name);
    const commit = step.at === undefined ? model.current : this.#commit(step.at);
    await this.#opened(
      step.slot,
      () => real.createBranch(name, step.at === undefined ? {} : { at: idOf(commit) }),
      () => this.#model.createBranch(name, commit),
    );
  }

  async #opened(slot: number, real: () => Promise<Versioned>, model: () => ModelHandle): Promise<void> {
    const got = await outcome(real);
    const wanted = modelOutcome(model);
    if ("value" in got && "value" in wanted) this.#put(slot, { real: got.value, model: wanted.value });
    else assert.deepEqual(withoutValue(got), withoutValue(wanted));
  }

  async #cross(step: Extract<Step, { do: "cross" }>): Promise<void> {
    const from = this.#handle(step.handle);
    const sides = [this.#known(step.a), this.#known(step.b)].map(async (commit) => ({
      real: (await from.real.checkout(idOf(commit))) ?? assert.fail(),
      model: this.#model.handle(from.model.branch, commit),
    }));
    const [one, two] = await Promise.all(sides);
    if (one === undefined || two === undefined) return;
    const [a, b] = [one.model.current, two.model.current];
    await this.#mergeCommit(one, b, step.merges[0]);
    await this.#mergeCommit(two, a, step.merges[1]);
    await this.#snapshotOn(one, step.changes[0]);
    await this.#snapshotOn(two, step.changes[1]);
    await this.#mergeCommit(one, two.model.current, step.merges[2]);
    this.#put(step.slots[0], one);
    this.#put(step.slots[1], two);
  }

  #mergeCommit({ real, model }: Pair, theirs: ModelCommit, options: MergeArguments): Promise<void> {
    return this.#mergeBy(
      options,
      (given) => real.mergeFrom({ commit: idOf(theirs) }, given),
      (given) => this.#model.mergeFrom(model, theirs, given),
    );
  }

  async #checkout(step: Extract<Step, { do: "checkout" }>): Promise<void> {
    const { real, model } = this.#handle(step.handle);
    const commit = this.#commit(step.commit);
    const branch = step.branch === undefined ? model.branch : pick(BRANCHES, step.branch);
    const opened = await real.checkout(idOf(commit), step.branch === undefined ? {} : { branch });
    if (commit === "unknown" || opened === undefined) return assert.equal(opened === undefined, commit === "unknown");
    this.#put(step.slot, { real: opened, model: this.#model.handle(branch, commit) });
  }

  async #open(step: Extract<Step, { do: "open" }>): Promise<void> {
    const { create, slot, view } = step;
    const branch = pick(BRANCHES, step.branch);
    const commit = step.commit === undefined ? undefined : this.#commit(step.commit);
    const options = { branch, create, ...(commit === undefined ? {} : { commit: idOf(commit) }) };
    await this.#opened(
      slot,
      () => Versioned.open(this.#view(view), options),
      () => this.#model.open(branch, commit, create),
    );
  }

  async #createTag(step: Extract<Step, { do: "createTag" }>): Promise<void> {
    const { real, model } = this.#handle(step.handle);
    const name = pick(TAGS, step.name);
    const commit = step.at === undefined ? model.current : this.#commit(step.at);
    const options = { ...(step.at === undefined ? {} : { at: idOf(commit) }), ...infoOf(step.info) };
    this.#same(await outcome(() => real.createTag(name, options)), () =>
      this.#model.createTag(name, commit, infoText(step.info)),
    );
  }

  #setRule(step: Extract<Step, { do: "setRule" }>): void {
    const { real, model } = this.#handle(step.handle);
    const rule = RULES[step.rule];
    if (step.key === undefined) {
      real.setDefaultMerge(realRule(step.rule));
      model.fallback = rule;
    } else {
      real.setMergeFn(this.#key(step.key), realRule(step.rule));
      model.byKey.set(this.#key(step.key), rule);
    }
  }

  async #read(step: Extract<Step, { do: "read" }>): Promise<void> {
    const { real, model } = this.#handle(step.handle);
    const { contents } = model.current;
    const keys = step.keys.map((key) => this.#key(key));
    const many = [...(await real.getMany(keys))].map(([key, value]) => [key, tokenOf(value)]);
    const wanted = [...new Set(keys)].filter((key) => contents.has(key)).map((key) => [key, contents.get(key)]);
    assert.deepEqual(many, wanted);
    for (const key of keys) {
      assert.equal(tokenOf(await real.get(key)), contents.get(key));
      assert.equal(await real.has(key), contents.has(key));
    }
  }

  async #range(step: Extract<Step, { do: "range" }>): Promise<void> {
    const { real, model } = this.#handle(step.handle);
    const { open, reverse, limit } = step;
    const low = step.low === undefined ? undefined : this.#key(step.low);
    const high = step.high === undefined ? undefined : this.#key(step.high);
    const prefix = step.prefix === undefined ? undefined : this.#key(step.prefix).slice(0, 8);
    const range: KeyRange = {
      ...(low === undefined ? {} : open ? { gt: low } : { gte: low }),
      ...(high === undefined ? {} : open ? { lt: high } : { lte: high }),
      ...(prefix?.isWellFormed() ? { prefix } : {}),
      ...(limit === undefined ? {} : { limit }),
      reverse,
    };
    const wanted = inRange(model.current.contents.keys(), range);
    assert.deepEqual(await real.keys(range).toArray(), wanted);
    const entries = (await real.entries(range).toArray()).map(([key, value]) => [key, tokenOf(value)]);
    assert.deepEqual(
      entries,
      wanted.map((key) => [key, model.current.contents.get(key)]),
    );
  }

  async #diff(step: Extract<Step, { do: "diff" }>): Promise<void> {
    const { real } = this.#handle(step.handle);
    const [a, b] = [this.#commit(step.a), this.#commit(step.b)];
    const got = await outcome(async () => {
      const { added, removed, modified } = await real.diff(idOf(a), idOf(b));
      return { added: [...added], removed: [...removed], modified: [...modified] };
    });
    const known = (): [Contents, Contents] =>
      a === "unknown" || b === "unknown" ? absent("CommitNotFoundError") : [a.contents, b.contents];
    this.#same(got, () => {
      const changed = changedKeys(...known());
      const of = (type: string): string[] => changed.filter((change) => change.type === type).map(({ key }) => key);
      return { added: of("added"), removed: of("removed"), modified: of("modified") };
    });
    const range: KeyRange = {
      reverse: step.reverse,
      ...(step.low === undefined ? {} : { gte: this.#key(step.low) }),
      ...(step.limit === undefined ? {} : { limit: step.limit }),
    };
    const changes = await outcome(async () =>
      (await real.changes(idOf(a), idOf(b), range).toArray()).map((change) => ({
        key: change.key,
        type: change.type as string,
        old: tokenOf(change.old),
        new: tokenOf(change.new),
      })),
    );
    this.#same(changes, () => {
      const all = new Map(changedKeys(...known()).map((change) => [change.key, change]));
      return inRange(all.keys(), range).map((key) => all.get(key) ?? assert.fail());
    });
  }

  async #history(step: Extract<Step, { do: "history" }>): Promise<void> {
    const { real, model } = this.#handle(step.handle);
    const { allParents, limit = Number.POSITIVE_INFINITY } = step;
    const from = step.from === undefined ? model.current : this.#known(step.from);
    const ids = await real
      .history({ allParents, ...(step.from === undefined ? {} : { from: idOf(from) }), limit })
      .toArray();
    if (!allParents) {
      const line: string[] = [];
      for (let at: ModelCommit | undefined = from; at !== undefined && line.length < limit; at = at.parents[0]) {
        line.push(idOf(at));
      }
      return assert.deepEqual(ids, line);
    }
    const all = new Map([...from.ancestors].map((commit) => [idOf(commit), commit]));
    assert.equal(ids.length, Math.min(limit, all.size));
    const listed = new Set<ModelCommit>();
    for (const id of ids) {
      const commit = all.get(id) ?? assert.fail(`${id} is no ancestor`);
      assert(!listed.has(commit), "a commit is listed twice");
      for (const parent of commit.parents) assert(!listed.has(parent), "a parent is listed before its child");
      listed.add(commit);
    }
    for (const commit of all.values()) {
      if (!listed.has(commit))
        assert(![...listed].some((other) => commit.ancestors.has(other)), "a gap in the history");
    }
  }

  async #keyHistory({ real, model }: Pair, key: string): Promise<void> {
    const found = await real.keyHistory(key).toArray();
    const wanted = new Map(changesOf(key, model.current).map((commit) => [idOf(commit), commit]));
    const sorted = found.map(({ commit, value }) => [commit, tokenOf(value)]).sort();
    assert.deepEqual(sorted, [...wanted].map(([id, { contents }]) => [id, contents.get(key)]).sort());
    const listed = found.map(({ commit }) => wanted.get(commit) ?? assert.fail());
    for (const [i, commit] of listed.entries()) {
      assert(
        !listed.slice(i + 1).some((later) => later.ancestors.has(commit)),
        "an ancestor is listed before its child",
      );
    }
  }

  /** What can be seen from outside, after each step. */
  async #compare(): Promise<void> {
    for (const { real, model } of this.#handles) {
      assert.equal(real.branch, model.branch);
      this.#model.bind(model.current, real.currentCommit);
      assert.equal(real.baseCommit, model.base.id);
      assert.equal(await real.latestHead(), this.#model.branches.get(model.branch)?.id);
      if (this.#compared.has(model.current)) continue;
      this.#compared.add(model.current);
      await compareCommit(real, model.current);
    }
    const { real } = this.#handle(0);
    assert.deepEqual(await real.listBranches(), [...this.#model.branches.keys()].sort(compareText));
    const tags = [...(await real.listTags())].map(([name, tag]) => [name, tag.commit, tag.info]);
    const wanted = [...this.#model.tags].map(([name, { commit, info }]) => [name, commit.id, parse(info)]);
    assert.deepEqual(
      tags,
      wanted.sort(([a], [b]) => compareText(String(a), String(b))),
    );
  }

  /** Everything that refs and handles hold is in the store itself, not only in caches. */
  async #readCold(): Promise<void> {
    const reader = await Versioned.open(new ViewOf(this.#view(0)), { commit: idOf(this.#model.root) });
    const held = new Set([
      ...this.#model.branches.values(),
      ...[...this.#model.tags.values()].map(({ commit }) => commit),
      ...this.#handles.map(({ model }) => model.current),
    ]);
    for (const commit of held) {
      const at = (await reader.checkout(idOf(commit))) ?? assert.fail(`commit ${commit.id} is not in the store`);
      await compareCommit(at, commit);
    }
  }

  /** A commit's tree is the one that its contents give, whatever the way there. */
  async #buildFromNothing(): Promise<void> {
    const nodes = new NodeStore(new ChunkStore(new Memory()));
    const { commits } = Repository.of(this.#view(0));
    const all = this.#model.commits;
    const chosen = this.#universe === "many" ? all.filter((_, i) => i % Math.ceil(all.length / 6) === 0) : all;
    for (const commit of chosen) {
      const { changes } = toUpdates(bytesOfAll(commit.contents));
      const root = await edit(new NodeReader(nodes), EMPTY_ROOT, changes);
      const id = idOf(commit);
      const record = isHash(id) ? await commits.find(id) : undefined;
      assert.equal(record?.root, root.hash, "the tree differs from one built from nothing");
      assert.deepEqual(root.totals(), { size: record?.size, bytes: record?.bytes });
    }
  }

  /** The same commits, made in another order in another store, have the same ids. */
  async #replay(seed: number): Promise<void> {
    const repository = Repository.of(new Memory());
    const { nodes, commits, chunks } = repository;
    const waiting = new Set(this.#model.commits);
    let tree = EMPTY_ROOT;
    let contents: Contents = new Map();
    let random = seed;
    while (waiting.size > 0) {
      const ready = [...waiting].filter((commit) => commit.parents.every((parent) => !waiting.has(parent)));
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      const commit = ready[random % ready.length] ?? assert.fail();
      waiting.delete(commit);
      const { changes, chunks: blobs } = toUpdates(difference(contents, commit.contents));
      tree = await edit(new NodeReader(nodes), tree, changes);
      contents = commit.contents;
      const parents = await Promise.all(commit.parents.map(async (parent) => commits.load(asHash(idOf(parent)))));
      const made = await newCommit(repository, { root: tree, edits: undefined }, blobs, parents, parse(commit.info));
      await chunks.put(made.chunks, 0);
      commits.add(made.commit);
      assert.equal(made.commit.hash, commit.id, "the same commit has another id in another store");
    }
  }
}

async function compareCommit(real: Versioned, commit: ModelCommit): Promise<void> {
  const { contents } = commit;
  const about = await real.commit(commit.id);
  assert.deepEqual(about.parents, commit.parents.map(idOf));
  assert.deepEqual(about.info, parse(commit.info));
  assert.equal(await real.size(), contents.size);
  assert.equal(about.size, contents.size);
  const entries = (await real.entries().toArray()).map(([key, value]): [string, string] => [key, tokenOf(value)]);
  assert.deepEqual(
    entries,
    [...contents].sort(([a], [b]) => compareText(a, b)),
  );
  assert.equal(
    about.bytes,
    entries.reduce((sum, [, token]) => sum + bytesOf(token).length, 0),
  );
}

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: error.name, conflicts: error instanceof MergeConflict ? conflictsOf(error.conflicts) : [] };
  }
}

function modelOutcome<T>(work: () => T): Outcome<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (!(error instanceof Expected)) throw error;
    return { error: error.type, conflicts: error.conflicts };
  }
}

function withoutValue(result: Outcome<unknown>): unknown {
  return "value" in result ? "no error" : result;
}

function absent(type: string): never {
  throw new Expected(type);
}

function conflictsOf(conflicts: MergeConflict["conflicts"]): unknown {
  return conflicts.map((conflict) => ({
    key: conflict.key,
    old: tokenOf(conflict.old),
    ours: tokenOf(conflict.ours),
    theirs: tokenOf(conflict.theirs),
    failed: "error" in conflict,
  }));
}

function pickLists(lists: Omit<ModelMergeResult, "commit" | "conflicts">, conflicts: unknown): unknown {
  const { strategy, autoMergedKeys, resolvedKeys, carriedKeys } = lists;
  return { strategy, autoMergedKeys, resolvedKeys, carriedKeys, conflicts };
}

function realRule(name: RuleName): Rule {
  const rule = RULES[name];
  if (typeof rule === "string") return rule;
  return (old, ours, theirs) => {
    const token = rule(tokenOf(old), tokenOf(ours), tokenOf(theirs));
    return token === undefined ? undefined : bytesOf(token).slice();
  };
}

function idOf(commit: ModelCommit | "unknown"): string {
  if (commit === "unknown") return "ab".repeat(32);
  return commit.id ?? assert.fail("a commit without id");
}

function asHash(id: string): Parameters<Repository["commits"]["load"]>[0] {
  return isHash(id) ? id : assert.fail(`${id} is no id`);
}

function pick(names: readonly string[], index: number): string {
  return names[index % names.length] ?? assert.fail();
}

function infoOf(index: number | undefined): { info?: { readonly [key: string]: number | string } } {
  if (index === undefined) return {};
  return index === 0 ? { info: {} } : { info: { n: index, by: "someone" } };
}

/** As the store gives it back: fields in order. */
function infoText(index: number | undefined): string | undefined {
  if (index === undefined) return undefined;
  return index === 0 ? "{}" : JSON.stringify({ by: "someone", n: index });
}

function parse(info: string | undefined): { readonly [key: string]: number | string } | undefined {
  return info === undefined ? undefined : (JSON.parse(info) as { readonly [key: string]: number | string });
}

function updatesOf(changes: ReadonlyMap<string, Token>): Map<string, Uint8Array> {
  const updates = new Map<string, Uint8Array>();
  for (const [key, token] of changes) if (token !== undefined) updates.set(key, bytesOf(token));
  return updates;
}

function removalsOf(changes: ReadonlyMap<string, Token>): string[] {
  return [...changes].filter(([, token]) => token === undefined).map(([key]) => key);
}

function bytesOfAll(contents: Contents): Map<string, Uint8Array> {
  return new Map([...contents].map(([key, token]) => [key, bytesOf(token)]));
}

function difference(from: Contents, to: Contents): Map<string, Uint8Array | undefined> {
  const changes = new Map<string, Uint8Array | undefined>();
  for (const { key } of changedKeys(from, to)) {
    const token = to.get(key);
    changes.set(key, token === undefined ? undefined : bytesOf(token));
  }
  return changes;
}

interface KeyChange {
  readonly key: string;
  readonly type: string;
  readonly old: Token;
  readonly new: Token;
}

function changedKeys(a: Contents, b: Contents): KeyChange[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((key) => a.get(key) !== b.get(key))
    .sort(compareText)
    .map((key) => ({
      key,
      type: !a.has(key) ? "added" : b.has(key) ? "modified" : "removed",
      old: a.get(key),
      new: b.get(key),
    }));
}

function inRange(keys: Iterable<string>, range: KeyRange): string[] {
  const { gt, gte, lt, lte, prefix = "", reverse = false, limit = Number.POSITIVE_INFINITY } = range;
  const found = [...keys]
    .sort(compareText)
    .filter(
      (key) =>
        key.startsWith(prefix) &&
        (gt === undefined || compareText(key, gt) > 0) &&
        (gte === undefined || compareText(key, gte) >= 0) &&
        (lt === undefined || compareText(key, lt) < 0) &&
        (lte === undefined || compareText(key, lte) <= 0),
    );
  return (reverse ? found.reverse() : found).slice(0, limit);
}
