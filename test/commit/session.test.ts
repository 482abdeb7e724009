import { beforeEach, describe, expect, it } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { decodeChunk } from "../../src/chunk/codec.ts";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import type { CommitRecord } from "../../src/commit/commit.ts";
import { beginEpoch, EPOCH_KEY, raiseRefs, readEpoch } from "../../src/commit/epoch.ts";
import { asRef, decodeRef, encodeRef, encodeReservation, type Ref, readRef, refKey } from "../../src/commit/ref.ts";
import { Repository } from "../../src/commit/repository.ts";
import { Session } from "../../src/commit/session.ts";
import { BranchNotFoundError, ConcurrencyError, SessionCollectedError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import type { KVStore } from "../../src/kv/store.ts";
import { EMPTY_ROOT, edit } from "../../src/tree/edit.ts";
import { NodeReader } from "../../src/tree/node-store.ts";
import { toUpdates } from "../../src/versioned/updates.ts";
import { type NewCommit, newCommit, rootCommit, storeCommit } from "../../src/versioned/write.ts";
import { ViewOf } from "../support/counting-store.ts";
import { Interrupted } from "../support/interrupted-store.ts";
import { noise } from "../support/tree.ts";

const MAIN = refKey("branch", "main");

let store: Interrupted;
let root: CommitRecord;

beforeEach(async () => {
  store = new Interrupted();
  const session = await Session.open(Repository.of(store), "main");
  const made = await rootCommit(session.repository);
  await session.put(made.chunks);
  await session.create(made.commit.hash);
  root = made.commit;
});

/** A session on `main` of another process. */
async function another(branch = "main", below: KVStore = store): Promise<Session> {
  return Session.open(Repository.of(new ViewOf(below)), branch);
}

/** A commit with one key, put by a session. */
async function commitOn(session: Session, parent: CommitRecord, key: string, value = utf8(key)): Promise<NewCommit> {
  const { nodes } = session.repository;
  const { changes, chunks } = toUpdates(new Map([[key, value]]));
  const tree = { root: await edit(new NodeReader(nodes), EMPTY_ROOT, changes), edits: undefined };
  const made = await newCommit(session.repository, tree, chunks, [parent], undefined);
  await storeCommit(session, made);
  return made;
}

async function headOf(branch = "main"): Promise<Hash | undefined> {
  return (await readRef(store, refKey("branch", branch)))?.head;
}

/** The epochs of the chunks of a commit. */
function epochsOf(made: NewCommit): number[] {
  return made.chunks.map(
    ({ kind, hash }) => decodeChunk(store.memory.get(chunkKey(kind, hash)) ?? new Uint8Array(0)).epoch,
  );
}

async function collectorBegins(): Promise<number> {
  const epoch = await beginEpoch(store);
  await raiseRefs(store, epoch);
  return epoch;
}

/** Another writer publishes a commit on top of HEAD. */
async function otherPublishes(key: string): Promise<CommitRecord> {
  const other = await another();
  const parent = await other.repository.commits.load(other.head ?? root.hash);
  const { commit } = await commitOn(other, parent, key);
  expect(await other.publish(commit.hash)).toBe("published");
  return commit;
}

const fails = (): never => {
  throw new Error("connection lost");
};

describe("publishing", () => {
  it("moves the ref as it was read, and keeps its epoch", async () => {
    const session = await another();
    await collectorBegins();
    await session.refetch();
    const { commit } = await commitOn(session, root, "a");
    expect(await session.publish(commit.hash)).toBe("published");
    expect(asRef(decodeRef(MAIN, store.get(MAIN) ?? utf8("")))).toMatchObject({ head: commit.hash, epoch: 1 });
    expect(session.head).toBe(commit.hash);
  });

  it("is lost to any other write of the ref, also one of the same head", async () => {
    const session = await another();
    const { commit } = await commitOn(session, root, "a");
    store.set(MAIN, encodeRef(root.hash, 0));
    expect(await session.publish(commit.hash)).toBe("lost");
    expect(await headOf()).toBe(root.hash);
    await session.refetch();
    expect(await session.publish(commit.hash)).toBe("published");
  });

  it("is lost when the branch is gone, and then there is nothing to publish to", async () => {
    const session = await another();
    const { commit } = await commitOn(session, root, "a");
    store.remove(MAIN);
    expect(await session.publish(commit.hash)).toBe("lost");
    expect(await session.refetch()).toBeUndefined();
    await expect(session.publish(commit.hash)).rejects.toThrow(BranchNotFoundError);
  });

  it("that landed without an answer is found out", async () => {
    const session = await another();
    const { commit } = await commitOn(session, root, "a");
    store.after("cas", fails);
    expect(await session.publish(commit.hash)).toBe("published");
    expect(await headOf()).toBe(commit.hash);
    expect(session.head).toBe(commit.hash);
  });

  it("that failed can never land later, and says so by the store's own error", async () => {
    const session = await another();
    const { commit } = await commitOn(session, root, "a");
    const before = store.get(MAIN);
    store.before("cas", fails);
    await expect(session.publish(commit.hash)).rejects.toThrow("connection lost");
    // The request that was lost on the way arrives after all.
    expect(store.cas(MAIN, encodeRef(commit.hash, 0), before)).toBe(false);
    expect(await headOf()).toBe(root.hash);
    expect(await session.publish(commit.hash)).toBe("published");
  });

  it("that failed while another writer published is lost", async () => {
    const session = await another();
    const { commit } = await commitOn(session, root, "a");
    const other = await another();
    const { commit: theirs } = await commitOn(other, root, "b");
    store.before("cas", () => {
      store.set(MAIN, encodeRef(theirs.hash, 0));
      fails();
    });
    expect(await session.publish(commit.hash)).toBe("lost");
    expect(await headOf()).toBe(theirs.hash);
  });

  it("that landed without an answer, and was built upon since, is unknown: another one may have made the same commit", async () => {
    const session = await another();
    const { commit } = await commitOn(session, root, "a");
    const other = await another();
    const { commit: theirs } = await commitOn(other, commit, "b");
    store.after("cas", () => {
      store.set(MAIN, encodeRef(theirs.hash, 0));
      fails();
    });
    expect(await session.publish(commit.hash)).toBe("unknown");
  });

  it("whose store keeps failing is a ConcurrencyError of unknown outcome", async () => {
    const session = await another();
    const { commit } = await commitOn(session, root, "a");
    store.after("cas", fails);
    store.before("get", fails);
    const error = await session.publish(commit.hash).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConcurrencyError);
    expect(error).toMatchObject({ outcome: "unknown", ref: "main", cause: new Error("connection lost") });
  });
});

describe("after a collection began", () => {
  it("a publication is lost, and what was put is raised before the next one", async () => {
    const session = await another();
    const made = await commitOn(session, root, "a", noise(700, 1));
    expect(epochsOf(made)).toEqual([0, 0, 0]);
    expect(await collectorBegins()).toBe(1);
    expect(await session.publish(made.commit.hash)).toBe("lost");
    await session.refetch();
    expect(epochsOf(made)).toEqual([1, 1, 1]);
    expect(await session.publish(made.commit.hash)).toBe("published");
  });

  it("nodes and commits that were collected are put again from memory; values that were are lost", async () => {
    const session = await another();
    const small = await commitOn(session, root, "a");
    await collectorBegins();
    for (const { kind, hash } of small.chunks) store.remove(chunkKey(kind, hash));
    await session.refetch();
    expect(epochsOf(small)).toEqual([1, 1]);
    expect(await session.publish(small.commit.hash)).toBe("published");

    const large = await commitOn(session, small.commit, "b", noise(700, 1));
    await collectorBegins();
    for (const { kind, hash } of large.chunks) store.remove(chunkKey(kind, hash));
    expect(await session.publish(large.commit.hash)).toBe("lost");
    await expect(session.refetch()).rejects.toThrow(SessionCollectedError);
    expect(await headOf()).toBe(small.commit.hash);
    // A new start is possible.
    expect((await session.restart())?.hash).toBe(small.commit.hash);
    const next = await commitOn(session, small.commit, "c");
    expect(epochsOf(next)).toEqual([2, 2]);
    expect(await session.publish(next.commit.hash)).toBe("published");
  });

  it("a commit of another branch of a lower epoch is built upon only after all refs were raised", async () => {
    const other = await another("other");
    const { commit } = await commitOn(other, root, "o");
    await other.create(commit.hash);
    // A collector died after it raised `main` only.
    await beginEpoch(store);
    store.set(MAIN, encodeRef(root.hash, 1));
    const session = await another();
    const ref = await session.readOther(refKey("branch", "other"));
    expect(ref).toMatchObject({ head: commit.hash, epoch: 2 });
    expect((await readRef(store, MAIN))?.epoch).toBe(2);
  });

  it("a commit that no ref holds is raised whole before it is published", async () => {
    const other = await another();
    const made = await commitOn(other, root, "elsewhere", noise(700, 2));
    await collectorBegins();
    const session = await another();
    session.use(await session.repository.commits.load(made.commit.hash));
    expect(epochsOf(made)).toEqual([0, 0, 0]);
    expect(await session.publish(made.commit.hash)).toBe("published");
    expect(epochsOf(made)).toEqual([1, 1, 1]);
  });

  it("a commit that no ref holds and that was collected is not published", async () => {
    const other = await another();
    const made = await commitOn(other, root, "elsewhere", noise(700, 2));
    const session = await another();
    session.use(await session.repository.commits.load(made.commit.hash));
    await collectorBegins();
    for (const { kind, hash } of made.chunks.slice(0, 1)) store.remove(chunkKey(kind, hash));
    await session.refetch();
    await expect(session.publish(made.commit.hash)).rejects.toThrow(SessionCollectedError);
    expect(await headOf()).toBe(root.hash);
  });

  it("a commit below HEAD, or below another ref, needs no raising", async () => {
    const first = await otherPublishes("1");
    await otherPublishes("2");
    const side = await another("side");
    const made = await commitOn(side, root, "s");
    await side.create(made.commit.hash);
    await collectorBegins();
    const session = await another();
    for (const commit of [first, made.commit]) {
      session.use(commit);
      expect(await session.publish(commit.hash)).toBe("published");
    }
    expect(epochsOf(made)).toEqual([0, 0]);
  });
});

describe("creating a ref", () => {
  const KEY = refKey("branch", "new");

  it("takes a reservation, a look at the epoch, and a fill", async () => {
    const session = await another("new");
    session.use(root);
    const seen: string[] = [];
    store.after("cas", () =>
      seen.push(asRef(decodeRef(KEY, store.memory.get(KEY) ?? utf8(""))) === undefined ? "reserved" : "filled"),
    );
    store.after("cas", () =>
      seen.push(asRef(decodeRef(KEY, store.memory.get(KEY) ?? utf8(""))) === undefined ? "reserved" : "filled"),
    );
    expect(await session.create(root.hash)).toBe(true);
    expect(seen).toEqual(["reserved", "filled"]);
    expect(await headOf("new")).toBe(root.hash);
  });

  it("that is there changes nothing", async () => {
    const session = await another();
    const before = store.get(MAIN);
    expect(await session.create(root.hash)).toBe(false);
    expect(store.get(MAIN)).toEqual(before);
  });

  it("takes over the reservation of a creator that died, and shuts that one out should it live", async () => {
    const reservation = encodeReservation();
    store.set(KEY, reservation);
    const session = await another("new");
    session.use(root);
    expect(await session.create(root.hash)).toBe(true);
    expect(store.cas(KEY, encodeRef(root.hash, 0), reservation)).toBe(false);
    expect(await headOf("new")).toBe(root.hash);
  });

  it("leaves a reservation time to be filled", async () => {
    const reservation = encodeReservation();
    store.set(KEY, reservation);
    const session = await another("new");
    session.use(root);
    setTimeout(() => store.cas(KEY, encodeRef(root.hash, 0), reservation), 10);
    expect(await session.create(root.hash)).toBe(false);
  });

  it("of several creators at once succeeds for one", async () => {
    const sessions = await Promise.all(Array.from({ length: 8 }, () => another("new")));
    for (const session of sessions) session.use(root);
    const created = await Promise.all(sessions.map((session) => session.create(root.hash)));
    expect(created.filter((is) => is)).toHaveLength(1);
  });

  it("begins again when a collection begins in between, and leaves no reservation of the old epoch", async () => {
    const session = await another("new");
    const made = await commitOn(session, root, "n");
    const other = new Memory();
    expect(await beginEpoch(other)).toBe(1);
    let raised: Promise<unknown> | undefined;
    // After the reservation, before the look at the epoch.
    store.after("cas", () => {
      store.set(EPOCH_KEY, other.get(EPOCH_KEY) ?? utf8(""));
      raised = raiseRefs(store, 1);
    });
    expect(await session.create(made.commit.hash)).toBe(true);
    await raised;
    const epoch = await readEpoch(store);
    expect(await readRef(store, KEY)).toMatchObject({ head: made.commit.hash, epoch });
    expect(epoch).toBeGreaterThan(0);
    expect(epochsOf(made)).toEqual([epoch, epoch]);
  });

  it("begins again when a collector removes its reservation", async () => {
    const session = await another("new");
    const made = await commitOn(session, root, "n");
    // The collector comes between the look at the epoch and the fill, as if it had begun before.
    store.after("get", () => store.remove(KEY));
    expect(await session.create(made.commit.hash)).toBe(true);
    expect(await headOf("new")).toBe(made.commit.hash);
  });

  it("that landed without an answer is found out", async () => {
    const session = await another("new");
    session.use(root);
    store.after("cas", () => undefined, fails);
    expect(await session.create(root.hash)).toBe(true);
    expect(session.head).toBe(root.hash);
  });

  it("of a tag keeps its info", async () => {
    const session = await another();
    const key = refKey("tag", "v1");
    const made = await session.createRef(key, root.hash, { release: 1 });
    const expected: Partial<Ref> = { head: root.hash, epoch: 0, info: { release: 1 } };
    expect(made).toMatchObject(expected);
    expect(await readRef(store, key)).toMatchObject(expected);
    expect(await session.createRef(key, root.hash)).toBeUndefined();
  });
});
