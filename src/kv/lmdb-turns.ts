/**
 * All writes of one turn of the event loop in one LMDB transaction, and so in one fsync, however many callers there are.
 *
 * What was measured of lmdb 3.5 and led here (`test/kv/disk-fsync.test.ts` counts it again): whatever the call, and
 * with or without `overlappingSync`, a transaction costs one `fdatasync` and one synchronous write of a meta page before
 * it is acknowledged. None can be committed without, and stay safe in a power failure. So chunks and the ref that leads
 * to them must share a transaction to share an fsync: writes that may be early run at once in a transaction that is held
 * open, the others at the end of the turn, in the same one.
 */
import { StorageError } from "../errors.ts";
import type { Awaitable } from "./store.ts";

/** The part of an lmdb database that is used here and by `Disk`, with binary keys and values. */
export interface LmdbDatabase {
  /** The value, in a buffer that the next read overwrites. */
  getBinaryFast(key: Uint8Array): Uint8Array | undefined;
  putSync(key: Uint8Array, value: Uint8Array, options?: { noOverwrite: boolean }): boolean;
  removeSync(key: Uint8Array): boolean;
  clearSync(): void;
  getKeys(range: { start: Uint8Array; end?: Uint8Array; limit: number }): Iterable<Uint8Array>;
  /** Commits when the promise that `work` returns resolves, aborts when it rejects. */
  transactionSync<T>(work: () => T): T;
  getWriteTxnId(): number;
  resetReadTxn(): void;
  close(): Promise<void>;
}

/**
 * A transaction stays open for early writes no longer than this, since other processes wait for it. So long only while
 * a bulk load keeps the thread busy, which is best done in one transaction: each further one leaves a free copy of nearly
 * every page, whose list then slows hundreds of commits.
 */
const MAX_HOLD_MS = 500;

/** … and holds no more than this many bytes in memory. */
const MAX_HOLD_BYTES = 64 * 2 ** 20;

/** How often a transaction is begun again. */
const BEGIN_ATTEMPTS = 100;

/** A write that waits for the end of the turn. */
interface Waiting {
  run(): void;
  resolve(): void;
  reject(cause: unknown): void;
}

/** A transaction that is held open. */
interface Held {
  readonly since: number;
  bytes: number;
  /** Whether someone was told of an early write in it. */
  acknowledged: boolean;
  /** Commits it, or aborts it for the reason of `failure`. */
  end(failure?: { cause: unknown }): void;
  /** Resolves when it is committed, rejects when it is not. */
  readonly committed: Promise<void>;
}

/** The writes to one LMDB database by one thread. */
export class LmdbTurns {
  readonly #db: LmdbDatabase;
  readonly #isNext: (transaction: number) => boolean;
  readonly #atEndOfTurn: (work: () => void) => void;
  #waiting: Waiting[] = [];
  #held: Held | undefined;
  #scheduled = false;
  /** Why early writes that were acknowledged were not committed. */
  #lost: { cause: unknown } | undefined;

  /**
   * @param isNext whether a transaction that was begun follows the last one; otherwise it is begun again
   * @param atEndOfTurn is `setImmediate`
   */
  constructor(db: LmdbDatabase, isNext: (transaction: number) => boolean, atEndOfTurn: (work: () => void) => void) {
    this.#db = db;
    this.#isNext = isNext;
    this.#atEndOfTurn = atEndOfTurn;
  }

  /** Runs `read` on what is committed in any process, and on the early writes of this turn. */
  read<T>(read: () => T): T {
    if (this.#held === undefined) this.#db.resetReadTxn();
    return read();
  }

  /**
   * Runs `read` on the latest state for certain. What `read` sees may be a few transactions old for the moment in which
   * another process opens the environment; this waits for a transaction, which is compared with the last one.
   */
  readLatest<T>(read: () => T): T {
    return this.#held === undefined ? this.transact(read) : read();
  }

  /** Runs `write` in a transaction at the end of this turn; resolves to what it returned when that is durable. */
  late<T>(write: () => T): Promise<T> {
    this.#checkNothingLost();
    return new Promise((resolve, reject) => {
      let result: { value: T } | undefined;
      this.#waiting.push({
        run: () => {
          result = { value: write() };
        },
        resolve: () => {
          if (result !== undefined) resolve(result.value);
        },
        reject,
      });
      this.#schedule();
    });
  }

  /**
   * Runs `write` at once, in the transaction of this turn: readers in this thread see it at once, others and the disk at
   * the end of the turn. `late` writes that follow are not acknowledged before it is durable. If it cannot be committed
   * after all, no later write is accepted. `bytes`: how much it writes.
   */
  early<T>(write: () => T, bytes: number): Awaitable<T> {
    this.#checkNothingLost();
    const held = this.#held ?? this.#hold();
    let value: T;
    try {
      value = write();
    } catch (cause) {
      // LMDB lets no transaction go on after an error.
      this.#fail(held, cause);
      throw cause;
    }
    held.bytes += bytes;
    if (held.bytes < MAX_HOLD_BYTES && performance.now() - held.since < MAX_HOLD_MS) {
      held.acknowledged = true;
      return value;
    }
    this.#endTurn();
    return held.committed.then(() => value);
  }

  /** Ends the turn; resolves when all that was written is committed, or failed. */
  async drain(): Promise<void> {
    const held = this.#held;
    this.#endTurn();
    await held?.committed.catch(() => undefined);
  }

  #checkNothingLost(): void {
    if (this.#lost === undefined) return;
    const message = "Writes that were acknowledged could not be committed. Close the store and open it again.";
    throw new StorageError(message, this.#lost);
  }

  /** Aborts `held`. */
  #fail(held: Held, cause: unknown): void {
    if (held.acknowledged) this.#lost = { cause };
    held.end({ cause });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#atEndOfTurn(() => {
      this.#scheduled = false;
      this.#endTurn();
    });
  }

  #endTurn(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const held = this.#held;
    if (held !== undefined) {
      held.committed.then(
        () => settle(waiting),
        (cause: unknown) => settle(waiting, { cause }),
      );
      try {
        for (const write of waiting) write.run();
        held.end();
      } catch (cause) {
        this.#fail(held, cause);
      }
    } else if (waiting.length > 0) {
      try {
        this.#checkNothingLost();
        this.transact(() => {
          for (const write of waiting) write.run();
        });
        settle(waiting);
      } catch (cause) {
        settle(waiting, { cause });
      }
    }
  }

  #hold(): Held {
    let commit = (): void => {};
    let abort = (_cause: unknown): void => {};
    const ended = new Promise<void>((resolve, reject) => {
      commit = resolve;
      abort = reject;
    });
    // Before lmdb's own reaction, which commits: whoever writes after this one needs another transaction.
    const release = (): void => {
      this.#held = undefined;
    };
    ended.then(release, release);
    const committed = this.transact(() => ended);
    const end = (failure?: { cause: unknown }): void => (failure === undefined ? commit() : abort(failure.cause));
    const held: Held = { since: performance.now(), bytes: 0, acknowledged: false, end, committed };
    committed.catch((cause: unknown) => {
      if (held.acknowledged) this.#lost = { cause };
    });
    this.#held = held;
    this.#schedule();
    return held;
  }

  /** Runs `work` in a transaction of its own that follows the last one; none may be open. */
  transact<T>(work: () => T): T {
    for (let attempt = 0; attempt < BEGIN_ATTEMPTS; attempt++) {
      let isNext = true;
      try {
        return this.#db.transactionSync(() => {
          isNext = this.#isNext(this.#begun());
          if (!isNext) throw new StorageError("LMDB began with an older transaction.");
          return work();
        });
      } catch (cause) {
        if (isNext) throw cause;
      }
    }
    throw new StorageError(`LMDB began with an older transaction, ${BEGIN_ATTEMPTS} times.`);
  }

  /** The number of the transaction. lmdb does not say so when it could not begin one, after a failed write of a meta page for one. */
  #begun(): number {
    const transaction = this.#db.getWriteTxnId();
    if (transaction === 0) throw new StorageError("LMDB cannot begin a transaction.");
    return transaction;
  }
}

function settle(waiting: readonly Waiting[], failure?: { cause: unknown }): void {
  for (const write of waiting) {
    if (failure === undefined) write.resolve();
    else write.reject(failure.cause);
  }
}
