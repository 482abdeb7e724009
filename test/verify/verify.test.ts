import { describe, expect, it } from "vitest";
import { collectGarbage, Memory, type Problem, Tiered, Versioned, verify } from "vkv";
import { decodeChunk } from "../../src/chunk/codec.ts";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { encodeReservation } from "../../src/commit/ref.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { noise } from "../support/tree.ts";
import { bytes, change, failure } from "../versioned/helpers.ts";
import { ScriptedFailure, ScriptedStore } from "../versioned/scripted-store.ts";
import { copyOf, HARMS, needsOf, randomStore, sameStores } from "./stores.ts";

const SOUND = { ok: true, problems: [], omitted: 0 };

/** A store with `n` keys and whatever else. */
async function storeOf(n: number, more: Record<string, Uint8Array> = {}): Promise<{ store: Memory; v: Versioned }> {
  const store = new PlainMemory();
  const v = await Versioned.open(store);
  await v.snapshot({ ...Object.fromEntries(Array.from({ length: n }, (_, i) => [keyOf(i), bytes(`v${i}`)])), ...more });
  await v.merge();
  return { store, v };
}

const keyOf = (i: number): string => `k${String(i).padStart(4, "0")}`;

const newChunks = (before: Memory, after: Memory): string[] =>
  [...after.memory.keys()].filter((key) => key.startsWith("n/") && !before.memory.has(key));

async function problemsOf(store: Memory): Promise<readonly Problem[]> {
  const { ok, problems, omitted } = await verify(store);
  expect([ok, omitted]).toEqual([problems.length === 0, 0]);
  for (const { message } of problems) expect(message).toMatch(/^[A-Z].*\.$/s);
  return problems;
}

async function onlyProblem(store: Memory): Promise<Problem> {
  const problems = await problemsOf(store);
  expect(problems).toHaveLength(1);
  const [problem] = problems;
  if (problem === undefined) throw new Error("There is none.");
  return problem;
}

/** The keys that a fresh handle cannot read. */
async function lostKeys(store: Memory, keys: readonly string[]): Promise<string[]> {
  const v = await Versioned.open(copyOf(store));
  const lost: string[] = [];
  for (const key of keys) if ((await v.get(key).catch(() => "lost")) === "lost") lost.push(key);
  return lost;
}

describe("verify", () => {
  it("finds nothing wrong with an empty store, nor with a sound one, and writes nothing", async () => {
    const empty = new Memory();
    expect(await verify(empty)).toEqual(SOUND);
    expect([...empty.keys()]).toEqual([]);
    const { store, v } = await storeOf(3000, {
      large: noise(1_000_000, 1),
      again: noise(1_000_000, 1),
      huge: noise(12_000_000, 2),
    });
    for (let i = 0; i < 100; i++) await change(v, { [keyOf(i * 17)]: `${i}`, [`n${i}`]: "x".repeat(i * 10) });
    await v.merge();
    const scripted = new ScriptedStore(store);
    const before = copyOf(store);
    expect(await verify(scripted)).toEqual(SOUND);
    expect(new Set(scripted.calls.map(({ op }) => op))).toEqual(new Set(["get", "keys"]));
    expect(sameStores(store, before)).toBe(true);
  });

  it("finds nothing wrong with garbage, whole or not, nor with reservations", async () => {
    const { store, v } = await storeOf(300);
    const before = copyOf(store);
    await change(v, { a: "1" });
    await v.reset();
    const other = await v.createBranch("other");
    await change(other, { b: "2" });
    await other.merge();
    await v.deleteBranch("other");
    const [garbage = ""] = newChunks(before, store);
    store.remove(garbage);
    store.set("b/on its way", encodeReservation());
    expect(await verify(store)).toEqual(SOUND);
  });

  it("reads past the caches of handles and of tiers", async () => {
    const { store: authority, v } = await storeOf(500);
    const tiered = new Tiered([new Memory(), authority]);
    const reader = await Versioned.open(tiered);
    await reader.entries().toArray();
    await v.entries().toArray();
    const { root } = await v.commit();
    authority.remove(chunkKey("node", root as Hash));
    expect(await reader.keys({ limit: 1 }).toArray()).toEqual([keyOf(0)]);
    for (const store of [authority, tiered]) {
      const { problems } = await verify(store);
      expect(problems).toMatchObject([{ kind: "missing", key: chunkKey("node", root as Hash), keys: {} }]);
    }
  });

  it("finds nothing wrong where only a cache is damaged", async () => {
    const { store: authority } = await storeOf(500);
    const cache = new Memory();
    for (const key of authority.keys("n/")) cache.set(key, bytes("nonsense"));
    expect(await verify(new Tiered([cache, authority]))).toEqual(SOUND);
  });
});

describe("what a problem says", () => {
  it("is between which keys those lie that cannot be read: for a node, all that it has", async () => {
    const { store } = await storeOf(700);
    const all = Array.from({ length: 700 }, (_, i) => keyOf(i));
    const { chunks } = await needsOf(store);
    const keys = [...chunks.values()].flatMap((each) => [...each]).filter((key) => key.startsWith("n/"));
    let bounded = 0;
    for (const key of new Set(keys)) {
      const damaged = copyOf(store);
      damaged.remove(key);
      const lost = await lostKeys(damaged, all);
      if (lost.length === 0) continue;
      const problem = await onlyProblem(damaged);
      const { gt = "", lte = "~" } = problem.keys ?? {};
      expect(all.filter((each) => each > gt && each <= lte)).toEqual(lost);
      if (lost.length < 700) bounded++;
    }
    expect(bounded).toBeGreaterThan(50);
  });

  it("is which key a damaged value has, or between which ones it has them", async () => {
    const { store, v } = await storeOf(300);
    const before = copyOf(store);
    await v.snapshot({
      one: noise(5000, 1),
      "a twin": noise(5000, 2),
      twin: noise(5000, 2),
      pieces: noise(400_000, 3),
    });
    await v.merge();
    const spans = new Set<string>();
    for (const key of newChunks(before, store)) {
      const damaged = copyOf(store);
      damaged.remove(key);
      const lost = await lostKeys(damaged, ["one", "a twin", "twin", "pieces"]);
      const others = await lostKeys(
        damaged,
        Array.from({ length: 300 }, (_, i) => keyOf(i)),
      );
      if (lost.length === 0 || others.length > 0) continue;
      const { keys } = await onlyProblem(damaged);
      expect(keys).toEqual({ gte: lost[0], lte: lost.at(-1) });
      spans.add(lost.join());
    }
    expect(spans).toEqual(new Set(["one", "a twin,twin", "pieces"]));
  });

  it("is whether it concerns what branches and tags hold now, or older commits only", async () => {
    const { store, v } = await storeOf(300);
    await v.createBranch("before");
    const before = copyOf(store);
    const old = await change(v, { [keyOf(7)]: "old" });
    await v.merge();
    const [leaf = ""] = (await leavesOf(store, old)).filter((key) => !before.memory.has(key));
    await v.createTag("then");
    const side = await v.createBranch("side");
    await change(side, { zz: "1" });
    await side.merge();
    await change(v, { [keyOf(7)]: "new" });
    await v.merge();
    await change(v, { [keyOf(200)]: "newer" });
    await v.merge();
    store.remove(leaf);
    expect(await onlyProblem(store)).toMatchObject({
      kind: "missing",
      key: leaf,
      branches: ["main", "side"],
      tags: ["then"],
      current: { branches: ["side"], tags: ["then"] },
      commits: { count: 2, newest: [side.currentCommit, old] },
    });
  });

  it("is how many commits need it, and which are the newest", async () => {
    const { store, v } = await storeOf(300);
    const ids = [v.currentCommit];
    const { chunks } = await needsOf(store);
    for (let i = 0; i < 20; i++) ids.push(await change(v, { zz: `${i}` }));
    await v.merge();
    const inFirst = [...(chunks.get(ids[0] ?? "") ?? [])].filter((key) => key.startsWith("n/"));
    const counts = new Set<number>();
    for (const key of inFirst) {
      const damaged = copyOf(store);
      damaged.remove(key);
      const { commits } = await onlyProblem(damaged);
      counts.add(commits.count);
      const needing = commits.count === 1 ? ids.slice(0, 1) : ids.slice().reverse();
      expect(commits.newest).toEqual(needing.slice(0, 5));
    }
    expect(counts).toEqual(new Set([1, 21]));
  });

  it("is at most so much: what is left out is counted", async () => {
    const { store, v } = await storeOf(14_000);
    const leaves = await leavesOf(store, v.currentCommit);
    store.removeMany(leaves.slice(0, 1300));
    const { problems, omitted } = await verify(store);
    expect([problems.length, omitted]).toEqual([1000, 300]);
  });
});

/** The node chunks of a commit, and which of them are leaves. */
async function leavesOf(store: Memory, commit: string): Promise<string[]> {
  const { chunks } = await needsOf(store);
  return [...(chunks.get(commit) ?? [])].filter((key) => {
    const chunk = decodeChunk(store.get(key) ?? bytes(""));
    return chunk.base === undefined && chunk.payload[0] === 1 && chunk.payload[1] === 0;
  });
}

describe("records of the store", () => {
  it.each([
    ["missing", undefined],
    ["no text", new Uint8Array([0xff])],
    ["empty", new Uint8Array(0)],
    ["a later format's", bytes("vkv 5")],
  ])("the format's mark that is %s is a problem", async (what, mark) => {
    const { store } = await storeOf(10);
    if (mark === undefined) store.remove("vkv/format");
    else store.set("vkv/format", mark);
    expect(await onlyProblem(store)).toMatchObject({ kind: "record", key: "vkv/format", branches: [], tags: [] });
    // Nothing else is checked where the format may be another one.
    store.remove("b/main");
    store.set("b/main", bytes("nonsense"));
    expect(await problemsOf(store)).toHaveLength(what === "missing" ? 2 : 1);
  });

  it.each([
    ["missing", undefined],
    ["cut off", new Uint8Array([5])],
    ["empty", new Uint8Array(0)],
    ["too long", new Uint8Array(20)],
    ["of an earlier collection", new Uint8Array([1, ...noise(12, 1)])],
  ])("the record of the latest collection that is %s is a problem", async (_, record) => {
    const { store, v } = await storeOf(10);
    await collectGarbage(store);
    await collectGarbage(store);
    expect(await verify(store)).toEqual(SOUND);
    if (record === undefined) store.remove("vkv/gc");
    else store.set("vkv/gc", record);
    expect(await onlyProblem(store)).toMatchObject({ kind: "record", key: "vkv/gc" });
    expect(v.branch).toBe("main");
  });

  it("the record of the latest collection is a problem if a chunk that is needed is of a later one", async () => {
    const { store, v } = await storeOf(10);
    const before = new Map(store.memory);
    await collectGarbage(store);
    await change(v, { a: "1" });
    await v.merge();
    store.remove("vkv/gc");
    // The branch as it was, which leads to none of the new chunks.
    store.set("b/main", before.get("b/main") ?? bytes(""));
    expect(await verify(store)).toEqual(SOUND);
    await change(await Versioned.open(store), { a: "1" });
    store.set("vkv/gc", new Uint8Array([0, ...noise(12, 1)]));
    const other = await Versioned.open(store);
    await change(other, { a: "1" });
    await other.merge();
    expect(await onlyProblem(store)).toMatchObject({ kind: "record", key: "vkv/gc" });
  });

  it("keys that vkv never writes are problems, up to a number", async () => {
    const { store } = await storeOf(10);
    const node = [...store.keys("n/")][0] ?? "";
    const foreign = [
      "x",
      "vkv/other",
      "b/",
      "t/\u0007",
      `b/${"x".repeat(201)}`,
      `${node}x`,
      node.replace("n", "m"),
      "n/",
      "c",
    ];
    for (const key of foreign) store.set(key, bytes("1"));
    const problems = await problemsOf(store);
    expect(new Set(problems.map(({ kind, key }) => `${kind} ${key}`))).toEqual(
      new Set(foreign.map((key) => `foreign ${key}`)),
    );
    const many = new Memory();
    for (let i = 0; i < 150; i++) many.set(`x${i}`, bytes("1"));
    const { problems: some, omitted } = await verify(many);
    expect([some.length, omitted, new Set(some.map(({ kind }) => kind))]).toEqual([100, 50, new Set(["foreign"])]);
  });
});

describe("any changed bit", () => {
  it.each([
    ["a branch", "b/main", "ref"],
    ["a tag", "t/v1", "ref"],
    ["the record of the latest collection", "vkv/gc", "record"],
    ["the format's mark", "vkv/format", "record"],
  ])("of %s is a problem", async (_, key, kind) => {
    const { store, v } = await storeOf(10);
    await v.createTag("v1", { info: { release: 1 } });
    await collectGarbage(store);
    const stored = store.get(key) ?? bytes("");
    for (let bit = 0; bit < 8 * stored.length; bit++) {
      store.set(key, stored.with(bit >> 3, (stored[bit >> 3] ?? 0) ^ (1 << (bit & 7))));
      expect(await onlyProblem(store)).toMatchObject({ kind, key });
    }
  });
});

describe("refs", () => {
  const ref = (head: string): Uint8Array => new Uint8Array([1, 1, ...noise(12, 1), 0, ...Buffer.from(head, "hex")]);

  it.each([
    ["undecodable", () => bytes("nonsense")],
    ["empty", () => new Uint8Array(0)],
    ["of a later version", () => ref("ab".repeat(32)).with(0, 99)],
    ["to nowhere", () => ref("ab".repeat(32))],
    ["to a node", async (v: Versioned) => ref((await v.commit()).root)],
  ])("that are %s are problems; others are checked nonetheless", async (_, make) => {
    const { store, v } = await storeOf(300);
    await v.createBranch("x");
    await v.createTag("y");
    const stored = await make(v);
    for (const [key, names] of [
      ["b/x", { branches: ["x"], tags: [] }],
      ["t/y", { branches: [], tags: ["y"] }],
    ] as const) {
      const damaged = copyOf(store);
      damaged.set(key, stored);
      expect(await onlyProblem(damaged)).toMatchObject({ kind: "ref", key, ...names, current: names, keys: {} });
      const { root } = await v.commit();
      damaged.remove(chunkKey("node", root as Hash));
      expect(await problemsOf(damaged)).toHaveLength(2);
    }
  });

  it("whose head is missing are problems each, and so is the commit if others lead to it", async () => {
    const { store, v } = await storeOf(10);
    await v.createTag("same");
    const lost = v.currentCommit;
    const side = await v.createBranch("side");
    await change(side, { a: "1" });
    await side.merge();
    const key = chunkKey("commit", lost as Hash);
    store.remove(key);
    const problems = await problemsOf(store);
    expect(problems.map((problem) => [problem.kind, problem.key, problem.branches, problem.tags]).sort()).toEqual([
      ["missing", key, ["side"], []],
      ["ref", "b/main", ["main"], []],
      ["ref", "t/same", [], ["same"]],
    ]);
    expect(problems.find(({ kind }) => kind === "missing")?.current).toEqual({ branches: [], tags: [] });
  });
});

describe("a verification", () => {
  it("tells how far it is, and stops on a signal", async () => {
    const store = await randomStore(5);
    const steps: { keys: number; chunks: number }[] = [];
    await verify(store, { onProgress: (progress) => void steps.push(progress) });
    const last = steps.at(-1) ?? { keys: 0, chunks: 0 };
    expect(last.keys).toBe(store.memory.size);
    expect(last.chunks).toBeGreaterThan(10);
    for (const [i, { keys, chunks }] of steps.entries()) {
      expect(keys).toBeGreaterThanOrEqual(steps[i - 1]?.keys ?? 0);
      expect(chunks).toBeGreaterThanOrEqual(steps[i - 1]?.chunks ?? 0);
    }
    for (let at = 0; at < steps.length; at++) {
      const controller = new AbortController();
      let calls = 0;
      const stopped = verify(store, {
        signal: controller.signal,
        onProgress: () => {
          if (calls++ === at) controller.abort(new Error("enough"));
        },
      });
      if (at < steps.length - 1) await expect(stopped).rejects.toThrow("enough");
      else await stopped.catch(() => undefined);
    }
    await expect(verify(store, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
  });

  it("fails as the store fails: an error is never taken for absence", async () => {
    const memory = await randomStore(6);
    const counting = new ScriptedStore(memory);
    await verify(counting);
    const { length } = counting.calls;
    for (let at = 0; at < length; at += 1 + Math.floor(length / 40)) {
      const store = new ScriptedStore(memory);
      store.script = () => (store.calls.length > at ? "fail before" : "pass");
      expect(await failure(verify(store))).toBeInstanceOf(ScriptedFailure);
    }
  });

  it("refuses what is no store, and options that are none", async () => {
    await expect(verify({} as never)).rejects.toThrow(TypeError);
    await expect(verify(new Memory(), null as never)).rejects.toThrow(TypeError);
  });

  it("finds several problems at once", async () => {
    const { store, v } = await storeOf(700, { large: noise(5000, 1) });
    const leaves = (await leavesOf(store, v.currentCommit)).slice(0, 5);
    leaves.forEach((key, i) => {
      const harm = Object.values(HARMS)[i] ?? (() => undefined);
      const damaged = harm(store.get(key) ?? bytes(""), i * 77, [bytes("x")]);
      if (damaged === undefined) store.remove(key);
      else store.set(key, damaged);
    });
    store.set("b/x", bytes("nonsense"));
    store.set("y", bytes("foreign"));
    const problems = await problemsOf(store);
    expect(new Set(problems.map(({ key }) => key))).toEqual(new Set([...leaves, "b/x", "y"]));
  });
});
