/**
 * Characters that do something to a terminal instead of being shown: controls, and those that change the direction of
 * what follows, so that a name could look like another one.
 */
const UNSAFE = /[\p{Cc}\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** The same in lines of a text, where line ends and tabs do what they should. */
const UNSAFE_IN_LINES = /[^\P{Cc}\n\t]|[\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return SHORT[character] ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** A name or a message, fit for one line of a terminal. */
export function safe(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

/** A text of several lines, fit for a terminal. */
export function safeLines(text: string): string {
  return text.replaceAll(UNSAFE_IN_LINES, escaped);
}

/** JSON in one line, with nothing in it that does something to a terminal. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNSAFE, (character) => `\\u${hex(character.charCodeAt(0), 4)}`);
}
