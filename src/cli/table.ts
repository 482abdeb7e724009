/**
 * Lines of columns, two spaces apart. The last column is not filled up, and cells must be plain text: a style has a width.
 */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, [...cell].length);
  }
  return rows.map((row) => row.map((cell, i) => fill(cell, i === row.length - 1 ? 0 : (widths[i] ?? 0))).join("  "));
}

function fill(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - [...cell].length));
}
