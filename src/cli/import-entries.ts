import type { Info, Versioned } from "../index.ts";
import type { Moved } from "./commit-changes.ts";
import { CliError, EXIT } from "./exit.ts";
import type { FoundEntry } from "./formats/entry.ts";
import { KEY_FORM, MAX_KEY_BYTES } from "./key-form.ts";
import type { Session } from "./session.ts";

/** How to import. */
export interface ImportPlan {
  /** What each commit says about itself. */
  readonly info: Info;
  /** What is put before each key. */
  readonly prefix: string;
  /** Whether keys under the prefix that are not imported are removed. */
  readonly replace: boolean;
  /** How many keys each commit has; all in one unless given. */
  readonly batch: number | undefined;
  /** Is told how many keys were read. */
  onEntry(done: number): void;
}

/** What an import did. */
export interface Imported extends Moved {
  /** How many keys were in the source. */
  readonly set: number;
  /** How many were removed. */
  readonly removed: number;
}

/**
 * Commits entries on the session's branch. The commits are published at the end, together: until then an interruption
 * leaves the branch as it was. Where others have published meanwhile, the two are merged.
 *
 * @throws MergeConflict if others changed the same keys meanwhile
 * @throws CliError for what can be no key, as soon as it is met
 */
export async function importEntries(
  session: Session,
  entries: AsyncIterable<FoundEntry>,
  plan: ImportPlan,
): Promise<Imported> {
  const { signal } = session;
  const { prefix, batch = Number.POSITIVE_INFINITY } = plan;
  const v = await session.open();
  const previous = v.currentCommit;
  const seen = new Set<string>();
  let updates = new Map<string, Uint8Array>();
  let set = 0;
  for await (const [name, value, where] of entries) {
    signal.throwIfAborted();
    const key = prefix + name;
    checkKey(key, where);
    updates.set(key, value);
    if (plan.replace) seen.add(key);
    plan.onEntry(++set);
    if (updates.size < batch) continue;
    await commit(v, updates, [], plan.info);
    updates = new Map();
  }
  signal.throwIfAborted();
  const removals = plan.replace ? await others(v, prefix, seen) : [];
  await commit(v, updates, removals, plan.info);
  signal.throwIfAborted();
  await v.merge({ info: plan.info });
  return { branch: v.branch, previous, commit: v.currentCommit, set, removed: removals.length };
}

/** The library would name the key alone, and not before all of them are read. */
function checkKey(key: string, where: string): void {
  if (key !== "" && key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES) return;
  const shown = JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key);
  throw new CliError(EXIT.trouble, `${where}: ${shown} is no key.`, KEY_FORM);
}

async function others(v: Versioned, prefix: string, seen: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of v.keys({ prefix })) if (!seen.has(key)) found.push(key);
  return found;
}

/** Makes a commit, if it changes anything: with `info`, `snapshot` would make one in any case. */
async function commit(
  v: Versioned,
  updates: ReadonlyMap<string, Uint8Array>,
  removals: string[],
  info: Info,
): Promise<void> {
  if (removals.length === 0 && (await isThere(v, updates))) return;
  await v.snapshot(updates, { removals, info });
}

async function isThere(v: Versioned, updates: ReadonlyMap<string, Uint8Array>): Promise<boolean> {
  const found = await v.getMany(updates.keys());
  return [...updates].every(([key, value]) => {
    const old = found.get(key);
    return old !== undefined && Buffer.compare(old, value) === 0;
  });
}
