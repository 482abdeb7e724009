import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type KeySpan, type Memory, type Problem, Versioned, verify } from "vkv";
import type { Hash } from "../../src/chunk/hash.ts";
import { encodeRef } from "../../src/commit/ref.ts";
import { compareText } from "../../src/tree/key-bytes.ts";
import { propertyOptions } from "../support/seed.ts";
import { copyOf, HARMS, type Needs, neededBy, needsOf, randomStore, sameStores } from "./stores.ts";

const isChunk = (key: string): boolean => /^[cn]\//.test(key);

function isIn(key: string, { gt, gte, lte }: KeySpan): boolean {
  return (
    (gt === undefined || compareText(key, gt) > 0) &&
    (gte === undefined || compareText(key, gte) >= 0) &&
    (lte === undefined || compareText(key, lte) <= 0)
  );
}

/** The refs that a problem names, by store key. */
const refsOf = ({ branches, tags }: Pick<Problem, "branches" | "tags">): string[] => [
  ...branches.map((name) => `b/${name}`),
  ...tags.map((name) => `t/${name}`),
];

/** The keys of a commit that cannot be read; `undefined` if it cannot be read at all. */
async function unreadable(store: Memory, commit: string, keys: readonly string[]): Promise<string[] | undefined> {
  const copy = copyOf(store);
  copy.set("b/probe", encodeRef(commit as Hash, 0));
  const v = await Versioned.open(copy, { branch: "probe", create: false }).catch(() => undefined);
  if (v === undefined) return undefined;
  const lost: string[] = [];
  for (const key of keys) {
    const value = await v.get(key).catch(() => "lost");
    expect(value).toBeDefined();
    if (value === "lost") lost.push(key);
  }
  return lost;
}

describe("verify", () => {
  it.each([
    ["trees", 0, 60],
    ["changes, and trees now and then", 12, 30],
  ])(
    "reports any damage of any chunk, who is concerned and which keys, and nothing else, where commits store %s",
    async (_, limit, numRuns) => {
      const names = fc.constantFrom(...Object.keys(HARMS));
      await fc.assert(
        fc.asyncProperty(fc.nat(), names, fc.nat(), fc.nat(), async (seed, harm, which, at) => {
          const sound = await randomStore(seed, limit);
          const store = copyOf(sound);
          expect(await verify(store)).toEqual({ ok: true, problems: [], omitted: 0 });
          const needs = await needsOf(sound);
          const needed = neededBy(needs);
          const key = needed[which % needed.length] ?? "";
          const others = [...sound.memory].filter(([other]) => isChunk(other)).map(([, value]) => value);
          const damaged = HARMS[harm]?.(sound.get(key) ?? new Uint8Array(0), at, others);
          if (damaged === undefined) store.remove(key);
          else store.set(key, damaged);
          const before = copyOf(store);

          const { ok, problems } = await verify(store);
          expect(ok).toBe(false);
          expect(sameStores(store, before)).toBe(true);
          expectNamed(problems, key, needs, damaged === undefined);
          await expectSpans(problems, key, needs, sound, store);
        }),
        propertyOptions({ numRuns }),
      );
    },
  );
});

function expectNamed(
  problems: readonly Problem[],
  key: string,
  { chunks, histories }: Needs,
  isMissing: boolean,
): void {
  const needing = new Set([...chunks].filter(([, keys]) => keys.has(key)).map(([id]) => id));
  const refs = [...histories].filter(([, history]) => history.some((id) => needing.has(id))).map(([ref]) => ref);
  const current = [...histories].filter(([, [head = ""]]) => needing.has(head)).map(([ref]) => ref);
  expect(new Set(problems.flatMap(refsOf))).toEqual(new Set(refs));
  expect(new Set(problems.flatMap((problem) => refsOf(problem.current)))).toEqual(new Set(current));
  for (const problem of problems) {
    if (problem.kind === "ref") {
      // The head itself is missing.
      expect([isMissing, key[0], current]).toEqual([true, "c", expect.arrayContaining([problem.key])]);
      continue;
    }
    expect([problem.key, problem.kind]).toEqual([key, isMissing ? "missing" : "damaged"]);
    expect(problem.commits.count).toBe(needing.size);
    expect([...needing]).toEqual(expect.arrayContaining([...problem.commits.newest]));
    expect(problem.commits.newest.length).toBe(Math.min(5, needing.size));
  }
}

async function expectSpans(
  problems: readonly Problem[],
  key: string,
  { chunks }: Needs,
  sound: Memory,
  store: Memory,
): Promise<void> {
  const v = await Versioned.open(sound);
  for (const [id, needed] of chunks) {
    const keys = (await (await v.checkout(id))?.keys().toArray()) ?? [];
    const lost = await unreadable(store, id, keys);
    if (!needed.has(key)) {
      expect(lost).toEqual([]);
      continue;
    }
    const spans = problems.flatMap((problem) => (problem.keys === undefined ? [] : [problem.keys]));
    for (const each of lost ?? keys) expect(spans.some((span) => isIn(each, span))).toBe(true);
    if (lost === undefined) expect(spans).toContainEqual({});
  }
}
