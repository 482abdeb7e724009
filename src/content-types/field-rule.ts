import { describe } from "../bytes.ts";
import type { Awaitable } from "../kv/store.ts";

/**
 * What a part of a JSON value becomes that both sides of a merge changed, also when they changed it alike: the value of
 * one side, for numbers the sum of what both added, or what a function says. Content types of JSON values can be rules:
 * `text()`, `set()`, `object()`, `list()`, `json({ merge })`.
 */
export type FieldRule<T> =
  | "ours"
  | "theirs"
  | (T extends number ? "sum" : never)
  | {
      /** `undefined` in: absent or removed on that side, out: remove the field. What it throws is in the conflict. */
      merge(old: T | undefined, ours: T | undefined, theirs: T | undefined): Awaitable<Readonly<T> | undefined>;
    };

/** A rule, whatever it is for. */
export type AnyRule = "ours" | "theirs" | "sum" | { merge(old: unknown, ours: unknown, theirs: unknown): unknown };

/** Throws a `TypeError` unless `rule` is one. */
export function checkRule(rule: unknown, name: string): asserts rule is AnyRule {
  if (rule === "ours" || rule === "theirs" || rule === "sum") return;
  if (typeof rule === "object" && rule !== null && "merge" in rule && typeof rule.merge === "function") return;
  throw new TypeError(
    `${name} must be "ours", "theirs", "sum" or an object with a method merge, not ${describe(rule)}.`,
  );
}
