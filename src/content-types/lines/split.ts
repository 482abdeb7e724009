/** The lines of a text, each with its line ending; the last one may have none. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Numbers for lines: equal ones for equal lines, counted from 0. */
export class LineNumbers {
  readonly #numbers = new Map<string, number>();

  /** How many different lines there were. */
  get size(): number {
    return this.#numbers.size;
  }

  /** The numbers of `lines`. */
  of(lines: readonly string[]): Int32Array {
    return Int32Array.from(lines, (line) => {
      const known = this.#numbers.get(line);
      if (known !== undefined) return known;
      this.#numbers.set(line, this.#numbers.size);
      return this.#numbers.size - 1;
    });
  }
}
