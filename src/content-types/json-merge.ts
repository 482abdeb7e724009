import { describe } from "../bytes.ts";
import { canonicalJson, isPlainObject } from "../commit/json.ts";
import { type FieldConflict, FieldConflictError } from "../errors.ts";
import type { AnyRule } from "./field-rule.ts";
import { MAX_DEPTH } from "./json.ts";

/** A part of a value in the base and on both sides; `undefined`: absent or removed. */
export interface Part {
  readonly path: readonly (string | number)[];
  readonly old: unknown;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** Merges the parts of a JSON value, and notes those that are in conflict, so that all of them can be shown at once. */
export class JsonMerge {
  readonly #conflicts: FieldConflict[] = [];

  /** Throws a `FieldConflictError` if parts were in conflict. */
  finish(): void {
    if (this.#conflicts.length > 0) throw new FieldConflictError(this.#conflicts);
  }

  /**
   * What a part becomes: what one side changed is taken; what both did is decided by `rule`. Without one, equal values are
   * taken, objects that were objects in the base are merged field by field, and anything else is a conflict.
   */
  async part(part: Part, rule: AnyRule | undefined): Promise<unknown> {
    const { path, old, ours, theirs } = part;
    if (path.length > MAX_DEPTH) throw new RangeError(`A value is nested more than ${MAX_DEPTH} levels deep.`);
    if (rule === undefined && isPlainObject(old) && isPlainObject(ours) && isPlainObject(theirs)) {
      return this.fields(path, old, ours, theirs, () => undefined);
    }
    if (isEqual(ours, old)) return theirs;
    if (isEqual(theirs, old)) return ours;
    if (ours === undefined && theirs === undefined) return undefined;
    if (rule === undefined) return isEqual(ours, theirs) ? ours : this.#conflict(part);
    if (rule === "ours" || rule === "theirs") return part[rule];
    try {
      if (rule === "sum") return sum(old, ours, theirs);
      return await rule.merge(old, ours, theirs);
    } catch (error) {
      return this.#conflict(part, error);
    }
  }

  /** The same for objects; `ruleOf` gives the rules of their fields. */
  async fields(
    path: readonly (string | number)[],
    old: object,
    ours: object,
    theirs: object,
    ruleOf: (name: string) => AnyRule | undefined,
  ): Promise<object> {
    const merged: [string, unknown][] = [];
    for (const name of new Set([old, ours, theirs].flatMap(Object.keys))) {
      const [before, left, right] = [field(old, name), field(ours, name), field(theirs, name)];
      const value = await this.part({ path: [...path, name], old: before, ours: left, theirs: right }, ruleOf(name));
      if (value !== undefined) merged.push([name, value]);
    }
    return Object.fromEntries(merged);
  }

  #conflict(part: Part, error?: unknown): undefined {
    if (error instanceof FieldConflictError) {
      // Of an object in this one: its conflicts are this one's, too, further in.
      this.#conflicts.push(...error.conflicts.map((inner) => ({ ...inner, path: [...part.path, ...inner.path] })));
    } else this.#conflicts.push(error === undefined ? part : { ...part, error });
  }
}

/** Whether two JSON values are equal, or both absent. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a, "A value", MAX_DEPTH) === canonicalJson(b, "A value", MAX_DEPTH);
}

/** A field of the object itself: never what every object inherits. */
function field(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/** What both sides added to a number; a side that has none added nothing. */
function sum(old: unknown, ours: unknown, theirs: unknown): number | undefined {
  const [before, left, right] = [old, ours, theirs].map(checkedNumber);
  if (left === undefined || right === undefined) return left ?? right;
  const total = left + right - (before ?? 0);
  if (!Number.isFinite(total)) throw new RangeError(`${left} and ${right} add up to more than a number can hold.`);
  return total;
}

function checkedNumber(value: unknown): number | undefined {
  if (value === undefined || typeof value === "number") return value;
  throw new TypeError(`A sum needs numbers, not ${describe(value)}.`);
}
