import type { Stream } from "./output.ts";

/** How often a line is drawn anew, in ms. */
const INTERVAL = 80;
/** How many characters a bar has. */
const WIDTH = 24;

/** Says how far long work is: one line, drawn again and again, on a terminal only. */
export class Progress {
  readonly #stream: Stream;
  readonly #isShown: boolean;
  #last = 0;
  #isDrawn = false;

  /** @param stream standard error, as a rule */
  constructor(stream: Stream) {
    this.#stream = stream;
    this.#isShown = stream.isTTY === true && process.env["TERM"] !== "dumb";
  }

  /**
   * Draws the line, unless it was drawn just before.
   *
   * @param what what is being done, fit for a terminal
   * @param done how much is done
   * @param total how much there is to do, if that is known: then a bar is drawn
   */
  update(what: string, done: number, total?: number): void {
    const now = performance.now();
    if (!this.#isShown || now - this.#last < INTERVAL) return;
    this.#last = now;
    const line =
      total === undefined ? `${what} ${number(done)}` : `${bar(done, total)} ${what} ${number(done)}/${number(total)}`;
    this.#stream.write(`\r\u001b[K${line.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    this.#isDrawn = true;
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write("\r\u001b[K");
    this.#isDrawn = false;
  }
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function bar(done: number, total: number): string {
  const filled = total === 0 ? WIDTH : Math.min(WIDTH, Math.floor((done / total) * WIDTH));
  return `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`;
}
