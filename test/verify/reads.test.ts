/** What handles do with damaged chunks: throw, or give what is right. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  CommitNotFoundError,
  CorruptionError,
  FormatVersionError,
  type Memory,
  SessionCollectedError,
  Versioned,
} from "vkv";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { FORMS, PlainMemory } from "../support/plain-memory.ts";
import { noise } from "../support/tree.ts";
import { bytes } from "../versioned/helpers.ts";
import { copyOf, HARMS, neededBy, needsOf } from "./stores.ts";

const KEYS = Array.from({ length: 60 }, (_, i) => `k${i}`);

/** Two branches that parted, with values of all kinds. */
async function parted(tailLimit: number): Promise<{ store: Memory; base: string; ours: string; theirs: string }> {
  const store = new PlainMemory(tailLimit);
  const main = await Versioned.open(store);
  await main.snapshot(KEYS.map((key, i): [string, Uint8Array] => [key, noise(i % 10 === 0 ? 700 : 20, i)]));
  await main.snapshot({ pieces: noise(200_000, 1) }, { info: { step: 2 } });
  await main.merge();
  const base = main.currentCommit;
  const side = await main.createBranch("side");
  await main.snapshot({ k5: bytes("ours"), "ours/new": noise(800, 2) }, { removals: ["k40"] });
  await main.merge();
  await side.snapshot({ k6: bytes("theirs"), "theirs/new": noise(800, 3), pieces: noise(200_000, 4) });
  await side.merge();
  return { store, base, ours: main.currentCommit, theirs: side.currentCommit };
}

type Commits = Awaited<ReturnType<typeof parted>>;
type Work = (v: Versioned, commits: Commits) => Promise<unknown>;

/** A value, as short as its hash. */
const plain = (value: Uint8Array | undefined): string | undefined => value && hashOf(value).slice(0, 12);

const WORKS: Readonly<Record<string, Work>> = {
  get: async (v) => {
    const found: unknown[] = [];
    for (const key of [...KEYS, "pieces", "ours/new", "missing"]) found.push(plain(await v.get(key)));
    return found;
  },
  "get of one key": async (v) => plain(await v.get("pieces")),
  getMany: async (v) =>
    [...(await v.getMany([...KEYS, "pieces", "missing"]))].map(([key, value]) => [key, plain(value)]),
  has: async (v) => [await v.has("k1"), await v.has("k59"), await v.has("missing")],
  keys: (v) => v.keys().toArray(),
  entries: async (v) => (await v.entries().toArray()).map(([key, value]) => [key, plain(value)]),
  "entries in reverse": async (v) =>
    (await v.entries({ reverse: true, prefix: "k1" }).toArray()).map(([key, value]) => [key, plain(value)]),
  size: (v) => v.size(),
  diff: (v, { base, theirs }) => v.diff(base, theirs),
  changes: async (v, { ours, theirs }) =>
    (await v.changes(ours, theirs).toArray()).map((change) => [
      change.key,
      change.type,
      plain(change.old),
      plain(change.new),
    ]),
  history: (v) => v.history({ allParents: true }).toArray(),
  infos: async (v) => {
    const infos: unknown[] = [];
    for await (const id of v.history()) infos.push(await v.commitInfo(id));
    return infos;
  },
  "the merge base": (v, { ours, theirs }) => v.mergeBase(ours, theirs),
  checkout: async (v, { theirs }) => {
    const other = await v.checkout(theirs);
    if (other === undefined) return "no such commit";
    return (await other.entries().toArray()).map(([key, value]) => [key, plain(value)]);
  },
  snapshot: (v) => v.snapshot({ k50: bytes("new"), k51: noise(900, 9) }, { removals: ["k52"] }),
  "a merge": async (v) => {
    const { merged, autoMergedKeys, carriedKeys } = await v.mergeFrom("side");
    return [
      merged,
      autoMergedKeys,
      carriedKeys,
      (await v.entries().toArray()).map(([key, value]) => [key, plain(value)]),
    ];
  },
};

/** A commit that is not there may have been collected, and so may what local work builds on, for all that a handle can tell. */
function isDamage(error: unknown): boolean {
  if (error instanceof CommitNotFoundError) return true;
  if (error instanceof SessionCollectedError) return isDamage(error.cause);
  return error instanceof CorruptionError || error instanceof FormatVersionError;
}

const CASES = FORMS.flatMap(([form, limit]) =>
  Object.entries(WORKS).map(([name, work]) => [name, form, limit, work] as const),
);

describe.each(CASES)("%s, where commits store %s", (_, _form, limit, work) => {
  let commits: Commits;
  let expected: unknown;
  let needed: string[];
  beforeAll(async () => {
    commits = await parted(limit);
    needed = neededBy(await needsOf(commits.store));
    expected = await work(await Versioned.open(copyOf(commits.store)), commits);
  });

  it.each(Object.entries(HARMS))(
    "of what needs a chunk that is %s throws, or is right all the same",
    async (_, harm) => {
      const outcomes = { right: 0, thrown: 0 };
      const others = needed.map((key) => commits.store.get(key) ?? bytes(""));
      for (const [i, key] of needed.entries()) {
        const store = copyOf(commits.store);
        const damaged = harm(store.get(key) ?? bytes(""), i * 131, others);
        if (damaged === undefined) store.remove(key);
        else store.set(key, damaged);
        try {
          const found = await work(await Versioned.open(store), commits);
          // A commit that is not there is one that was never made, as far as its id tells.
          const isUnknown = found === "no such commit" && key === chunkKey("commit", commits.theirs as Hash);
          if (!isUnknown) expect(found).toEqual(expected);
          outcomes.right++;
        } catch (error) {
          if (!isDamage(error)) throw error;
          outcomes.thrown++;
        }
      }
      // What another branch alone needs does no harm; the head's commit is needed by all.
      expect(outcomes.right).toBeGreaterThan(0);
      expect(outcomes.thrown).toBeGreaterThan(0);
    },
  );
});
