import type { Kind } from "../protocol.ts";

/** How images begin: only these are ever shown as images. */
const IMAGES: readonly (readonly [kind: Kind, ...patterns: (readonly [at: number, bytes: string])[]])[] = [
  ["image/png", [0, "\x89PNG\r\n\x1a\n"]],
  ["image/jpeg", [0, "\xff\xd8\xff"]],
  ["image/gif", [0, "GIF87a"]],
  ["image/gif", [0, "GIF89a"]],
  ["image/webp", [0, "RIFF"], [8, "WEBP"]],
];

/** The longest text that is tried as JSON, in bytes. */
const MAX_JSON = 256 * 1024;

/** What a value is. */
export function kindOf(value: Uint8Array): Kind {
  const image = IMAGES.find(([, ...patterns]) => patterns.every(([at, bytes]) => hasAt(value, at, bytes)));
  if (image !== undefined) return image[0];
  const text = decodeStart(value, MAX_JSON);
  if (text === undefined) return "binary";
  return value.length <= MAX_JSON && isJson(text) ? "json" : "text";
}

/** The text that the first `limit` bytes of a value hold; `undefined` if they are no UTF-8 text. */
export function decodeStart(value: Uint8Array, limit: number): string | undefined {
  try {
    // A character that the limit cuts is left out.
    const stream = value.length > limit;
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value.subarray(0, limit), {
      stream,
    });
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function hasAt(value: Uint8Array, at: number, bytes: string): boolean {
  return Array.from(bytes).every((char, i) => value[at + i] === char.charCodeAt(0));
}

/** Whether it is an object or a list, which are worth printing in several lines. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
