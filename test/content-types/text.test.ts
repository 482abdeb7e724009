import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MergeConflict, TextConflictError, type TextPart, text, withConflictMarkers } from "vkv";
import { mergeLines } from "../../src/content-types/lines/merge.ts";
import { splitLines } from "../../src/content-types/lines/split.ts";
import { propertyOptions } from "../support/seed.ts";
import { bytes, contents, diverged, failureOf } from "../versioned/helpers.ts";
import { distinctVersions, versions } from "./text-edits.ts";

const type = text();

/** What a merge throws. */
function conflictOf(...sides: Parameters<typeof type.merge>): Promise<TextConflictError> {
  return failureOf(TextConflictError, () => type.merge(...sides));
}

describe("text: bytes", () => {
  it("reads what it wrote: line endings, NUL and a byte order mark included", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(type.decode(type.encode(value))).toBe(value);
      }),
      propertyOptions({ numRuns: 300 }),
    );
    for (const value of ["", "\n", "a\r\nb\rc", "\ufeffa", "\0", "\u{1f600}"]) {
      expect(type.encode(value)).toEqual(bytes(value));
      expect(type.decode(type.encode(value))).toBe(value);
    }
  });

  it("refuses what is no text, lone surrogates, and bytes that are no UTF-8", () => {
    for (const value of [undefined, null, 5, ["a"], bytes("a")]) {
      expect(() => type.encode(value as never)).toThrow(TypeError);
      expect(() => type.merge("a", value as never, value === undefined ? (5 as never) : "c")).toThrow(TypeError);
    }
    expect(() => type.encode("\ud800")).toThrow(TypeError);
    expect(() => type.decode(new Uint8Array([0x61, 0xff]))).toThrow(/no UTF-8/);
    expect(() => type.decode(new Uint8Array([0xed, 0xa0, 0x80]))).toThrow(/no UTF-8/);
    expect(() => type.decode("a" as never)).toThrow(TypeError);
  });
});

describe("text: merge", () => {
  it.each([
    ["changes apart from each other", "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"],
    ["the same change", "a\nb\n", "a\nB\n", "a\nB\n", "a\nB\n"],
    ["the same change, and one more", "a\nb\nc\nd\n", "A\nb\nc\nd\n", "A\nb\nc\nD\n", "A\nb\nc\nD\n"],
    ["lines added at both ends", "m\n", "a\nm\n", "m\nz\n", "a\nm\nz\n"],
    ["a line removed, another added", "a\nb\nc\n", "b\nc\n", "a\nb\nc\nd\n", "b\nc\nd\n"],
    ["a final newline taken away", "a\nb\nc\n", "a\nb\nc", "A\nb\nc\n", "A\nb\nc"],
    ["a final newline added", "a\nb\nc", "a\nb\nc\n", "A\nb\nc", "A\nb\nc\n"],
    ["Windows line endings", "a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "a\r\nb\r\nC\r\n", "A\r\nb\r\nC\r\n"],
    ["changed by one side", "a\n", "a\n", "b\n", "b\n"],
    ["emptied by one side", "a\n", "", "a\n", ""],
    ["added by both alike", undefined, "a\n", "a\n", "a\n"],
  ])("%s", (_, old, ours, theirs, merged) => {
    expect(type.merge(old, ours, theirs)).toBe(merged);
    expect(type.merge(old, theirs, ours)).toBe(merged);
  });

  it.each([
    ["the same line", "a\nb\nc\n", "a\nB\nc\n", "a\nX\nc\n"],
    ["lines next to each other", "a\nb\nc\nd\n", "a\nB\nc\nd\n", "a\nb\nC\nd\n"],
    ["added at the same place", "a\nb\n", "a\nX\nb\n", "a\nY\nb\n"],
    ["added at the end", "a\n", "a\nX\n", "a\nY\n"],
    ["removed and changed", "a\nb\nc\n", "a\nc\n", "a\nB\nc\n"],
    ["a line changed and one added before it", "a\nb\n", "a\nX\nb\n", "a\nB\n"],
    ["the final newline and the last line", "a\nb\n", "a\nb", "a\nB\n"],
    ["all line endings and a line", "a\nb\nc\n", "a\r\nb\r\nc\r\n", "a\nB\nc\n"],
    ["added by both differently", undefined, "a\n", "b\n"],
    ["emptied and changed", "a\n", "", "b\n"],
  ])("a conflict: %s", async (_, old, ours, theirs) => {
    await conflictOf(old, ours, theirs);
    await conflictOf(old, theirs, ours);
  });

  it("says where the conflicts are, and what was merged around them", async () => {
    const old = "1\n2\n3\n4\n5\n6\n";
    const error = await conflictOf(old, "0\n1\nour 2\n3\n4\nour 5\n6", "1\ntheir 2a\ntheir 2b\n3\n4\n6\n");
    const parts: TextPart[] = [
      "0\n1\n",
      {
        old: { line: 2, lines: ["2\n"] },
        ours: { line: 3, lines: ["our 2\n"] },
        theirs: { line: 2, lines: ["their 2a\n", "their 2b\n"] },
      },
      "3\n4\n",
      {
        old: { line: 5, lines: ["5\n", "6\n"] },
        ours: { line: 6, lines: ["our 5\n", "6"] },
        theirs: { line: 6, lines: ["6\n"] },
      },
    ];
    expect(error.parts).toEqual(parts);
    expect(error.conflicts).toEqual([parts[1], parts[3]]);
    expect(error.message).toBe("Both sides changed the text at lines 2, 5 of the base.");
  });

  it("names many places briefly", async () => {
    const lines = (mark: string) => Array.from({ length: 100 }, (_, i) => `${i}\n${i}${mark}\n`).join("");
    expect((await conflictOf(lines("."), lines("!"), lines("?"))).message).toMatch(/10, and 95 more of the base\.$/);
  });

  it("does not depend on which side is ours", () => {
    fc.assert(
      fc.property(versions(30), ({ old, ours, theirs }) => {
        const swapped = mergeLines(old, theirs, ours).map((part) =>
          typeof part === "string" ? part : { old: part.old, ours: part.theirs, theirs: part.ours },
        );
        expect(swapped).toEqual(mergeLines(old, ours, theirs));
      }),
      propertyOptions({ numRuns: 500 }),
    );
  });

  it("takes a side that alone changed something, as it is", () => {
    fc.assert(
      fc.property(versions(30), ({ old, ours }) => {
        expect(mergeLines(old, ours, old)).toEqual([ours]);
        expect(mergeLines(old, old, ours)).toEqual([ours]);
        expect(mergeLines(old, ours, ours)).toEqual([ours]);
      }),
      propertyOptions({ numRuns: 500 }),
    );
  });

  it("shows the lines of conflicts that are where it says", () => {
    fc.assert(
      fc.property(versions(30), (texts) => {
        for (const part of mergeLines(texts.old, texts.ours, texts.theirs)) {
          if (typeof part === "string") continue;
          for (const side of ["old", "ours", "theirs"] as const) {
            const { line, lines } = part[side];
            expect(splitLines(texts[side]).slice(line - 1, line - 1 + lines.length)).toEqual(lines);
          }
        }
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });

  it("keeps each line that a side added, once and in its order, and no line that a side removed", () => {
    fc.assert(
      fc.property(distinctVersions, ({ old, ours, theirs }) => {
        const parts = mergeLines(old.join(""), ours.join(""), theirs.join(""));
        const [merged] = parts;
        if (parts.length > 1 || typeof merged !== "string") return;
        const lines = merged.match(/.*\n/g) ?? [];
        const [inOld, inOurs, inTheirs] = [new Set(old), new Set(ours), new Set(theirs)];
        const expected = (line: string): boolean =>
          inOld.has(line) ? inOurs.has(line) && inTheirs.has(line) : inOurs.has(line) || inTheirs.has(line);
        const all = [...new Set([...old, ...ours, ...theirs])];
        expect([...lines].sort()).toEqual(all.filter(expected).sort());
        const inMerged = new Set(lines);
        for (const [side, has] of [
          [ours, inOurs],
          [theirs, inTheirs],
        ] as const) {
          expect(lines.filter((line) => has.has(line))).toEqual(side.filter((line) => inMerged.has(line)));
        }
      }),
      propertyOptions({ numRuns: 1000 }),
    );
  });

  it.each([
    ["that have nothing in common", 1e9],
    ["of a few lines in disorder", 10],
    ["of two lines in disorder", 2],
  ])("comes to an end soon for a hundred thousand lines %s", (_, kinds) => {
    let state = 1;
    const disorder = (): string =>
      Array.from({ length: 100_000 }, () => {
        state = (state * 48271) % 2147483647;
        return `${state % kinds}\n`;
      }).join("");
    const [old, ours, theirs] = [disorder(), disorder(), disorder()];
    const started = performance.now();
    expect(mergeLines(old, ours, theirs).some((part) => typeof part !== "string")).toBe(true);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it("finds two small changes in a large text, and one large change beside a small one", () => {
    const old = Array.from({ length: 100_000 }, (_, i) => `${i % 1000}\n`);
    const [ours, theirs] = [[...old], [...old]];
    ours.splice(10_000, 3, "new\n");
    theirs.splice(90_000, 0, "new, too\n");
    const both = [...old];
    both.splice(90_000, 0, "new, too\n");
    both.splice(10_000, 3, "new\n");
    expect(mergeLines(old.join(""), ours.join(""), theirs.join(""))).toEqual([both.join("")]);

    const rewritten = old.map((line, i) => (i < 50_000 ? `again ${line}` : line));
    const expected = [...rewritten];
    expected.splice(90_000, 0, "new, too\n");
    expect(mergeLines(old.join(""), rewritten.join(""), theirs.join(""))).toEqual([expected.join("")]);
  });
});

describe("withConflictMarkers", () => {
  it("puts the sides of each conflict between markers", async () => {
    const { parts } = await conflictOf("a\nb\nc\n", "a\nB\nc\n", "a\nX\nc\n");
    expect(withConflictMarkers(parts)).toBe("a\n<<<<<<< ours\nB\n=======\nX\n>>>>>>> theirs\nc\n");
    expect(withConflictMarkers(parts, { ours: "draft", theirs: "main", old: "base" })).toBe(
      "a\n<<<<<<< draft\nB\n||||||| base\nb\n=======\nX\n>>>>>>> main\nc\n",
    );
  });

  it("ends a last line that has no newline, and shows removed lines as none", async () => {
    const { parts } = await conflictOf("a\nb", "a\n", "a\nX");
    expect(withConflictMarkers(parts)).toBe("a\n<<<<<<< ours\n=======\nX\n>>>>>>> theirs\n");
  });

  it("gives a text without conflicts as it is, and refuses options that are none", () => {
    expect(withConflictMarkers(["a"])).toBe("a");
    expect(() => withConflictMarkers([], "ours" as never)).toThrow(TypeError);
  });
});

describe("text: in a store", () => {
  it("merges what both sides changed, and leaves a conflict with its places", async () => {
    const base = { a: "1\n2\n3\n", b: "1\n2\n3\n" };
    const { ours } = await diverged(
      base,
      { a: "one\n2\n3\n", b: "one\n2\n3\n" },
      { a: "1\n2\nthree\n", b: "uno\n2\n3\n" },
    );
    ours.setContentType("a", type);
    ours.setContentType("b", type);
    const { mergeErrors } = await failureOf(MergeConflict, ours.merge());
    expect([...mergeErrors.keys()]).toEqual(["b"]);
    const error = mergeErrors.get("b");
    expect(error).toBeInstanceOf(TextConflictError);
    expect(error).toMatchObject({ code: "VKV_TEXT_CONFLICT", conflicts: [{ old: { line: 1, lines: ["1\n"] } }] });
    await ours.merge({ mergeFns: { b: "theirs" } });
    expect(await contents(ours)).toEqual({ a: "one\n2\nthree\n", b: "uno\n2\n3\n" });
  });
});
