import { describe, fromUtf8, utf8 } from "../bytes.ts";
import { type LineSpan, TextConflictError } from "../errors.ts";
import type { ContentType } from "../versioned/content-type.ts";
import { mergeLines } from "./lines/merge.ts";
import { splitLines } from "./lines/split.ts";

/**
 * Texts, in UTF-8, that are merged by lines: what one side changed is taken, and what both changed alike. It is the
 * merge of `git merge-file`. Line endings, a final newline and a byte order mark are kept as they are.
 *
 * In a merge a text that was absent in the base counts as empty. A side that removed the text conflicts with one that
 * changed it.
 *
 * Its `encode` throws a `TypeError` for what is no string, or one with a lone surrogate; its `decode` for bytes that are no
 * UTF-8; its `merge` throws a `TextConflictError` where both sides changed the same lines, or lines next to each other.
 * In a merge of commits that makes the key a conflict.
 *
 * @example
 * import { text } from "vkv";
 *
 * await text().merge("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"); // → "A\nb\nC\n"
 */
export function text(): ContentType<string> {
  return {
    encode: (value) => utf8(checked(value)),
    decode(bytes) {
      if (!(bytes instanceof Uint8Array)) throw new TypeError(`A text is read from bytes, not ${describe(bytes)}.`);
      try {
        return fromUtf8(bytes);
      } catch (cause) {
        throw new TypeError("The stored bytes are no UTF-8 text.", { cause });
      }
    },
    merge(old, ours, theirs) {
      for (const side of [old, ours, theirs]) if (side !== undefined) checked(side);
      if (ours === theirs) return ours;
      if (ours === undefined || theirs === undefined) return removal(old, ours, theirs);
      const parts = mergeLines(old ?? "", ours, theirs);
      const [merged] = parts;
      if (parts.length === 1 && typeof merged === "string") return merged;
      throw new TextConflictError(parts);
    },
  };
}

/** What a text becomes that one side removed: removed, if the other side left it as it was. */
function removal(old: string | undefined, ours: string | undefined, theirs: string | undefined): undefined {
  if (old !== undefined && (ours ?? theirs) === old) return undefined;
  const whole = (text = ""): LineSpan => ({ line: 1, lines: splitLines(text) });
  const parts = [{ old: whole(old), ours: whole(ours), theirs: whole(theirs) }];
  throw new TextConflictError(parts, "One side removed the text, and the other changed it.");
}

function checked(value: string): string {
  if (typeof value !== "string") throw new TypeError(`A text must be a string, not ${describe(value)}.`);
  if (!value.isWellFormed()) throw new TypeError("The text has a lone surrogate.");
  return value;
}
