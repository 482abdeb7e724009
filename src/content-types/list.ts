import { describe } from "../bytes.ts";
import { isPlainObject, type Json } from "../commit/json.ts";
import { FieldConflictError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import type { ContentType } from "../versioned/content-type.ts";
import { checkRule, type FieldRule } from "./field-rule.ts";
import { json } from "./json.ts";
import { isEqual, JsonMerge } from "./json-merge.ts";
import { type Id, mergeOrder } from "./list-order.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** What the elements of a list are like, and how they are merged. */
export interface ListOptions<T extends object> {
  /** The field that tells elements apart: in each element a string or a number that no other element has. */
  readonly id: keyof NoInfer<T> & string;
  /** The rule of elements; without it they are merged field by field, as the objects in an `object()` without rules. */
  readonly element?: FieldRule<NoInfer<T>>;
  /** Any Standard Schema of the whole list that answers synchronously, and that takes what it gives. */
  readonly schema?: StandardSchema<readonly T[]>;
}

/**
 * Arrays of JSON objects that are merged element by element: which element is which is told by a field of theirs. Elements
 * that a side added or removed are added or removed; those that both sides changed are decided by the rule of elements.
 *
 * The order is that of the side that moved elements, if only one did; both moving them differently is a conflict. An
 * added element comes behind the one that it was put behind; where both sides added some, those come first whose first id is
 * smaller. The result does not depend on which side is which.
 *
 * In a merge a list that was absent in the base was empty. A side that removed the list conflicts with one that changed it.
 *
 * Its `encode` and `decode` throw as those of `json()`, and a `TypeError` for what is no array of objects, each with an id
 * of its own; its `merge` throws a `FieldConflictError` with all parts in conflict. In a merge of commits that makes the key a conflict.
 *
 * @throws TypeError for an id that is no name of a field, a rule or a schema that is none
 *
 * @example
 * import { list } from "vkv";
 *
 * const todos = list<{ id: string; title: string; done: boolean }>({ id: "id" });
 * const tea = { id: "1", title: "tea", done: false };
 * const milk = { id: "2", title: "milk", done: false };
 * const merged = await todos.merge([tea], [{ ...tea, done: true }], [tea, milk]);
 * merged; // → [{ id: "1", title: "tea", done: true }, { id: "2", title: "milk", done: false }]
 */
export function list<T extends object = { readonly [name: string]: Json }>(
  options: ListOptions<T>,
): ContentType<readonly NoInfer<T>[]> {
  checkOptions(options, "list");
  const { id, element, schema } = options;
  if (typeof id !== "string") throw new TypeError(`id must be the name of a field, not ${describe(id)}.`);
  if (element !== undefined) checkRule(element, "element");
  const values = json<readonly T[]>(schema === undefined ? {} : { schema });
  const checked = (value: readonly T[]): readonly T[] => {
    byId(value, id);
    return value;
  };

  return {
    encode: (value) => values.encode(checked(value)),
    decode: (bytes) => checked(values.decode(bytes)),
    async merge(old, ours, theirs) {
      const [base, left, right] = [byId(old ?? [], id), byId(ours ?? [], id), byId(theirs ?? [], id)];
      if (ours === undefined && theirs === undefined) return undefined;
      if (ours === undefined || theirs === undefined) {
        if (old !== undefined && isEqual(old, ours ?? theirs)) return undefined;
        throw new FieldConflictError([{ path: [], old, ours, theirs }]);
      }
      const merge = new JsonMerge();
      const merged = new Map<Id, unknown>();
      for (const key of new Set([...base.keys(), ...left.keys(), ...right.keys()])) {
        const part = { path: [key], old: base.get(key), ours: left.get(key), theirs: right.get(key) };
        const value = await merge.part(part, element);
        if (value !== undefined) merged.set(key, value);
      }
      merge.finish();
      const kept = (side: ReadonlyMap<Id, T>): Id[] => [...side.keys()].filter((key) => merged.has(key));
      const order = mergeOrder(kept(base), kept(left), kept(right));
      if (order === undefined) {
        const error = new Error("Both sides put the elements in another order.");
        throw new FieldConflictError([{ path: [], old, ours, theirs, error }]);
      }
      return order.map((key) => merged.get(key) as T);
    },
  };
}

/** The elements by their ids. */
function byId<T extends object>(elements: readonly T[], name: string): Map<Id, T> {
  if (!Array.isArray(elements)) throw new TypeError(`A list must be an array, not ${describe(elements)}.`);
  const found = new Map<Id, T>();
  for (const element of elements) {
    const id: unknown = isPlainObject(element) && Object.hasOwn(element, name) ? element[name] : undefined;
    if (typeof id !== "string" && typeof id !== "number") {
      throw new TypeError(`An element of the list has no ${JSON.stringify(name)} that is a string or a number.`);
    }
    if (found.has(id)) throw new TypeError(`Two elements of the list have the ${name} ${JSON.stringify(id)}.`);
    found.set(id, element);
  }
  return found;
}
