import { checkKey, describe } from "../bytes.ts";
import { MAX_KEY_BYTES } from "../tree/key-bytes.ts";
import type { MergeOptions, Rule, Rules } from "./types.ts";

/** The rules of one merge. */
export interface KeyRules {
  /** The rule for a key that both sides changed. */
  forBoth(key: string): Rule | undefined;
  /** Whose value a key has that only one side changed, if a prefix decides that. */
  forOne(key: string): "ours" | "theirs" | undefined;
}

/** Keys without rules. */
export const NO_RULES: KeyRules = { forBoth: () => undefined, forOne: () => undefined };

/** The merge rules of a handle. */
export class MergeRules {
  readonly #byKey: Map<string, Rule> = new Map();
  readonly #byPrefix: PrefixRules = new PrefixRules();
  #fallback: Rule | undefined;

  setKey(key: string, rule: Rule): void {
    this.#byKey.set(key, checkRule(rule));
  }

  setPrefix(prefix: string, rule: Rule): void {
    this.#byPrefix.set(checkPrefix(prefix), checkRule(rule));
  }

  setDefault(rule: Rule): void {
    this.#fallback = checkRule(rule);
  }

  /** A copy that later changes do not reach. */
  copy(): MergeRules {
    const rules = new MergeRules();
    for (const [key, rule] of this.#byKey) rules.setKey(key, rule);
    for (const [prefix, rule] of this.#byPrefix.entries()) rules.setPrefix(prefix, rule);
    rules.#fallback = this.#fallback;
    return rules;
  }

  /**
   * The rules of a merge with these options. For each key: the call's for the key, the handle's for the key, the call's for
   * its longest prefix, the handle's for its longest prefix, the call's default, the handle's default.
   */
  forMerge(options: MergeOptions): KeyRules {
    const called = new Map(ruleEntries("mergeFns", options.mergeFns));
    const prefixes = new PrefixRules(prefixEntries("mergePrefixes", options.mergePrefixes));
    const fallback = options.defaultMerge === undefined ? this.#fallback : checkRule(options.defaultMerge);
    const ofKey = (key: string): Rule | undefined => called.get(key) ?? this.#byKey.get(key);
    const ofPrefix = (key: string): Rule | undefined => prefixes.find(key) ?? this.#byPrefix.find(key);
    return {
      forBoth: (key) => ofKey(key) ?? ofPrefix(key) ?? fallback,
      forOne(key) {
        const rule = ofKey(key) === undefined ? ofPrefix(key) : undefined;
        return typeof rule === "string" ? rule : undefined;
      },
    };
  }
}

/** Rules by prefix. */
class PrefixRules {
  readonly #rules: Map<string, Rule> = new Map();
  /** The lengths of the prefixes, the longest first. */
  #lengths: number[] = [];

  constructor(entries: Iterable<readonly [string, Rule]> = []) {
    for (const [prefix, rule] of entries) this.set(prefix, rule);
  }

  set(prefix: string, rule: Rule): void {
    this.#rules.set(prefix, rule);
    if (!this.#lengths.includes(prefix.length)) {
      this.#lengths = [...this.#lengths, prefix.length].sort((a, b) => b - a);
    }
  }

  entries(): Iterable<[string, Rule]> {
    return this.#rules;
  }

  /** The rule of the longest prefix of a key. */
  find(key: string): Rule | undefined {
    for (const length of this.#lengths) {
      const rule = length <= key.length ? this.#rules.get(key.slice(0, length)) : undefined;
      if (rule !== undefined) return rule;
    }
    return undefined;
  }
}

/** Rules by key as pairs, each checked. */
export function ruleEntries(name: string, rules: Rules | undefined): [string, Rule][] {
  const entries = entriesOf(name, rules);
  for (const [key, rule] of entries) {
    checkKey(key, MAX_KEY_BYTES);
    checkRule(rule);
  }
  return entries;
}

/** Rules by prefix as pairs, each checked. */
export function prefixEntries(name: string, rules: Rules | undefined): [string, Rule][] {
  const entries = entriesOf(name, rules);
  for (const [prefix, rule] of entries) {
    checkPrefix(prefix);
    checkRule(rule);
  }
  return entries;
}

function entriesOf(name: string, rules: Rules | undefined): [string, Rule][] {
  if (rules === undefined) return [];
  if (typeof rules !== "object" || rules === null) {
    throw new TypeError(`${name} must be a Map or an object of rules, not ${describe(rules)}.`);
  }
  return rules instanceof Map ? [...rules] : Object.entries(rules);
}

/** A prefix is what a key can begin with; the empty one is a prefix of every key. */
function checkPrefix(prefix: string): string {
  if (prefix !== "") checkKey(prefix, MAX_KEY_BYTES);
  return prefix;
}

function checkRule(rule: Rule): Rule {
  if (typeof rule === "function" || rule === "ours" || rule === "theirs") return rule;
  throw new TypeError(`A merge rule must be a function, "ours" or "theirs", not ${describe(rule)}.`);
}
