import { describe } from "../bytes.ts";
import { canonicalJson, type Json } from "../commit/json.ts";
import { compareText } from "../tree/key-bytes.ts";
import type { ContentType } from "../versioned/content-type.ts";
import { json, MAX_DEPTH } from "./json.ts";

/**
 * Sets of JSON values, as arrays in which no value is twice, in the order of their JSON texts. Equal sets have equal bytes.
 *
 * In a merge each element is decided on its own: it is in the result if both sides have it, or if one has added it;
 * removed by a side, it is gone. A side that removed the key has removed all its elements: what the other side added
 * stays, and if that is nothing, the key is removed. The result depends neither on which side is which nor on how several
 * merges over one base are grouped.
 *
 * Its `encode`, `decode` and `merge` throw a `TypeError` for what is no array of JSON values; the first two put it in order.
 * In a merge of commits that makes the key a conflict.
 *
 * @example
 * import { set } from "vkv";
 *
 * await set<string>().merge(["a", "b"], ["a", "b", "c"], ["b", "d"]); // → ["b", "c", "d"]
 */
export function set<T extends Json = Json>(): ContentType<readonly T[]> {
  const elements = json<readonly T[]>();
  return {
    encode: (value) => elements.encode(inOrder(byText(value))),
    decode: (bytes) => inOrder(byText(elements.decode(bytes))),
    merge(old, ours, theirs) {
      if (ours === undefined && theirs === undefined) return undefined;
      const [base, left, right] = [byText(old ?? []), byText(ours ?? []), byText(theirs ?? [])];
      const merged = new Map([...left, ...right]);
      for (const text of merged.keys()) {
        const isInBoth = left.has(text) && right.has(text);
        if (!isInBoth && base.has(text)) merged.delete(text);
      }
      const isRemoved = old !== undefined && (ours === undefined || theirs === undefined);
      return isRemoved && merged.size === 0 ? undefined : inOrder(merged);
    },
  };
}

/** The elements by their canonical texts. */
function byText<T extends Json>(elements: readonly T[]): Map<string, T> {
  if (!Array.isArray(elements)) throw new TypeError(`A set must be an array, not ${describe(elements)}.`);
  return new Map(elements.map((element) => [canonicalJson(element, "A set", MAX_DEPTH), element]));
}

function inOrder<T>(elements: ReadonlyMap<string, T>): T[] {
  return [...elements].sort(([a], [b]) => compareText(a, b)).map(([, element]) => element);
}
