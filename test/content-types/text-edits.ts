/** Texts and their changed versions, for tests of merges by lines. */
import fc from "fast-check";

/** The three texts of a merge. */
export interface Versions {
  readonly old: string;
  readonly ours: string;
  readonly theirs: string;
}

/** From few lines, so that versions match in many ways, to many; what code looks like is among them. */
const alphabets: readonly (readonly string[])[] = [
  ["a", "b"],
  ["", "a", "b", "}"],
  ["", "", "{", "}", "  return x;", "  x += 1;", "if (x) {", "// more", "f();", "g();"],
  Array.from({ length: 40 }, (_, i) => `line ${i}`),
  Array.from({ length: 500 }, (_, i) => `word ${i * 7919}`),
];

/** Some lines in place of others, at a place that is given as a part of the whole. */
interface Edit {
  readonly at: number;
  readonly removed: number;
  readonly added: readonly string[];
}

function edited(lines: readonly string[], edits: readonly Edit[]): string[] {
  const result = [...lines];
  for (const { at, removed, added } of edits) result.splice(Math.floor(at * (result.length + 1)), removed, ...added);
  return result;
}

/** Three texts of up to `size` lines, of which both sides may have made some of the same changes. */
export function versions(size: number): fc.Arbitrary<Versions> {
  return fc.constantFrom(...alphabets).chain((alphabet) => {
    const line = fc.constantFrom(...alphabet);
    const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const small = fc.record({ at, removed: fc.nat(4), added: fc.array(line, { maxLength: 4 }) });
    // A passage that was written anew: lines that are nowhere else, and usual ones among them.
    const fresh = fc.oneof(
      { arbitrary: fc.nat(1e6).map((n) => `fresh ${n}`), weight: 4 },
      { arbitrary: line, weight: 1 },
    );
    const large = fc.record({ at, removed: fc.nat(20), added: fc.array(fresh, { maxLength: 20, size: "max" }) });
    const edit = fc.oneof({ arbitrary: small, weight: 4 }, { arbitrary: large, weight: 1 });
    const edits = fc.array(edit, { maxLength: 5, size: "max" });
    const ending = fc.constantFrom("\n", "\n", "\n", "\r\n");
    const form = fc.record({ ending, isEnded: fc.boolean() });
    return fc
      .record({
        lines: fc.array(line, { maxLength: size, size: "max" }),
        both: fc.oneof(fc.constant([]), edits),
        ours: edits,
        theirs: edits,
        form,
        ourForm: fc.option(form, { freq: 8 }),
      })
      .map(({ lines, both, ours, theirs, form: usual, ourForm }) => ({
        old: written(lines, usual),
        ours: written(edited(edited(lines, both), ours), ourForm ?? usual),
        theirs: written(edited(edited(lines, both), theirs), usual),
      }));
  });
}

function written(lines: readonly string[], { ending, isEnded }: { ending: string; isEnded: boolean }): string {
  return lines.join(ending) + (isEnded && lines.length > 0 ? ending : "");
}

/** A text in which no line is twice, and what both sides made of it: each adds lines that nobody else has. */
export const distinctVersions: fc.Arbitrary<{ old: string[]; ours: string[]; theirs: string[] }> = fc
  .record({
    length: fc.nat(30),
    ours: fc.array(fc.tuple(fc.nat(30), fc.nat(4), fc.nat(3)), { maxLength: 4 }),
    theirs: fc.array(fc.tuple(fc.nat(30), fc.nat(4), fc.nat(3)), { maxLength: 4 }),
  })
  .map(({ length, ours, theirs }) => {
    const old = Array.from({ length }, (_, i) => `${i}\n`);
    const made = (side: string, edits: readonly [number, number, number][]): string[] => {
      const lines = [...old];
      edits.forEach(([at, removed, added], i) => {
        const fresh = Array.from({ length: added }, (_, j) => `${side}${i}.${j}\n`);
        lines.splice(Math.min(at, lines.length), removed, ...fresh);
      });
      return lines;
    };
    return { old, ours: made("ours ", ours), theirs: made("theirs ", theirs) };
  });
