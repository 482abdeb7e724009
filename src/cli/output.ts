import { once } from "node:events";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import { safeJson } from "./escape.ts";

/** Where to write: standard output or standard error, a terminal or not. */
export type Stream = NodeJS.WriteStream;

/** How many characters are written at a time. */
const CHUNK = 65_536;

/** A style of text, on a terminal that has colours. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Whether a stream is a terminal on which colours are wanted: `NO_COLOR`, `FORCE_COLOR` and `TERM` are honoured. */
export function hasColors(stream: Stream): boolean {
  return stream.isTTY === true && (stream as WriteStream).hasColors();
}

/** Writes data to standard output: lines for people, lines of JSON, or bytes. */
export class Output {
  /** Whether people look at it. */
  readonly isTerminal: boolean;
  readonly #stream: Stream;
  readonly #hasColors: boolean;
  #buffer = "";

  constructor(stream: Stream) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.#hasColors = hasColors(stream);
  }

  /** A text in a style. */
  styled(style: Style, text: string): string {
    return this.#hasColors ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Writes a line. Names and values in it must have gone through `safe`. */
  line(text: string): Promise<void> {
    return this.text(`${text}\n`);
  }

  /** Writes a part of a text. */
  async text(text: string): Promise<void> {
    this.#buffer += text;
    if (this.#buffer.length >= CHUNK) await this.flush();
  }

  /** Writes a line of JSON. */
  json(value: unknown): Promise<void> {
    return this.line(safeJson(value));
  }

  /** Writes bytes, as they are. */
  async bytes(bytes: Uint8Array | string): Promise<void> {
    await this.flush();
    await this.#write(bytes);
  }

  /** Writes what was kept back to be written at one go. */
  async flush(): Promise<void> {
    const text = this.#buffer;
    this.#buffer = "";
    if (text !== "") await this.#write(text);
  }

  async #write(data: Uint8Array | string): Promise<void> {
    if (!this.#stream.write(data)) await once(this.#stream, "drain");
  }
}
