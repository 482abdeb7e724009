import { checkKey, describe } from "../bytes.ts";
import { MAX_KEY_BYTES } from "../tree/key-bytes.ts";
import type { MergeOptions, Rule, Rules } from "./types.ts";

/** The merge rules of a handle. */
export class MergeRules {
  readonly #byKey: Map<string, Rule> = new Map();
  #fallback: Rule | undefined;

  setKey(key: string, rule: Rule): void {
    this.#byKey.set(key, checkRule(rule));
  }

  setDefault(rule: Rule): void {
    this.#fallback = checkRule(rule);
  }

  /** A copy that later changes do not reach. */
  copy(): MergeRules {
    const rules = new MergeRules();
    for (const [key, rule] of this.#byKey) rules.setKey(key, rule);
    rules.#fallback = this.#fallback;
    return rules;
  }

  /** The rule for each key in a merge with these options: the call's for the key, the handle's, the call's default, the handle's. */
  forMerge(options: MergeOptions): (key: string) => Rule | undefined {
    const called = new Map(ruleEntries("mergeFns", options.mergeFns));
    const fallback = options.defaultMerge === undefined ? this.#fallback : checkRule(options.defaultMerge);
    return (key) => called.get(key) ?? this.#byKey.get(key) ?? fallback;
  }
}

/** Rules as pairs, each checked. */
export function ruleEntries(name: string, rules: Rules | undefined): [string, Rule][] {
  if (rules === undefined) return [];
  if (typeof rules !== "object" || rules === null) {
    throw new TypeError(`${name} must be a Map or an object of rules, not ${describe(rules)}.`);
  }
  const entries: [string, Rule][] = rules instanceof Map ? [...rules] : Object.entries(rules);
  for (const [key, rule] of entries) {
    checkKey(key, MAX_KEY_BYTES);
    checkRule(rule);
  }
  return entries;
}

function checkRule(rule: Rule): Rule {
  if (typeof rule === "function" || rule === "ours" || rule === "theirs") return rule;
  throw new TypeError(`A merge rule must be a function, "ours" or "theirs", not ${describe(rule)}.`);
}
