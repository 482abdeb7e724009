/**
 * One handle's side of the protocol between writers and the collector (`docs/collection.md`): under which epoch its
 * chunks are put, what of its work no ref holds yet, and how a ref is moved so that nothing below it can be missing.
 *
 * A chunk is *safe* for an epoch if no collector of that epoch or an earlier one will ever remove it. A ref of epoch e
 * is only ever moved to a commit all of whose chunks are known to be safe for e: put by this session at e, or below a
 * ref that was read at e or higher.
 */

import { equalValues } from "../bytes.ts";
import type { Hash } from "../chunk/hash.ts";
import { type Chunk, type ChunkName, isMissing, type SoundChunk } from "../chunk/store.ts";
import {
  BranchNotFoundError,
  ConcurrencyError,
  HistoryCutError,
  SessionCollectedError,
  StoreClosedError,
} from "../errors.ts";
import { isAncestor, reachableFrom } from "./ancestry.ts";
import { pause } from "./backoff.ts";
import type { CommitRecord } from "./commit.ts";
import { beginEpoch, decodeEpoch, EPOCH_KEY, raiseRefs, readEpoch } from "./epoch.ts";
import { checkFormat, FORMAT_KEY, markFormat } from "./format.ts";
import { Holders, headOf, tipsFrom } from "./held.ts";
import { Horizon } from "./horizon.ts";
import type { Info } from "./info.ts";
import { raiseCommits } from "./raise.ts";
import { asRef, decodeRef, encodeReservation, makeRef, type Ref, type RefKind, readRef, refKey } from "./ref.ts";
import type { Repository } from "./repository.ts";
import { Tips } from "./tips.ts";

/** How long a reservation that is met may stay before it is taken over, in ms: its writer has two calls left to make. */
const RESERVATION_GRACE = 50;
/** How often creating a ref is tried anew when others get in between. */
const CREATE_ATTEMPTS = 100;
/** How many chunks that a refresh must put again are handled at once. */
const BATCH = 1024;

/** What became of an attempt to move a ref. `"unknown"`: the store failed, and a writer after it has the commit below its own. */
export type Published = "published" | "lost" | "unknown";

/** A writer on one branch, or on another ref of its name. */
export class Session {
  readonly repository: Repository;
  readonly branch: string;
  readonly #kind: RefKind;
  readonly #key: string;
  #ref: Ref | undefined;
  /** The branch as it was when the work began. */
  #base: Ref | undefined;
  #epoch: number;
  /** Put by this session, and below no ref yet. */
  #pending: ChunkName[] = [];
  /** The commits among them: all below those is safe, or from elsewhere and noted. */
  readonly #own: Set<Hash> = new Set();
  /** Commits from elsewhere that the work builds on. */
  readonly #foreign: Map<Hash, CommitRecord> = new Map();
  /** Those of them that are known to be safe for the epoch, with where their histories are cut. */
  readonly #safe: Map<Hash, readonly Hash[]> = new Map();

  private constructor(repository: Repository, branch: string, kind: RefKind, ref: Ref | undefined, epoch: number) {
    this.repository = repository;
    this.branch = branch;
    this.#kind = kind;
    this.#key = refKey(kind, branch);
    this.#ref = ref;
    this.#base = ref;
    this.#epoch = epoch;
  }

  /** A session on a branch, whether it exists or not. One round trip. */
  static async open(repository: Repository, branch: string, kind: RefKind = "branch"): Promise<Session> {
    const key = refKey(kind, branch);
    const stored = await repository.store.getMany([FORMAT_KEY, EPOCH_KEY, key]);
    checkFormat(repository.store, stored.get(FORMAT_KEY));
    const bytes = stored.get(key);
    const ref = bytes && asRef(decodeRef(key, bytes));
    return new Session(repository, branch, kind, ref, ref?.epoch ?? decodeEpoch(stored.get(EPOCH_KEY)));
  }

  /** A session on a branch as this one created it. */
  forBranch(branch: string, ref: Ref): Session {
    return new Session(this.repository, branch, this.#kind, ref, ref.epoch);
  }

  /** A session on the same branch, with none of this one's work. */
  fork(): Session {
    return new Session(this.repository, this.branch, this.#kind, this.#ref, this.#epoch);
  }

  /** The branch as last read or written; `undefined`: it was not there. */
  get ref(): Ref | undefined {
    return this.#ref;
  }

  /** The branch's HEAD as last read or written. */
  get head(): Hash | undefined {
    return this.#ref?.head;
  }

  /** Whether the branch was there when it was last read. */
  get exists(): boolean {
    return this.#ref !== undefined;
  }

  /** Stores chunks of unpublished work. Returns those that were there; they stay in the form that they are in. */
  async put(chunks: readonly Chunk[]): Promise<ReadonlyMap<Hash, SoundChunk>> {
    await markFormat(this.repository.store);
    const known = await this.repository.chunks.put(chunks, this.#epoch);
    for (const { kind, hash } of chunks) {
      this.#pending.push({ kind, hash });
      if (kind === "commit") this.#own.add(hash);
    }
    return known;
  }

  /** Notes that the work builds on a commit from elsewhere. `ref`: the ref it was just read from. */
  use(commit: CommitRecord, ref?: Ref): void {
    if (this.#own.has(commit.hash)) return;
    this.#foreign.set(commit.hash, commit);
    if (ref !== undefined && ref.epoch >= this.#epoch) this.#safe.set(commit.hash, ref.cuts);
  }

  /** Where the history of the branch, which may have been read anew, and of what the work builds on ends. */
  async horizon(branch: Ref | undefined = this.#ref): Promise<Horizon> {
    return new Horizon(this.repository.store, await this.#cuts(branch));
  }

  /** Forgets the unpublished work: what is new begins at the branch as last read or written. */
  drop(): void {
    this.#base = this.#ref;
    this.#pending = [];
    this.#own.clear();
    this.#foreign.clear();
    this.#safe.clear();
  }

  /** Reads the branch again. Where a collection began since, all that the session holds is made safe from it first. */
  async refetch(): Promise<Ref | undefined> {
    const ref = await readRef(this.repository.store, this.#key);
    if (ref !== undefined && ref.epoch > this.#epoch) await this.#refresh(ref.epoch);
    if (ref?.cuts.join() !== this.#ref?.cuts.join()) this.#safe.clear();
    this.#ref = ref;
    return ref;
  }

  /** Forgets the unpublished work, reads the branch again, and returns its HEAD. If it is not there or cannot be read, the work is kept. */
  async restart(): Promise<CommitRecord | undefined> {
    const read = (): Promise<Ref | undefined> => readRef(this.repository.store, this.#key);
    const found = await headOf(this.repository, await read(), read);
    if (found === undefined) return undefined;
    this.#ref = found.ref;
    this.drop();
    this.#epoch = Math.max(this.#epoch, found.ref.epoch);
    return found.commit;
  }

  /** Reads another ref so that what it leads to can be built upon. */
  async readOther(key: string): Promise<Ref | undefined> {
    const ref = await readRef(this.repository.store, key);
    if (ref === undefined || ref.epoch >= this.#epoch) return ref;
    // A collector is about to raise it, or died before: do its part.
    await this.#advance();
    return readRef(this.repository.store, key);
  }

  /**
   * Moves the branch to `head`, if it still is as last read. All of the session's work must be below `head`, or be
   * needed no more.
   *
   * @param without a commit that the work began with, and that is not below `head`
   */
  async publish(head: Hash, without?: Hash): Promise<Published> {
    const ref = this.#ref;
    if (ref === undefined) throw new BranchNotFoundError(this.branch);
    await markFormat(this.repository.store);
    await this.#vouch(head, without);
    const outcome = await this.#swap(ref, makeRef(head, ref.epoch, await this.#cuts(ref, head, without), ref.info));
    if (outcome === "published") this.drop();
    return outcome;
  }

  /** Creates the branch at `head`; whether it did: `false` if it is there. */
  async create(head: Hash): Promise<boolean> {
    const ref = await this.createRef(this.#key, head);
    if (ref === undefined) return false;
    this.#ref = ref;
    this.drop();
    return true;
  }

  /** Creates a ref at a commit that the session holds or uses; `undefined` if it is there. Three round trips. */
  async createRef(key: string, head: Hash, info?: Info): Promise<Ref | undefined> {
    const { store } = this.repository;
    await markFormat(store);
    for (let attempt = 0; attempt < CREATE_ATTEMPTS; attempt++) {
      await this.#vouch(head);
      const cuts = await this.#cuts(this.#ref, head);
      const reservation = encodeReservation();
      if (!(await store.cas(key, reservation, undefined))) {
        const other = await store.get(key);
        if (other === undefined) continue;
        if (decodeRef(key, other).head !== undefined) return undefined;
        await pause(RESERVATION_GRACE);
        if (!(await store.cas(key, reservation, other))) continue;
      }
      if ((await readEpoch(store)) !== this.#epoch) {
        await store.cas(key, undefined, reservation);
        await this.#catchUp();
        continue;
      }
      const ref = makeRef(head, this.#epoch, cuts, info);
      if (await this.#casOrSeen(key, ref.stored, reservation)) return ref;
    }
    throw new ConcurrencyError(`Creating ${JSON.stringify(key.slice(2))} was interrupted again and again.`, {
      ref: key.slice(2),
      attempts: CREATE_ATTEMPTS,
    });
  }

  async #casOrSeen(key: string, value: Uint8Array, expected: Uint8Array): Promise<boolean> {
    const { store } = this.repository;
    try {
      return await store.cas(key, value, expected);
    } catch (error) {
      const now = await store.get(key);
      if (equalValues(now, value)) return true;
      // Once the reservation is gone, the first write can never land, and the failure is certain.
      if (!equalValues(now, expected) || (await store.cas(key, undefined, expected))) throw error;
      if (equalValues(await store.get(key), value)) return true;
      throw error;
    }
  }

  /** Moves the branch's ref by `cas`; where the store fails and does not say what became of it, finds out. */
  async #swap(from: Ref, to: Ref): Promise<Published> {
    const { store } = this.repository;
    try {
      if (!(await store.cas(this.#key, to.stored, from.stored))) return "lost";
      this.#ref = to;
      return "published";
    } catch (error) {
      if (error instanceof StoreClosedError) throw error;
      return this.#settle(from, to, error);
    }
  }

  /**
   * After a `cas` that failed without an answer. If the branch is as it was, another `cas` changes its nonce: then the
   * first one can never land, and the failure is certain.
   */
  async #settle(from: Ref, to: Ref, error: unknown): Promise<Published> {
    const { store, commits } = this.repository;
    try {
      const now = await store.get(this.#key);
      if (equalValues(now, to.stored)) {
        this.#ref = to;
        return "published";
      }
      if (equalValues(now, from.stored)) {
        const again = makeRef(from.head, from.epoch, from.cuts, from.info);
        if (await store.cas(this.#key, again.stored, from.stored)) {
          this.#ref = again;
          throw error;
        }
      }
      const other = await readRef(store, this.#key);
      if (other === undefined) return "lost";
      const [head, mine] = await commits.loadMany([other.head, to.head]);
      if (head === undefined || mine === undefined) return "unknown";
      const isBelow = await reachableFrom(commits, mine, [head], new Horizon(store, other.cuts, "these"));
      if (isBelow === undefined) throw new HistoryCutError("Whether the work was published lies beyond a cut.");
      return isBelow ? "unknown" : "lost";
    } catch (cause) {
      if (cause === error) throw error;
      throw new ConcurrencyError(`The store failed while branch ${JSON.stringify(this.branch)} was being moved.`, {
        ref: this.branch,
        outcome: "unknown",
        cause: error,
      });
    }
  }

  /** Begins an epoch and raises all refs to it: afterwards every ref can be built upon. */
  async #advance(): Promise<void> {
    await raiseRefs(this.repository.store, await beginEpoch(this.repository.store));
    await this.refetch();
  }

  /** Brings the session to the store's epoch. */
  async #catchUp(): Promise<void> {
    const ref = await this.refetch();
    const epoch = await readEpoch(this.repository.store);
    if (this.#epoch >= epoch) return;
    if (ref === undefined) await this.#refresh(epoch);
    else await this.#advance();
  }

  /** Makes what the session put safe for a later epoch. What was collected, and is not in memory any more, is lost. */
  async #refresh(epoch: number): Promise<void> {
    const { chunks, nodes, commits } = this.repository;
    const again: Chunk[] = [];
    for (let from = 0; from < this.#pending.length; from += BATCH) {
      for (const name of await chunks.raise(this.#pending.slice(from, from + BATCH), epoch)) {
        const commit = name.kind === "commit" ? commits.cached(name.hash) : undefined;
        const payload = (commit ?? nodes.cached(name.hash))?.payload;
        if (payload === undefined) throw new SessionCollectedError();
        again.push({ ...name, payload, note: commit?.note });
      }
    }
    await chunks.put(again, epoch);
    this.#safe.clear();
    this.#epoch = epoch;
  }

  /**
   * Makes sure that everything below `head` that the session did not put is safe for its epoch: what it uses from elsewhere,
   * and the branch as it was when the work began.
   */
  async #vouch(head: Hash, without?: Hash): Promise<void> {
    const open = [...this.#foreign.values()].filter(({ hash }) => hash !== without && !this.#safe.has(hash));
    const base = this.#base;
    if (base !== undefined && base.head !== without && (this.#own.has(head) || base.head === head)) {
      if (base.head !== this.#ref?.head && !this.#safe.has(base.head)) open.push(await this.#find(base.head));
    }
    if (open.length === 0) return;
    // The branch's own history needs no listing.
    let others = await this.#notBelowHead(open);
    if (base !== undefined && base.epoch >= this.#epoch && others.some(({ hash }) => hash === base.head)) {
      this.#safe.set(base.head, base.cuts);
      others = others.filter(({ hash }) => hash !== base.head);
    }
    if (others.length === 0) return;
    const holders = new Holders(this.repository, await tipsFrom(this.repository.store, this.#epoch));
    await this.#putWhole(await this.#notBelow(holders, others), holders);
  }

  async #find(hash: Hash): Promise<CommitRecord> {
    const commit = await this.repository.commits.find(hash);
    if (commit === undefined) throw new SessionCollectedError();
    return commit;
  }

  /** Notes that those of `open` that are below safe tips are safe; returns the others. */
  async #notBelow(holders: Holders, open: readonly CommitRecord[]): Promise<CommitRecord[]> {
    const others: CommitRecord[] = [];
    for (const commit of open) {
      const cuts = await this.#cutsAbove(commit, holders);
      if (cuts === undefined) others.push(commit);
      else this.#safe.set(commit.hash, cuts);
    }
    return others;
  }

  /** The cuts of tips that hold a commit. */
  #cutsAbove(commit: CommitRecord, holders: Holders): Promise<readonly Hash[] | undefined> {
    return ifThere(() => holders.cutsAbove(commit));
  }

  /** The same for the branch's HEAD, if what is below it is safe for the session's epoch. */
  async #notBelowHead(open: readonly CommitRecord[]): Promise<readonly CommitRecord[]> {
    const ref = this.#ref;
    if (ref === undefined || ref.epoch < this.#epoch) return open;
    const { store, commits } = this.repository;
    const horizon = new Horizon(store, ref.cuts, "these");
    const others: CommitRecord[] = [];
    for (const commit of open) {
      const below = async (): Promise<boolean | undefined> =>
        isAncestor(commits, commit, await commits.load(ref.head), horizon);
      if (await ifThere(below)) this.#safe.set(commit.hash, ref.cuts);
      else others.push(commit);
    }
    return others;
  }

  /**
   * Where the history of a commit that builds on the branch's HEAD and on commits from elsewhere is cut: where one of theirs
   * is, unless another of them holds what is cut there.
   */
  async #cuts(branch = this.#ref, head?: Hash, without?: Hash): Promise<readonly Hash[]> {
    if (head !== undefined && this.repository.commits.cached(head)?.parents.length === 0) return [];
    // A commit from elsewhere does not build on the branch, whose cuts say nothing of it.
    const elsewhere = head === undefined || head === branch?.head ? undefined : this.#safe.get(head);
    if (elsewhere !== undefined) return elsewhere;
    const own = branch?.cuts ?? [];
    if (own.length === 0 && this.#safe.size === 0) return own;
    const sources = [...this.#safe].map(([head, cuts]) => ({ head, cuts })).filter(({ head }) => head !== without);
    if (branch !== undefined) sources.push(branch);
    const all = new Set(sources.flatMap(({ cuts }) => cuts));
    if (all.size === 0) return [];
    // What was cut off once may have been made again.
    for (const commit of this.#own) all.delete(commit);
    if (all.size === own.length && this.#safe.size === 0) return own;
    for (const [cut, commit] of await this.repository.commits.findMany([...all])) {
      for (const source of sources) {
        if (source.cuts.includes(cut)) continue;
        const tips = new Tips();
        tips.add(source);
        if ((await this.#cutsAbove(commit, new Holders(this.repository, tips))) !== undefined) all.delete(cut);
      }
    }
    return [...all].sort();
  }

  /** Raises commits, and all below them that no safe tip holds, to the session's epoch, and notes that they are safe. */
  async #putWhole(open: readonly CommitRecord[], holders: Holders): Promise<void> {
    try {
      const heldBy = (commit: CommitRecord): Promise<readonly Hash[] | undefined> => this.#cutsAbove(commit, holders);
      const raised = await raiseCommits(this.repository, open, this.#epoch, heldBy);
      for (const [hash, cuts] of raised) this.#safe.set(hash, cuts);
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
      const [first, ...more] = open.map(({ hash }) => hash);
      const which = more.length === 0 ? `Commit ${first}` : `One of ${open.length} commits, among them ${first}`;
      throw new SessionCollectedError(`${which}, which this handle uses, was collected as garbage.`, { cause });
    }
  }
}

/** What is found below a tip. One whose ref moved on, so that what it led to was collected, says nothing. */
async function ifThere<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
