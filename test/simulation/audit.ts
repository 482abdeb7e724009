/** What must hold after every effect on the store, and what an answer to a caller must be true to. */
import { decodeChunk, type StoredChunk } from "../../src/chunk/codec.ts";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { decodeRef, refKey } from "../../src/commit/ref.ts";
import { isChunkKey } from "../../src/kv/chunk-keys.ts";
import type { Action } from "./action.ts";
import { Closures, isSound, Missing } from "./closure.ts";
import { Names } from "./names.ts";
import type { Context, Scheduler } from "./scheduler.ts";

/** Keys of this kind are written once and never removed: where one is missing, published work was lost. */
export const MARKER = "w/";

/** Where a ref led to from a step of the run on. */
interface Place {
  readonly since: number;
  readonly head: Hash | undefined;
}

/** What a stored ref says; nothing for a reservation. */
interface Seen {
  readonly head: Hash | undefined;
  readonly cuts: readonly Hash[];
}

/** Watches the store. */
export class Audit {
  readonly names: Names = new Names();
  readonly closures: Closures;
  readonly #values: ReadonlyMap<string, Uint8Array>;
  readonly #scheduler: Scheduler;
  readonly #places: Map<string, Place[]> = new Map();
  #reached: Set<string> | undefined = new Set();
  /** How many chunks were removed. */
  removed = 0;
  /** How many commits were stored as changes, and nodes as differences. */
  readonly stored: { changes: number; differences: number } = { changes: 0, differences: 0 };

  constructor(scheduler: Scheduler, values: ReadonlyMap<string, Uint8Array>) {
    this.#scheduler = scheduler;
    this.#values = values;
    this.closures = new Closures(values);
  }

  /** The stored value of a key. */
  now(key: string): Uint8Array | undefined {
    return this.#values.get(key);
  }

  /** Called after every change of a key. */
  check(key: string, before: Uint8Array | undefined, after: Uint8Array | undefined, by: Context): void {
    if (isChunkKey(key)) this.#checkChunk(key, before, after, by);
    else if (isRefKey(key)) this.#checkRef(key, before, after, by);
  }

  #checkChunk(key: string, before: Uint8Array | undefined, after: Uint8Array | undefined, by: Context): void {
    if (after !== undefined) {
      if (before === undefined) this.#count(decodeChunk(after));
      if (!isSound(key, after, this.#values))
        this.#fail(`${by.process.name} wrote a damaged chunk at ${this.names.key(key)}`);
      return;
    }
    this.removed++;
    if (this.#reachable().has(key))
      this.#fail(`${by.process.name} removed ${this.names.key(key)}, which a ref leads to`);
  }

  #count(chunk: StoredChunk): void {
    if (chunk.base !== undefined) this.stored.differences++;
    else if (chunk.note !== undefined) this.stored.changes++;
  }

  #checkRef(key: string, before: Uint8Array | undefined, after: Uint8Array | undefined, by: Context): void {
    const from = seen(key, before);
    const to = seen(key, after);
    if (from.head !== to.head) this.#note(key, to.head);
    if (from.head !== to.head || from.cuts.join() !== to.cuts.join()) {
      this.#reached = undefined;
      this.#reachable();
    }
    if (to.head !== undefined && from.head !== to.head) this.#checkMove(key, from.head, to.head, by.action);
  }

  #checkMove(key: string, from: Hash | undefined, to: Hash, action: Action | undefined): void {
    const what = `${key} to ${this.names.commit(to)}`;
    if (action === undefined) {
      this.#fail(`nobody moved ${what}`);
      return;
    }
    const isItsOwn = key === refKey("branch", action.branch ?? "");
    if (isItsOwn) action.moves.push(to);
    if (isItsOwn && action.state === "lost") {
      this.#fail(`#${action.id} had failed for certain, and moved ${what} afterwards`);
    }
    if (from === undefined || action.kind === "resetTo") return;
    const mayMove = key.startsWith("b/") && (action.kind === "merge" || action.kind === "transact");
    if (!mayMove) this.#fail(`#${action.id} ${action.kind} moved ${what}`);
    const lost = this.#lost(from, to);
    if (lost.length > 0) this.#fail(`#${action.id} moved ${what}, and ${lost.join(", ")} is lost`);
  }

  /** The marks of one commit that another has not. */
  #lost(from: Hash, to: Hash): string[] {
    const marks = this.marks(to);
    return marks === undefined ? [] : [...(this.marks(from) ?? [])].filter((mark) => !marks.has(mark));
  }

  /** The marks that a commit has; `undefined` if it is not all there. */
  marks(commit: Hash): Set<string> | undefined {
    return this.#unlessMissing(() => new Set(this.closures.entries(commit, MARKER).keys()));
  }

  #reachable(): ReadonlySet<string> {
    this.#reached ??= this.reach();
    return this.#reached;
  }

  /** The store keys of all chunks that refs lead to; a failure where one is missing. */
  reach(): Set<string> {
    const found = new Set<string>();
    for (const [key, value] of this.#values) {
      if (!isRefKey(key)) continue;
      const { head, cuts } = seen(key, value);
      if (head === undefined) continue;
      const below = this.#unlessMissing(() => this.closures.of([head], new Set(cuts)));
      if (below === undefined) this.#fail(`${key} leads to ${this.names.commit(head)}, and something is missing there`);
      for (const chunk of below ?? []) found.add(chunk);
    }
    return found;
  }

  #unlessMissing<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      this.#scheduler.note(undefined, () => `${this.names.key(error.key)} is missing`);
      return undefined;
    }
  }

  #note(key: string, head: Hash | undefined): void {
    const places = this.#places.get(key) ?? [{ since: 0, head: undefined }];
    places.push({ since: this.#scheduler.count, head });
    this.#places.set(key, places);
  }

  /** Where a ref led to at some time since a step of the run. */
  headsSince(key: string, since: number): Set<Hash | undefined> {
    const places = this.#places.get(key) ?? [{ since: 0, head: undefined }];
    const last = places.findLastIndex((place) => place.since <= since);
    return new Set(places.slice(Math.max(0, last)).map(({ head }) => head));
  }

  /** Where a branch leads to. */
  headOf(branch: string): Hash | undefined {
    const key = refKey("branch", branch);
    return seen(key, this.#values.get(key)).head;
  }

  /** Whether a branch leads to a commit, or to a descendant of it. */
  holds(branch: string, commit: Hash): boolean {
    const key = refKey("branch", branch);
    const { head, cuts } = seen(key, this.#values.get(key));
    return head !== undefined && this.closures.of([head], new Set(cuts)).has(chunkKey("commit", commit));
  }

  /** Where a branch led to at some time since an action began. */
  headsDuring(action: Action, branch: string): Set<Hash | undefined> {
    return this.headsSince(refKey("branch", branch), action.since);
  }

  #fail(what: string): void {
    this.#scheduler.fail(what);
  }
}

function isRefKey(key: string): boolean {
  return key.startsWith("b/") || key.startsWith("t/");
}

function seen(key: string, stored: Uint8Array | undefined): Seen {
  const ref = stored && decodeRef(key, stored);
  return ref?.head === undefined ? { head: undefined, cuts: [] } : { head: ref.head, cuts: ref.cuts ?? [] };
}
