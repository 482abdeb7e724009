/** How many bytes a line shows. */
const LINE = 16;

/** A line of a hex dump. */
export interface HexLine {
  readonly offset: string;
  readonly digits: string;
  readonly text: string;
}

/** A hex dump of bytes that are given as hexadecimal digits. */
export function hexLines(hex: string): HexLine[] {
  const lines: HexLine[] = [];
  for (let at = 0; at < hex.length; at += 2 * LINE) {
    const pairs = hex.slice(at, at + 2 * LINE).match(/../g) ?? [];
    const text = pairs.map((pair) => printable(Number.parseInt(pair, 16))).join("");
    lines.push({ offset: (at / 2).toString(16).padStart(8, "0"), digits: pairs.join(" "), text });
  }
  return lines;
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}
