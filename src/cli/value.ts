import { Buffer } from "node:buffer";
import { safe } from "./escape.ts";
import { CliError, EXIT } from "./exit.ts";

/** A value in JSON, in all that `vkv` prints and reads: its text if it is valid UTF-8, else its bytes in Base64. */
export type ValueJson = { readonly text: string } | { readonly base64: string };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that a value is in UTF-8; `undefined` if it is none. */
export function textOf(value: Uint8Array): string | undefined {
  try {
    return decoder.decode(value);
  } catch {
    return undefined;
  }
}

/** A value as JSON. */
export function toJson(value: Uint8Array): ValueJson {
  const text = textOf(value);
  return text === undefined ? { base64: Buffer.from(value).toString("base64") } : { text };
}

/** A value as JSON, or `null` where there is none. */
export function toJsonOrNull(value: Uint8Array | undefined): ValueJson | null {
  return value === undefined ? null : toJson(value);
}

/**
 * The value that some JSON stands for: what `toJson` gives, or a string for its text.
 *
 * @param where what is said of the place, if it is none
 * @throws CliError for anything else
 */
export function fromJson(json: unknown, where: string): Uint8Array {
  if (typeof json === "string") return encode(json, where);
  if (typeof json === "object" && json !== null && Object.keys(json).length === 1) {
    if ("text" in json && typeof json.text === "string") return encode(json.text, where);
    if ("base64" in json && typeof json.base64 === "string") return decode(json.base64, where);
  }
  throw new CliError(EXIT.trouble, `${where} is no value.`, 'A value is a string, { "text": … } or { "base64": … }.');
}

function encode(text: string, where: string): Uint8Array {
  if (text.isWellFormed()) return new TextEncoder().encode(text);
  throw new CliError(EXIT.trouble, `${where} has a lone surrogate.`, "Give the value's bytes as base64.");
}

function decode(base64: string, where: string): Uint8Array {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") === base64) return bytes;
  throw new CliError(
    EXIT.trouble,
    `${where} is no Base64.`,
    "Base64 has letters, digits, + and /, and is padded with =.",
  );
}

/** Whether a value is fit to be shown as text: UTF-8 without the NUL that files of other kinds have. */
export function isShowable(value: Uint8Array): boolean {
  return !value.includes(0) && textOf(value) !== undefined;
}

/** The text of a value that is fit to be shown as one. */
function shown(value: Uint8Array): string | undefined {
  return isShowable(value) ? textOf(value) : undefined;
}

/**
 * A value in about `width` characters, in one line, fit for a terminal.
 *
 * @param from how many characters of a text are left out before
 */
export function preview(value: Uint8Array | undefined, width = 60, from = 0): string {
  if (value === undefined) return "nothing";
  const text = shown(value)?.slice(from);
  if (text === undefined) return `(binary, ${countBytes(value.length)})`;
  const quoted = `${from > 0 ? "…" : ""}"${safe(text.slice(0, width))}"`;
  const isCut = quoted.length > width || text.length > width;
  return isCut ? `${quoted.slice(0, width - 1)}… (${countBytes(value.length)})` : quoted;
}

/** Values to be compared, each as a preview: texts that begin alike are shown from just before where they part. */
export function previews(values: readonly (Uint8Array | undefined)[], width = 60): string[] {
  const texts = values.map((value) => value && shown(value)).filter((text) => text !== undefined);
  const start = commonStart(texts) - BEFORE;
  if (start < width / 2) return values.map((value) => preview(value, width));
  const isInCharacter = /[\uDC00-\uDFFF]/.test(texts[0]?.charAt(start) ?? "");
  return values.map((value) => preview(value, width, isInCharacter ? start - 1 : start));
}

/** How many characters are shown before those that differ. */
const BEFORE = 10;

/** How many characters all of the texts begin with. */
function commonStart([first, ...others]: readonly string[]): number {
  if (first === undefined || others.length === 0) return 0;
  let end = Math.min(first.length, ...others.map((text) => text.length));
  for (const text of others) {
    let at = 0;
    while (at < end && text.charCodeAt(at) === first.charCodeAt(at)) at++;
    end = at;
  }
  return end;
}

/** A number of bytes. */
export function countBytes(bytes: number): string {
  return count(bytes, "byte");
}

/** A number of things, `"1 key"` or `"1,234 keys"`. */
export function count(number: number, thing: string): string {
  return `${number.toLocaleString("en-US")} ${thing}${number === 1 ? "" : "s"}`;
}
