/** What holds for every content type: bad bytes on one side, and what it means that a side removed the key. */
import { describe, expect, it } from "vitest";
import {
  asMergeFn,
  counter,
  json,
  lastWriterWins,
  list,
  MergeConflict,
  type MergeFn,
  object,
  set,
  text,
  Versioned,
} from "vkv";
import { contents, failureOf } from "../versioned/helpers.ts";

type Sides = [old: string | null, ours: string | null, theirs: string | null];

interface Case {
  readonly rule: MergeFn;
  /** Good bytes, which both sides changed. */
  readonly good: [string, string, string];
  /** Bytes that are none of this type; `undefined` if all are. */
  readonly bad: string | undefined;
  /** What a merge comes to where a side removed the key: the bytes, `null` for removed, or a conflict. */
  readonly removals: readonly [Sides, string | null | "conflict"][];
}

const count = (n: number): string => `\0\0\0\0\0\0\0${String.fromCharCode(n)}`;

const cases: Record<string, Case> = {
  counter: {
    rule: asMergeFn(counter()),
    good: [count(1), count(2), count(3)],
    bad: "1",
    removals: [
      [[count(5), null, count(7)], count(7)],
      [[count(5), count(7), null], count(7)],
    ],
  },
  lastWriterWins: {
    rule: asMergeFn(lastWriterWins()),
    good: ["a", "b", "c"],
    bad: undefined,
    removals: [
      [["a", null, "b"], "b"],
      [["a", "b", null], null],
    ],
  },
  json: {
    rule: asMergeFn(json({ merge: (_old, ours) => ours })),
    good: ["1", "2", "3"],
    bad: "{",
    removals: [
      [["1", null, "2"], null],
      [["1", "2", null], "2"],
    ],
  },
  "json without merge": {
    rule: asMergeFn(json()),
    good: ["1", '{"a":1,"b":2}', '{"b":2,"a":1}'],
    bad: "{",
    removals: [
      [["1", null, "2"], "conflict"],
      [["1", "2", null], "conflict"],
    ],
  },
  text: {
    rule: asMergeFn(text()),
    good: ["a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"],
    bad: "\xff",
    removals: [
      [["a\n", null, "b\n"], "conflict"],
      [["a\n", "b\n", null], "conflict"],
      [["a\n", null, ""], "conflict"],
    ],
  },
  set: {
    rule: asMergeFn(set()),
    good: ["[1]", "[1,2]", "[1,3]"],
    bad: "{}",
    removals: [
      [["[1]", null, "[1,2]"], "[2]"],
      [["[1]", "[1,2]", null], "[2]"],
      [["[1,2]", null, "[1]"], null],
    ],
  },
  object: {
    rule: asMergeFn(object()),
    good: ['{"a":1}', '{"a":2}', '{"a":1,"b":1}'],
    bad: "[]",
    removals: [
      [['{"a":1}', null, '{"a":2}'], "conflict"],
      [['{"a":1}', '{"a":1,"b":1}', null], "conflict"],
    ],
  },
  list: {
    rule: asMergeFn(list<{ id: string }>({ id: "id" })),
    good: ["[]", '[{"id":"a"}]', '[{"id":"b"}]'],
    bad: '[{"id":"a"},{"id":"a"}]',
    removals: [
      [["[]", null, '[{"id":"a"}]'], "conflict"],
      [["[]", '[{"id":"a"}]', null], "conflict"],
    ],
  },
};

/** A handle whose key both sides changed, each a binary string that is its bytes, or `null`: removed. */
async function diverged([old, ours, theirs]: Sides): Promise<Versioned> {
  const first = await Versioned.open();
  await write(first, old, "base");
  await first.merge();
  const [mine, others] = await Promise.all([Versioned.open(first.store), Versioned.open(first.store)]);
  await write(mine, ours, "ours");
  await write(others, theirs, "theirs");
  await others.merge();
  return mine;
}

/** Writes the key; `by` tells apart what the sides do: without it two equal commits would be one. */
async function write(v: Versioned, value: string | null, by: string): Promise<void> {
  const bytes = Uint8Array.from(value ?? "", (character) => character.charCodeAt(0));
  await v.snapshot(value === null ? {} : { k: bytes }, { removals: value === null ? ["k"] : [], info: { by } });
}

async function merging(rule: MergeFn, sides: Sides): Promise<Versioned> {
  const v = await diverged(sides);
  v.setMergeFn("k", rule);
  return v;
}

describe.each(Object.entries(cases))("%s", (_, { rule, good, bad, removals }) => {
  it("merges what is of its type", async () => {
    const v = await merging(rule, good);
    expect((await v.merge()).resolvedKeys).toEqual(["k"]);
  });

  it.each(bad === undefined ? [] : [0, 1, 2])(
    "leaves a conflict with the error where side %i holds other bytes",
    async (side) => {
      const sides: Sides = [...good];
      sides[side] = bad ?? "";
      const v = await merging(rule, sides);
      const before = v.currentCommit;
      const { conflicts } = await failureOf(MergeConflict, v.merge());
      const [{ error } = {}] = conflicts;
      expect([TypeError, RangeError]).toContain((error as Error).constructor);
      expect(v.currentCommit).toBe(before);
      expect((await v.merge({ mergeFns: { k: "ours" } })).merged).toBe(true);
    },
  );

  it.each(removals)("removed by a side: %j becomes %j", async (sides, result) => {
    const v = await merging(rule, sides);
    if (result === "conflict") {
      const { mergeErrors } = await failureOf(MergeConflict, v.merge());
      expect([...mergeErrors.keys()]).toEqual(["k"]);
    } else {
      await v.merge();
      expect(await contents(v)).toEqual(result === null ? {} : { k: result });
    }
  });

  it("stays removed where both sides removed it", async () => {
    const v = await merging(rule, [good[0], null, null]);
    await v.merge();
    expect(await v.has("k")).toBe(false);
  });
});
