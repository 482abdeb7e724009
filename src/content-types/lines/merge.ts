import type { LineSpan, TextPart } from "../../errors.ts";
import { diffLines, type Hunk } from "./diff.ts";
import { LineNumbers, splitLines } from "./split.ts";

/**
 * The three-way merge of a text by lines, as `git merge-file` does it: what one side changed is taken. Changes of both
 * that overlap, or that no line lies between, are a conflict, unless they come to the same lines.
 *
 * @returns the merged text; with conflicts, what was merged before, between and after them, too
 */
export function mergeLines(old: string, ours: string, theirs: string): TextPart[] {
  const known = new LineNumbers();
  const [base, left, right] = [old, ours, theirs].map((text) => new Version(text, known)) as [
    Version,
    Version,
    Version,
  ];
  const [fromLeft, fromRight] = [left, right].map(
    (side) => new HunkReader(diffLines(base.numbers, side.numbers, known.size)),
  ) as [HunkReader, HunkReader];

  const parts: TextPart[] = [];
  let text = "";
  let done = 0;
  while (fromLeft.next < Infinity || fromRight.next < Infinity) {
    const [leftNext, rightNext] = [fromLeft.next, fromRight.next];
    const start = Math.min(leftNext, rightNext);
    const [leftStart, rightStart] = [fromLeft.position(start), fromRight.position(start)];
    const end = takeTouching(start, fromLeft, fromRight);
    const [leftEnd, rightEnd] = [fromLeft.position(end), fromRight.position(end)];
    text += base.text(done, start);
    done = end;
    if (fromLeft.next === leftNext) text += right.text(rightStart, rightEnd);
    else if (fromRight.next === rightNext || left.text(leftStart, leftEnd) === right.text(rightStart, rightEnd)) {
      text += left.text(leftStart, leftEnd);
    } else {
      if (text !== "") parts.push(text);
      parts.push({
        old: base.span(start, end),
        ours: left.span(leftStart, leftEnd),
        theirs: right.span(rightStart, rightEnd),
      });
      text = "";
    }
  }
  text += base.text(done, base.lines.length);
  return text === "" && parts.length > 0 ? parts : [...parts, text];
}

/** Reads the changes of both sides that begin at `start`, and those that touch what was read; where they end in the base. */
function takeTouching(start: number, ours: HunkReader, theirs: HunkReader): number {
  for (let end = start; ; ) {
    const grown = theirs.take(ours.take(end));
    if (grown === end) return end;
    end = grown;
  }
}

/** A text in lines. */
class Version {
  readonly lines: readonly string[];
  readonly numbers: Int32Array;

  constructor(text: string, known: LineNumbers) {
    this.lines = splitLines(text);
    this.numbers = known.of(this.lines);
  }

  text(start: number, end: number): string {
    return this.lines.slice(start, end).join("");
  }

  span(start: number, end: number): LineSpan {
    return { line: start + 1, lines: this.lines.slice(start, end) };
  }
}

/** The changes of a side, read from first to last. */
class HunkReader {
  readonly #hunks: readonly Hunk[];
  #read = 0;
  #shift = 0;

  constructor(hunks: readonly Hunk[]) {
    this.#hunks = hunks;
  }

  /** The line of the base that the next change begins at; `Infinity` if there is none. */
  get next(): number {
    return this.#hunks[this.#read]?.oldStart ?? Infinity;
  }

  /** Reads the changes that begin at or before a line of the base; where the last of them ends, or that line. */
  take(line: number): number {
    let end = line;
    for (
      let hunk = this.#hunks[this.#read];
      hunk !== undefined && hunk.oldStart <= end;
      hunk = this.#hunks[++this.#read]
    ) {
      end = Math.max(end, hunk.oldEnd);
      this.#shift = hunk.newEnd - hunk.oldEnd;
    }
    return end;
  }

  /** Where a line of the base is on this side, if it comes after the changes that were read, and before the others. */
  position(line: number): number {
    return line + this.#shift;
  }
}
