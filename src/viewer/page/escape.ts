/** Characters that would not be seen, or would move others, as what they are: nothing in a key or a value can hide itself. */

/** A piece of a text: as it is, or the name of a character that is shown instead. */
export type Piece = { readonly text: string } | { readonly code: string };

/** Controls, formats (text direction too), separators, unassigned and private characters, fillers and blanks, and spaces that are no simple one. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{DI}\u2800]|(?! )\p{Zs}/gu;
/** The same, but for spaces, line ends, tabs, and what makes a sign an emoji. */
const HIDDEN_IN_LINES = /(?!\n|\t|\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{DI}\u2800]/gu;

/** The pieces of a text in one line. Spaces at its ends are named too. */
export function pieces(text: string): Piece[] {
  const [, start = "", middle = "", end = ""] = /^( *)(.*?)( *)$/su.exec(text) ?? [];
  const spaces = (count: number): Piece[] => Array.from({ length: count }, () => ({ code: "\\x20" }));
  return [...spaces(start.length), ...split(middle, HIDDEN), ...spaces(end.length)];
}

/** The pieces of a text in several lines. */
export function piecesOfLines(text: string): Piece[] {
  return split(text, HIDDEN_IN_LINES);
}

/** The first pieces of a text, and how many characters the others have (controls count as one each). */
export function firstPieces(all: readonly Piece[], most: number): { shown: readonly Piece[]; left: number } {
  const left = all.slice(most).reduce((sum, piece) => sum + ("text" in piece ? piece.text.length : 1), 0);
  return { shown: all.slice(0, most), left };
}

/** A text in one line, with the names of such characters in it: where there can be no markup. */
export function plain(text: string): string {
  return pieces(text)
    .map((piece) => ("text" in piece ? piece.text : piece.code))
    .join("");
}

function split(text: string, hidden: RegExp): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const { 0: char, index } of text.matchAll(hidden)) {
    if (index > at) found.push({ text: text.slice(at, index) });
    found.push({ code: nameOf(char) });
    at = index + char.length;
  }
  if (at < text.length) found.push({ text: text.slice(at) });
  return found;
}

function nameOf(char: string): string {
  const short = new Map([
    ["\n", "\\n"],
    ["\r", "\\r"],
    ["\t", "\\t"],
    ["\0", "\\0"],
  ]).get(char);
  if (short !== undefined) return short;
  const code = char.codePointAt(0) ?? 0;
  const digits = code.toString(16).toUpperCase();
  return code < 256 ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
}
