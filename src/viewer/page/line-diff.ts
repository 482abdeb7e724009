import { diffLines } from "diff";

/** A row of two texts side by side; `undefined`: that side has no line here. */
export interface DiffRow {
  readonly left: Line | undefined;
  readonly right: Line | undefined;
  readonly isSame: boolean;
}

/** A line and its number, from 1 on. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** Rows that differ and a few around them, or how many equal ones lie between. */
export type Part = { readonly rows: readonly DiffRow[] } | { readonly hidden: readonly DiffRow[] };

/** How long a comparison may take, in ms; then all lines count as changed. */
const TIMEOUT = 1000;
/** How many equal rows are shown beside those that differ. */
const CONTEXT = 3;

/** Puts the lines of two texts side by side. */
export function sideBySide(left: string, right: string): DiffRow[] {
  const changes = diffLines(left, right, { timeout: TIMEOUT }) ?? [
    { value: left, removed: true, added: false },
    { value: right, removed: false, added: true },
  ];
  const rows: DiffRow[] = [];
  const numbers = { left: 1, right: 1 };
  const numbered = (side: "left" | "right", texts: readonly string[]): Line[] =>
    texts.map((text) => ({ number: numbers[side]++, text }));
  let removed: Line[] = [];
  const flush = (added: readonly Line[]): void => {
    for (let i = 0; i < Math.max(removed.length, added.length); i++) {
      rows.push({ left: removed[i], right: added[i], isSame: false });
    }
    removed = [];
  };
  for (const change of changes) {
    const lines = linesOf(change.value);
    if (change.removed) removed = numbered("left", lines);
    else if (change.added) flush(numbered("right", lines));
    else {
      flush([]);
      const [lefts, rights] = [numbered("left", lines), numbered("right", lines)];
      for (const [i, line] of lefts.entries()) rows.push({ left: line, right: rights[i], isSame: true });
    }
  }
  flush([]);
  return rows;
}

/** Folds long stretches of equal rows. */
export function folded(rows: readonly DiffRow[]): Part[] {
  const parts: Part[] = [];
  for (let start = 0; start < rows.length; ) {
    const { isSame } = rows[start] as DiffRow;
    const next = rows.findIndex((row, i) => i > start && row.isSame !== isSame);
    const end = next < 0 ? rows.length : next;
    const [from, to] = isSame
      ? [start === 0 ? 0 : start + CONTEXT, end === rows.length ? end : end - CONTEXT]
      : [end, end];
    if (to - from > 1) {
      parts.push({ rows: rows.slice(start, from) }, { hidden: rows.slice(from, to) }, { rows: rows.slice(to, end) });
    } else {
      parts.push({ rows: rows.slice(start, end) });
    }
    start = end;
  }
  return parts.filter((part) => "hidden" in part || part.rows.length > 0);
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
