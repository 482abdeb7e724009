import { describe, expect, it } from "vitest";
import { BranchNotFoundError, ConcurrencyError, Memory, MergeConflict, Versioned } from "vkv";
import { bytes, change, contents, failure, failureOf, publishedContents, text } from "./helpers.ts";
import { type Fate, firstBranchCas, isBranchCas, ScriptedFailure, ScriptedStore } from "./scripted-store.ts";

async function count(tx: Versioned, key = "n"): Promise<number> {
  const next = Number(text(await tx.get(key)) ?? 0) + 1;
  await tx.snapshot({ [key]: bytes(String(next)) });
  return next;
}

describe("transact", () => {
  it("publishes what the work did, returns what it returned, and takes the handle there", async () => {
    const v = await Versioned.open();
    expect(await v.transact(count)).toBe(1);
    expect(await v.transact((tx) => count(tx))).toBe(2);
    expect(text(await v.get("n"))).toBe("2");
    expect(v.baseCommit).toBe(v.currentCommit);
    expect(await v.latestHead()).toBe(v.currentCommit);
    expect(await publishedContents(v.store as Memory)).toEqual({ n: "2" });
  });

  it("counts exactly with 100 tasks at once, on one handle", async () => {
    const v = await Versioned.open(new ScriptedStore(new Memory()));
    const values = await Promise.all(Array.from({ length: 100 }, () => v.transact((tx) => count(tx))));
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    const now = await Versioned.open(v.store);
    expect(text(await now.get("n"))).toBe("100");
    expect(await now.history().toArray()).toHaveLength(101);
  });

  it("counts exactly with 100 tasks on handles of their own, whose steps interleave", async () => {
    const memory = new Memory();
    await Versioned.open(memory);
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const v = await Versioned.open(new ScriptedStore(memory));
        for (let i = 0; i < 10; i++) await v.transact((tx) => count(tx));
      }),
    );
    expect(await publishedContents(memory)).toEqual({ n: "100" });
  });

  it("is serializable: two that each read what the other writes do not both succeed on old values", async () => {
    const memory = new Memory();
    const setUp = await Versioned.open(memory);
    await change(setUp, { a: "1", b: "1" });
    await setUp.merge();
    const takeIfBoth = (key: string) => async (tx: Versioned) => {
      const there = await tx.getMany(["a", "b"]);
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (there.size === 2) await tx.snapshot(null, { removals: [key] });
    };
    const handles = await Promise.all([1, 2].map(() => Versioned.open(new ScriptedStore(memory))));
    await Promise.all(handles.map((v, i) => v.transact(takeIfBoth(i === 0 ? "a" : "b"))));
    expect(Object.keys(await publishedContents(memory))).toHaveLength(1);
  });

  it("refuses what is begun on its handle when it is over, and is lost otherwise", async () => {
    const v = await Versioned.open();
    let late: Versioned | undefined;
    await v.transact(async (tx) => {
      late = tx;
      await tx.snapshot({ a: new Uint8Array([1]) });
    });
    await expect(late?.snapshot({ b: new Uint8Array([1]) })).rejects.toThrow("The transaction of this handle is over");
    await expect(late?.mergeFrom("main")).rejects.toThrow(TypeError);
    expect(await late?.get("a")).toEqual(new Uint8Array([1]));
    await expect(
      v.transact(async (tx) => {
        late = tx;
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await expect(late?.snapshot({ b: new Uint8Array([1]) })).rejects.toThrow(TypeError);
  });

  it("runs at HEAD, not at the handle's commit", async () => {
    const memory = new Memory();
    const [v, other] = await Promise.all([Versioned.open(memory), Versioned.open(memory)]);
    await change(other, { n: "5" });
    await other.merge();
    expect(await v.transact((tx) => count(tx))).toBe(6);
  });

  it("leaves local work of the handle alone", async () => {
    const v = await Versioned.open();
    const mine = await change(v, { mine: "1" });
    await v.transact((tx) => count(tx));
    expect(v.currentCommit).toBe(mine);
    expect(await contents(v)).toEqual({ mine: "1" });
    expect((await v.merge()).strategy).toBe("three_way");
    expect(await contents(v)).toEqual({ mine: "1", n: "1" });
  });

  it("publishes several snapshots of one run together", async () => {
    const v = await Versioned.open();
    await v.transact(async (tx) => {
      await count(tx);
      await count(tx);
      expect(await tx.latestHead()).toBe(v.currentCommit);
    });
    expect(text(await v.get("n"))).toBe("2");
    expect(await v.history().toArray()).toHaveLength(3);
  });

  it("publishes nothing when the work changed nothing, and takes the handle to HEAD", async () => {
    const memory = new Memory();
    const [v, other] = await Promise.all([Versioned.open(memory), Versioned.open(memory)]);
    await change(other, { n: "5" });
    await other.merge();
    expect(await v.transact(async (tx) => text(await tx.get("n")))).toBe("5");
    expect(await v.latestHead()).toBe(other.currentCommit);
    expect(v.currentCommit).toBe(other.currentCommit);
  });

  it("publishes nothing when the work throws, and throws the same", async () => {
    const v = await Versioned.open();
    const at = v.currentCommit;
    const problem = new Error("no");
    const error = await failure(
      v.transact(async (tx) => {
        await count(tx);
        throw problem;
      }),
    );
    expect(error).toBe(problem);
    expect(v.currentCommit).toBe(at);
    expect(await v.latestHead()).toBe(at);
  });

  it("gives the commit its info", async () => {
    const v = await Versioned.open();
    const root = v.currentCommit;
    await v.transact((tx) => count(tx), { info: { by: "me" } });
    expect(await v.commitInfo()).toEqual({ by: "me" });
    expect(await v.parents()).toEqual([root]);
    await v.transact(
      async (tx) => {
        await tx.snapshot({ a: bytes("1") }, { info: { step: 1 } });
        await tx.snapshot({ b: bytes("1") });
      },
      { info: { by: "all" } },
    );
    expect(await v.commitInfo()).toEqual({ by: "all" });
    expect(await contents(v)).toEqual({ n: "1", a: "1", b: "1" });
    const infos = await Promise.all((await v.history().toArray()).map((id) => v.commitInfo(id)));
    expect(infos).toContainEqual({ step: 1 });
  });

  it("may merge other branches, and its conflicts are the caller's", async () => {
    const v = await Versioned.open();
    const other = await v.createBranch("other");
    await change(other, { k: "other" });
    await other.merge();
    await v.transact(async (tx) => {
      await change(tx, { mine: "1" });
      await tx.mergeFrom("other");
    });
    expect(await contents(v)).toEqual({ mine: "1", k: "other" });
    await change(other, { k: "later" });
    await other.merge();
    await failureOf(
      MergeConflict,
      v.transact(async (tx) => {
        await change(tx, { k: "mine" });
        await tx.mergeFrom("other");
      }),
    );
    expect(text(await v.get("k"))).toBe("other");
  });

  it("refuses what publishes by itself inside the work", async () => {
    const v = await Versioned.open();
    await v.transact(async (tx) => {
      await failureOf(TypeError, tx.merge());
      await failureOf(TypeError, tx.reset());
      await failureOf(TypeError, tx.resetTo(tx.currentCommit));
      await failureOf(
        TypeError,
        tx.transact(async () => 1),
      );
    });
  });

  it("gives up after its retries, with nothing published", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await Versioned.open(store);
    let runs = 0;
    store.script = (call) => (isBranchCas(call) ? "refuse" : "pass");
    const work = (tx: Versioned): Promise<number> => {
      runs++;
      return count(tx);
    };
    const error = await failureOf(ConcurrencyError, v.transact(work, { retries: 3 }));
    expect(error).toMatchObject({ outcome: "lost", attempts: 4, ref: "main" });
    expect(runs).toBe(4);
    expect(await publishedContents(memory)).toEqual({});
  });

  it("never takes another writer's equal commit for its own", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await Versioned.open(store);
    let isFirst = true;
    store.script = async (call): Promise<Fate> => {
      if (isFirst && isBranchCas(call)) {
        isFirst = false;
        // The other one counts from 0 to 1 as well: the very same commit.
        await (await Versioned.open(memory)).transact((tx) => count(tx));
      }
      return "pass";
    };
    expect(await v.transact((tx) => count(tx))).toBe(2);
    expect(await publishedContents(memory)).toEqual({ n: "2" });
  });

  it("knows its own write when the answer is lost", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await Versioned.open(store);
    store.script = firstBranchCas("fail after");
    let runs = 0;
    await v.transact((tx) => {
      runs++;
      return count(tx);
    });
    expect(runs).toBe(1);
    expect(await publishedContents(memory)).toEqual({ n: "1" });
  });

  it("fails with the store's error when the write did not land, and counts once when it is called again", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await Versioned.open(store);
    store.script = firstBranchCas("fail before");
    expect(await failure(v.transact((tx) => count(tx)))).toBeInstanceOf(ScriptedFailure);
    expect(await publishedContents(memory)).toEqual({});
    await v.transact((tx) => count(tx));
    expect(await publishedContents(memory)).toEqual({ n: "1" });
  });

  it("says that the outcome is unknown when the answer is lost and another writer went on", async () => {
    const memory = new Memory();
    const store = new ScriptedStore(memory);
    const v = await Versioned.open(store);
    let isFirst = true;
    store.script = (call) => {
      if (!isFirst || !isBranchCas(call)) return "pass";
      isFirst = false;
      const get = store.get.bind(store);
      store.get = async (key) => {
        if (key === "b/main") {
          store.get = get;
          await (await Versioned.open(memory)).transact((tx) => count(tx));
        }
        return get(key);
      };
      return "fail after";
    };
    const error = await failureOf(
      ConcurrencyError,
      v.transact((tx) => count(tx)),
    );
    expect(error).toMatchObject({ outcome: "unknown", ref: "main", attempts: 1 });
    expect(await publishedContents(memory)).toEqual({ n: "2" });
  });

  it("says that the outcome is unknown when the store does not answer any more", async () => {
    for (const fate of ["fail before", "fail after"] as const) {
      const store = new ScriptedStore(new Memory());
      const v = await Versioned.open(store);
      let isDown = false;
      store.script = (call) => {
        if (isDown) return "fail before";
        isDown = isBranchCas(call);
        return isDown ? fate : "pass";
      };
      const error = await failureOf(
        ConcurrencyError,
        v.transact((tx) => count(tx)),
      );
      expect(error.outcome).toBe("unknown");
      expect(error.cause).toBeInstanceOf(ScriptedFailure);
    }
  });

  it("is stopped by a signal: before it begins, and between its steps", async () => {
    const v = await Versioned.open();
    const reason = new Error("enough");
    let runs = 0;
    const work = async (tx: Versioned): Promise<void> => {
      runs++;
      await count(tx);
    };
    expect(await failure(v.transact(work, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(runs).toBe(0);
    const controller = new AbortController();
    const stopped = v.transact(
      async (tx) => {
        await work(tx);
        controller.abort(reason);
      },
      { signal: controller.signal },
    );
    expect(await failure(stopped)).toBe(reason);
    expect(runs).toBe(1);
    expect(await contents(await Versioned.open(v.store))).toEqual({});
  });

  it("is stopped by a signal while it waits to try again", async () => {
    const store = new ScriptedStore(new Memory());
    const v = await Versioned.open(store);
    store.script = (call) => (isBranchCas(call) ? "refuse" : "pass");
    const controller = new AbortController();
    let runs = 0;
    const work = async (tx: Versioned): Promise<void> => {
      if (++runs === 6) setTimeout(() => controller.abort(), 1);
      await count(tx);
    };
    const error = await failure(v.transact(work, { signal: controller.signal, retries: 100_000 }));
    expect(error).toMatchObject({ name: "AbortError" });
  });

  it("checks its options, and that the branch is there", async () => {
    const v = await Versioned.open();
    await failureOf(
      RangeError,
      v.transact(async () => 1, { retries: -1 }),
    );
    await failureOf(
      TypeError,
      v.transact(async () => 1, { info: [] as never }),
    );
    await v.deleteBranch("main");
    await failureOf(
      BranchNotFoundError,
      v.transact(async () => 1),
    );
  });
});
