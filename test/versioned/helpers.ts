import { type Info, Memory, Versioned } from "vkv";

/** The UTF-8 bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 bytes. */
export function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}

/** Changes as texts; `null` removes the key. */
export type Changes = Readonly<Record<string, string | null>>;

/** Makes a commit of changes. */
export function change(v: Versioned, changes: Changes, info?: Info): Promise<string> {
  const updates = new Map<string, Uint8Array>();
  const removals: string[] = [];
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) removals.push(key);
    else updates.set(key, bytes(value));
  }
  return v.snapshot(updates, info === undefined ? { removals } : { removals, info });
}

/** All keys with their values as texts. */
export async function contents(v: Versioned): Promise<Record<string, string | undefined>> {
  return Object.fromEntries((await v.entries().toArray()).map(([key, value]) => [key, text(value)]));
}

/** The contents of a commit, read by a handle of its own on what the store holds, without the caches of others. */
export async function storedContents(store: Memory, commit: string): Promise<Record<string, string | undefined>> {
  const copy = new Memory();
  for await (const [key, value] of store.entries()) copy.set(key, value);
  const v = await (await Versioned.open(copy)).checkout(commit);
  if (v === undefined) throw new Error(`There is no commit ${commit}.`);
  return contents(v);
}

/** The contents of a branch's HEAD, without the caches of others. */
export async function publishedContents(store: Memory, branch = "main"): Promise<Record<string, string | undefined>> {
  const v = await Versioned.open(store, { branch, create: false });
  return storedContents(store, v.currentCommit);
}

/** A store with a published base, and two handles on it with local work; *theirs* is published, *ours* is not. */
export async function diverged(
  base: Changes,
  ours: Changes,
  theirs: Changes,
): Promise<{ store: Memory; ours: Versioned; theirs: Versioned; base: string }> {
  const store = new Memory();
  const first = await Versioned.open(store);
  await change(first, base);
  await first.merge();
  const [mine, others] = await Promise.all([Versioned.open(store), Versioned.open(store)]);
  await change(mine, ours);
  await change(others, theirs);
  await others.merge();
  return { store, ours: mine, theirs: others, base: first.currentCommit };
}

/** What a promise rejects with. Fails if it does not. */
export async function failure(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return error;
  }
  throw new Error("It was expected to fail, and did not.");
}

/** The same, for an error of one class. */
export async function failureOf<E>(
  type: new (...args: never[]) => E,
  work: Promise<unknown> | (() => unknown),
): Promise<E> {
  const error = await failure(work);
  if (error instanceof type) return error;
  throw new Error(`It failed with another error than ${type.name}.`, { cause: error });
}
