import { describe, expect, it } from "vitest";
import { StorageError } from "../../src/errors.ts";
import { type LmdbDatabase, LmdbTurns } from "../../src/kv/lmdb-turns.ts";

/** As much of lmdb as the turns need: transactions that can be told to fail, and a log of what happens. */
class Fake implements LmdbDatabase {
  readonly log: string[] = [];
  begins = true;
  commits = true;

  transactionSync<T>(work: () => T): T {
    this.log.push("begin");
    try {
      const result = work();
      if (!(result instanceof Promise)) {
        this.#commit();
        return result;
      }
      // As lmdb does it: a reaction to the very promise that it was given.
      const committed = result.then(
        () => this.#commit(),
        (error: unknown) => {
          this.log.push("abort");
          throw error;
        },
      );
      return committed as T;
    } catch (error) {
      this.log.push("abort");
      throw error;
    }
  }

  #commit(): void {
    if (!this.commits) throw new Error("No commit.");
    this.log.push("commit");
  }

  getWriteTxnId(): number {
    return this.begins ? 1 : 0;
  }
  resetReadTxn(): void {
    this.log.push("reset");
  }
  getBinaryFast(): undefined {
    return undefined;
  }
  putSync(): boolean {
    return true;
  }
  removeSync(): boolean {
    return true;
  }
  clearSync(): void {}
  getKeys(): Uint8Array[] {
    return [];
  }
  async close(): Promise<void> {}
}

function create(): { db: Fake; turns: LmdbTurns } {
  const db = new Fake();
  return { db, turns: new LmdbTurns(db, () => true, setImmediate) };
}

const fail = (): never => {
  throw new Error("No write.");
};

describe("LmdbTurns", () => {
  it("puts all writes of a turn into one transaction, the early ones first", async () => {
    const { db, turns } = create();
    const late = turns.late(() => db.log.push("late"));
    const early = turns.early(() => db.log.push("early"), 1);
    turns.read(() => db.log.push("read"));
    await Promise.all([late, early, turns.late(() => db.log.push("late"))]);
    expect(db.log).toEqual(["begin", "early", "read", "late", "late", "commit"]);
    turns.read(() => db.log.push("read"));
    await turns.late(() => db.log.push("late"));
    expect(db.log.slice(6)).toEqual(["reset", "read", "begin", "late", "commit"]);
  });

  it("fails all late writes of a turn when one fails, and goes on", async () => {
    const { db, turns } = create();
    const writes = await Promise.allSettled([turns.late(() => 1), turns.late(fail), turns.late(() => 2)]);
    expect(writes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await turns.late(() => 3)).toBe(3);
    expect(db.log).toEqual(["begin", "abort", "begin", "commit"]);
  });

  it("goes on when an early write fails before one was acknowledged", async () => {
    const { db, turns } = create();
    expect(() => turns.early(fail, 1)).toThrow("No write.");
    expect(await turns.late(() => 1)).toBe(1);
    expect(db.log).toEqual(["begin", "abort", "begin", "commit"]);
  });

  it("accepts no write after it lost one that was acknowledged", async () => {
    const losses: ((turns: LmdbTurns, db: Fake) => Promise<unknown>)[] = [
      // Another early write fails, which aborts the transaction.
      async (turns) => {
        const late = turns.late(() => 1);
        expect(() => turns.early(fail, 1)).toThrow("No write.");
        return late;
      },
      // A late write fails.
      async (turns) => turns.late(fail),
      // The commit fails.
      async (turns, db) => {
        db.commits = false;
        return turns.late(() => 1);
      },
      async (turns, db) => {
        db.commits = false;
        await turns.drain();
        db.commits = true;
        return turns.late(() => 1);
      },
    ];
    for (const lose of losses) {
      const { db, turns } = create();
      expect(turns.early(() => "acknowledged", 1)).toBe("acknowledged");
      await expect(lose(turns, db)).rejects.toThrow();
      db.commits = true;
      expect(() => turns.late(() => 1)).toThrow(StorageError);
      expect(() => turns.early(() => 1, 1)).toThrow(StorageError);
      expect(db.log).not.toContain("commit");
    }
  });

  it("notices that no transaction could be begun", async () => {
    const { db, turns } = create();
    db.begins = false;
    await expect(turns.late(() => 1)).rejects.toThrow("cannot begin");
    expect(() => turns.early(() => 1, 1)).toThrow("cannot begin");
    db.begins = true;
    expect(turns.early(() => 1, 1)).toBe(1);
    await turns.drain();
    expect(db.log.at(-1)).toBe("commit");
  });

  it("commits early writes that nobody waits for, at the end of the turn", async () => {
    const { db, turns } = create();
    await turns.early(() => 1, 1);
    expect(db.log).toEqual(["begin"]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(db.log).toEqual(["begin", "commit"]);
  });
});
