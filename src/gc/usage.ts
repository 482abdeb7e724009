import type { Repository } from "../commit/repository.ts";
import { CorruptionError } from "../errors.ts";
import { isKept } from "./choose.ts";
import { RecentUse } from "./recent-use.ts";
import { StoredUse } from "./stored-use.ts";

/** The store failed when it was asked which keys were used. */
export class UsageFailure extends Error {}

/** When the keys of a branch were last used: what is stored of it, and what this process did since. */
export class Usage {
  readonly branch: string;
  readonly #repository: Repository;
  readonly #recent: RecentUse;
  readonly #stored: StoredUse;
  /** What is to be removed from what is stored; a drop finds what is missed here. */
  #removed: Set<string> = new Set();
  #saving: Promise<void> = Promise.resolve();

  constructor(repository: Repository, branch: string, from?: Usage) {
    this.branch = branch;
    this.#repository = repository;
    this.#recent = from === undefined ? new RecentUse() : from.#recent.copy();
    this.#stored = new StoredUse(repository, branch, from?.branch);
  }

  /** The usage of another branch, which begins as this one's. */
  fork(branch: string): Usage {
    return new Usage(this.#repository, branch, this);
  }

  /** Notes that a key was used. */
  note(key: string): void {
    this.#recent.note(key);
  }

  /** Notes that keys were used at the same time. */
  noteAll(keys: Iterable<string>): void {
    this.#recent.noteAll(keys);
  }

  /** Notes that keys were removed. */
  forget(keys: Iterable<string>): void {
    for (const key of keys) {
      this.#recent.forget(key);
      this.#removed.add(key);
    }
  }

  /** Reads when keys were last used. Throws `UsageFailure` if the store fails. */
  async read(): Promise<LastUses> {
    try {
      const { ticks, clock } = await this.#stored.read();
      return new LastUses(this.#recent, ticks, clock);
    } catch (cause) {
      if (cause instanceof CorruptionError) return new LastUses(this.#recent, new Map(), 0);
      throw new UsageFailure("The store failed when it was asked which keys were used.", { cause });
    }
  }

  /**
   * Stores what was used since it was last stored. That is advice for later: where the store fails or others get in between,
   * nothing is thrown, and it is tried again with what is used next.
   */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save()).catch(() => undefined);
    return this.#saving;
  }

  async #save(): Promise<void> {
    const { now } = this.#recent;
    const changes = new Map<string, number | undefined>();
    for (const key of this.#removed) if (!isKept(key)) changes.set(key, undefined);
    this.#removed = new Set();
    for (const [key, lastUse] of this.#recent.entries()) if (!isKept(key)) changes.set(key, lastUse);
    if (changes.size > 0 && (await this.#stored.add(changes, now))) this.#recent.startAt(now);
  }
}

/** When keys were last used, at one time. */
export class LastUses {
  readonly #recent: RecentUse;
  readonly #stored: Map<string, number>;
  readonly #clock: number;

  constructor(recent: RecentUse, stored: Map<string, number>, clock: number) {
    this.#recent = recent;
    this.#stored = stored;
    this.#clock = clock;
  }

  /** When a key was last used, which is asked once: the higher, the later; 0: never. */
  take(key: string): number {
    const recent = this.#recent.lastUse(key);
    const stored = this.#stored.get(key) ?? 0;
    this.#stored.delete(key);
    return recent === undefined ? stored : this.#clock + recent;
  }

  /** The keys with a stored use that were not asked for. */
  rest(): Iterable<string> {
    return this.#stored.keys();
  }
}
