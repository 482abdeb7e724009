import { describe } from "../bytes.ts";
import { isPlainObject, type Json } from "../commit/json.ts";
import { FieldConflictError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import type { ContentType } from "../versioned/content-type.ts";
import { checkRule, type FieldRule } from "./field-rule.ts";
import { json } from "./json.ts";
import { isEqual, JsonMerge } from "./json-merge.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** How the fields of objects are merged. */
export interface ObjectOptions<T extends object> {
  /** The rules of fields by their names. */
  readonly fields?: { readonly [K in keyof NoInfer<T>]?: FieldRule<Exclude<NoInfer<T>[K], undefined>> };
  /** The rule of all other fields; without it equal values are taken, objects are merged field by field, and the rest is a conflict. */
  readonly others?: FieldRule<Exclude<NoInfer<T>[keyof NoInfer<T>], undefined>>;
  /** Any Standard Schema that answers synchronously, and that takes what it gives. Also what a merge gives must fit it. */
  readonly schema?: StandardSchema<T>;
}

/**
 * JSON objects that are merged field by field: a field that one side changed is taken, also its removal; one that both
 * changed is decided by its rule. Without a rule equal values are taken. An object that was one in the base, too, is merged
 * field by field again, and anything else is a conflict: arrays, text, and a field that both sides have added differently.
 *
 * In a merge an object that was absent in the base had no fields. A side that removed the object conflicts with one that
 * changed it.
 *
 * Its `encode` and `decode` throw as those of `json()`, and a `TypeError` for what is no object; its `merge` throws a
 * `FieldConflictError` with all fields in conflict. In a merge of commits that makes the key a conflict.
 *
 * @throws TypeError for a rule or a schema that is none
 *
 * @example
 * import { object, set } from "vkv";
 *
 * const page = object<{ title: string; views: number; tags: string[] }>({ fields: { views: "sum", tags: set() } });
 * const base = { title: "Plan", views: 1, tags: ["a"] };
 * const merged = await page.merge(base, { ...base, views: 3 }, { ...base, title: "The plan", views: 2, tags: ["a", "b"] });
 * merged; // → { title: "The plan", views: 4, tags: ["a", "b"] }
 */
export function object<T extends object = { readonly [name: string]: Json }>(
  options: ObjectOptions<T> = {},
): ContentType<NoInfer<T>> {
  checkOptions(options, "object");
  const { fields = {}, others, schema } = options;
  checkOptions(fields, "object's fields");
  const rules = new Map(
    Object.entries(fields).map(([name, rule]) => {
      checkRule(rule, `The rule of ${JSON.stringify(name)}`);
      return [name, rule] as const;
    }),
  );
  if (others !== undefined) checkRule(others, "others");
  const values = json<T>(schema === undefined ? {} : { schema });

  return {
    encode: (value) => values.encode(checked(value)),
    decode: (bytes) => checked(values.decode(bytes)),
    async merge(old, ours, theirs) {
      for (const side of [old, ours, theirs]) if (side !== undefined) checked(side);
      if (ours === undefined && theirs === undefined) return undefined;
      if (ours === undefined || theirs === undefined) {
        if (old !== undefined && isEqual(old, ours ?? theirs)) return undefined;
        throw new FieldConflictError([{ path: [], old, ours, theirs }]);
      }
      const merge = new JsonMerge();
      const ruleOf = (name: string) => rules.get(name) ?? others;
      const merged = await merge.fields([], old ?? {}, ours, theirs, ruleOf);
      merge.finish();
      return merged as T;
    },
  };
}

function checked<T>(value: T): T {
  if (!isPlainObject(value)) throw new TypeError(`The value must be an object, not ${describe(value)}.`);
  return value;
}
