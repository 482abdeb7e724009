/** Merges of contents, key by key, and the rules that decide them. */
import { compareText } from "../../src/tree/key-bytes.ts";
import type { Token } from "./values.ts";

export type Contents = ReadonlyMap<string, string>;

export interface ModelConflict {
  readonly key: string;
  readonly old: Token;
  readonly ours: Token;
  readonly theirs: Token;
  readonly failed: boolean;
}

/** A merge rule: for a side, or what becomes of the three values. */
export type ModelRule = "ours" | "theirs" | ((old: Token, ours: Token, theirs: Token) => Token);

export interface ModelRules {
  readonly byKey: ReadonlyMap<string, ModelRule>;
  readonly byPrefix: ReadonlyMap<string, ModelRule>;
  readonly fallback: ModelRule | undefined;
}

/** Which rule decides a key. */
interface Rules {
  /** That both sides changed. */
  forBoth(key: string): ModelRule | undefined;
  /** That one side changed: the side that owns it. */
  forOne(key: string): "ours" | "theirs" | undefined;
}

/** What a merge starts from: with several lowest common ancestors, they may disagree about keys. */
export interface Base {
  readonly contents: Contents;
  readonly contested: ReadonlySet<string>;
}

export interface Merged {
  readonly contents: Contents;
  readonly autoMergedKeys: readonly string[];
  readonly resolvedKeys: readonly string[];
  readonly carriedKeys: readonly string[];
  readonly conflicts: readonly ModelConflict[];
}

export const NO_RULES: Rules = { forBoth: () => undefined, forOne: () => undefined };

/** The rules of a handle and a call, the call's before the handle's: for the key, for its longest prefix, for all. */
export function rulesOf(handle: ModelRules, call: ModelRules): Rules {
  const ofKey = (key: string): ModelRule | undefined => call.byKey.get(key) ?? handle.byKey.get(key);
  const ofPrefix = (key: string): ModelRule | undefined => longest(call.byPrefix, key) ?? longest(handle.byPrefix, key);
  return {
    forBoth: (key) => ofKey(key) ?? ofPrefix(key) ?? call.fallback ?? handle.fallback,
    forOne(key) {
      const rule = ofKey(key) === undefined ? ofPrefix(key) : undefined;
      return typeof rule === "string" ? rule : undefined;
    },
  };
}

function longest(byPrefix: ReadonlyMap<string, ModelRule>, key: string): ModelRule | undefined {
  const [found] = [...byPrefix].filter(([prefix]) => key.startsWith(prefix)).sort(([a], [b]) => b.length - a.length);
  return found?.[1];
}

/** What a key that both sides changed becomes. */
function decide(rule: ModelRule | undefined, old: Token, ours: Token, theirs: Token): { value: Token } | "conflict" {
  if (rule === undefined) return ours === theirs ? { value: ours } : "conflict";
  if (rule === "ours") return { value: ours };
  if (rule === "theirs") return { value: theirs };
  try {
    return { value: rule(old, ours, theirs) };
  } catch {
    return "conflict";
  }
}

/** The three-way merge. */
export function mergeContents(base: Base, ours: Contents, theirs: Contents, rules: Rules): Merged {
  const keys = new Set([...base.contents.keys(), ...ours.keys(), ...theirs.keys(), ...base.contested]);
  return merge(keys, base, ours, theirs, rules);
}

/** What happened between two contents, done to a third one: a merge of the keys in question, but for those that are done already. */
export function replayContents(from: Contents, to: Contents, onto: Contents, rules: Rules): Merged {
  const keys = [...new Set([...from.keys(), ...to.keys()])].filter((key) => from.get(key) !== to.get(key));
  const open = keys.filter((key) => onto.get(key) !== to.get(key));
  const merged = merge(open, { contents: from, contested: new Set() }, onto, to, rules);
  const contents = new Map(onto);
  for (const key of open) {
    const value = merged.contents.get(key);
    if (value === undefined) contents.delete(key);
    else contents.set(key, value);
  }
  return { ...merged, contents };
}

/** What becomes of keys. */
function merge(keys: Iterable<string>, base: Base, ours: Contents, theirs: Contents, rules: Rules): Merged {
  const contents = new Map<string, string>();
  const autoMergedKeys: string[] = [];
  const resolvedKeys: string[] = [];
  const carriedKeys: string[] = [];
  const conflicts: ModelConflict[] = [];
  for (const key of [...keys].sort(compareText)) {
    const [old, our, their] = [base.contents.get(key), ours.get(key), theirs.get(key)];
    const isContested = base.contested.has(key);
    const weDid = isContested || our !== old;
    const theyDid = isContested || their !== old;
    const owner = weDid === theyDid ? undefined : rules.forOne(key);
    let value = weDid ? our : their;
    if (owner !== undefined) value = owner === "ours" ? our : their;
    if (weDid || owner !== undefined) autoMergedKeys.push(key);
    else if (theyDid) carriedKeys.push(key);
    if (owner !== undefined) resolvedKeys.push(key);
    const isGone = our === undefined && their === undefined;
    if (weDid && theyDid && !isGone) {
      const rule = rules.forBoth(key);
      const decided = decide(rule, old, our, their);
      if (decided === "conflict") conflicts.push({ key, old, ours: our, theirs: their, failed: rule !== undefined });
      else value = decided.value;
      if (rule !== undefined) resolvedKeys.push(key);
    }
    if (value !== undefined) contents.set(key, value);
  }
  return { contents, autoMergedKeys, resolvedKeys, carriedKeys, conflicts };
}

export function equal(a: Contents, b: Contents): boolean {
  if (a.size !== b.size) return false;
  for (const [key, token] of a) if (b.get(key) !== token) return false;
  return true;
}
