/**
 * When the keys of a branch were last used, as it is stored: a tree of its own, from keys to times, under a ref of its own,
 * so that it is no part of the branch's commits. Times are ticks: a later use has a higher one. The commit that holds the
 * tree has no parents, and says in its info which tick the next use is later than.
 */
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import type { CommitRecord } from "../commit/commit.ts";
import { refKey } from "../commit/ref.ts";
import type { Repository } from "../commit/repository.ts";
import { Session } from "../commit/session.ts";
import { CorruptionError } from "../errors.ts";
import { EMPTY_ROOT, edit } from "../tree/edit.ts";
import type { EntryList } from "../tree/entry-list.ts";
import type { Node } from "../tree/node.ts";
import { NodeReader } from "../tree/node-store.ts";
import { scan } from "../tree/scan.ts";
import { blobOf } from "../tree/slot.ts";
import { toUpdates } from "../versioned/updates.ts";
import { newCommit, storeCommit } from "../versioned/write.ts";

/** How often a lost race is tried again: if others store uses all the time, this handle's are stored later. */
const ATTEMPTS = 3;

/** When keys were last used; `undefined`: they were removed since. */
export type Uses = ReadonlyMap<string, number | undefined>;

/** What is stored at one time. */
interface Stored {
  readonly root: Node;
  /** No use that is stored is later. */
  readonly clock: number;
}

const NOTHING: Stored = { root: EMPTY_ROOT, clock: 0 };

/** The stored use of one branch's keys. Nothing is read before it is needed. */
export class StoredUse {
  readonly branch: string;
  readonly #repository: Repository;
  /** The branch whose stored use this one's begins with. */
  readonly #origin: string | undefined;
  #session: Session | undefined;

  constructor(repository: Repository, branch: string, origin?: string) {
    this.branch = branch;
    this.#repository = repository;
    this.#origin = origin;
  }

  /** When which keys were last used, and the time now. What is damaged counts as never used. */
  async read(): Promise<{ readonly ticks: Map<string, number>; readonly clock: number }> {
    const session = await this.#open();
    const { root, clock } = await orElse(() => this.#load(session), NOTHING);
    const ticks = new Map<string, number>();
    const readAll = async (): Promise<void> => {
      for await (const { keys, slots } of scan(this.#repository.nodes, root, {})) {
        keys.forEach((key, i) => void ticks.set(key, tickOf(slots[i])));
      }
    };
    await orElse(readAll, undefined);
    return { ticks, clock };
  }

  /**
   * Adds later uses to what is stored; whether it could: not if others do so all the time. If what is stored is damaged,
   * these take its place.
   *
   * @param uses by a clock that begins where the stored one ends
   * @param ticks how many ticks they span
   */
  async add(uses: Uses, ticks: number): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const session = attempt === 0 && this.#session !== undefined ? this.#session : await this.#open();
      if (await this.#publish(session, uses, ticks)) return true;
    }
    return false;
  }

  async #publish(session: Session, uses: Uses, ticks: number): Promise<boolean> {
    const { nodes } = this.#repository;
    const { root, clock } = await orElse(() => this.#load(session), NOTHING);
    const edits = entriesOf(uses, clock);
    const change = (from: Node): Promise<Node> => edit(new NodeReader(nodes), from, edits);
    const tree = (await orElse(() => change(root), undefined)) ?? (await change(EMPTY_ROOT));
    const made = await newCommit(this.#repository, { root: tree, edits: undefined }, [], [], { clock: clock + ticks });
    await storeCommit(session, made);
    const { hash } = made.commit;
    return session.exists ? (await session.publish(hash)) === "published" : session.create(hash);
  }

  async #open(): Promise<Session> {
    this.#session = await Session.open(this.#repository, this.branch, "usage");
    return this.#session;
  }

  async #load(session: Session): Promise<Stored> {
    const { commits, trees } = this.#repository;
    const commit = session.head === undefined ? await this.#loadOrigin(session) : await commits.load(session.head);
    return commit === undefined ? NOTHING : { root: await trees.root(commit), clock: clockOf(commit) };
  }

  async #loadOrigin(session: Session): Promise<CommitRecord | undefined> {
    const ref = this.#origin === undefined ? undefined : await session.readOther(refKey("usage", this.#origin));
    if (ref === undefined) return undefined;
    const commit = await this.#repository.commits.load(ref.head);
    session.use(commit, ref);
    return commit;
  }
}

/** What work gives, or something else if what it reads is damaged. */
async function orElse<T, U>(work: () => Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CorruptionError) return otherwise;
    throw error;
  }
}

/** Changes for the tree, with ticks that follow `clock`. */
function entriesOf(uses: Uses, clock: number): EntryList {
  const values = new Map<string, Uint8Array | undefined>();
  for (const [key, tick] of uses) values.set(key, tick === undefined ? undefined : encodeTick(clock + tick));
  return toUpdates(values).changes;
}

function encodeTick(tick: number): Uint8Array {
  const bytes = new Uint8Array(varintLength(tick));
  writeVarint(tick, bytes, 0);
  return bytes;
}

function tickOf(slot: Uint8Array | undefined): number {
  if (slot === undefined || blobOf(slot) !== undefined) throw new CorruptionError("A stored time of use is damaged.");
  return new ByteReader(slot, 1).varint();
}

function clockOf({ info, hash }: CommitRecord): number {
  const clock = info?.["clock"];
  if (typeof clock !== "number" || !Number.isSafeInteger(clock) || clock < 0) {
    throw new CorruptionError("The clock of stored uses is damaged.", { at: hash });
  }
  return clock;
}
