/** What the types must accept and refuse. Nothing here runs: `npm run check:types` fails where an expectation is wrong. */
import {
  type Awaitable,
  type Change,
  type DiffResult,
  type Entries,
  type Info,
  type Keys,
  KVStore,
  Memory,
  type MergeFn,
  type MergeResult,
  type Rule,
  type Source,
  Versioned,
} from "vkv";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function expectType<Expected>(): <Actual>(
  actual: Actual,
  ...proof: Same<Expected, Actual> extends true ? [] : [never]
) => void;
declare const bytes: Uint8Array;
declare const v: Versioned;
declare const store: KVStore;

export class SyncStore extends KVStore {
  override get(_key: string): Uint8Array | undefined {
    return undefined;
  }
  override set(_key: string, _value: Uint8Array): void {}
  override remove(_key: string): void {}
  override *keys(_prefix?: string): Generator<string> {}
  override cas(_key: string, _value: Uint8Array | undefined, _expected: Uint8Array | undefined): boolean {
    return true;
  }
}

export class AsyncStore extends KVStore {
  override async get(_key: string): Promise<Uint8Array | undefined> {
    return undefined;
  }
  override async set(_key: string, _value: Uint8Array): Promise<void> {}
  override async remove(_key: string): Promise<void> {}
  override async *keys(_prefix?: string): AsyncGenerator<string> {}
  override async cas(
    _key: string,
    _value: Uint8Array | undefined,
    _expected: Uint8Array | undefined,
  ): Promise<boolean> {
    return true;
  }
}

// @ts-expect-error: a backend writes all five methods
export class LackingStore extends KVStore {
  override get(_key: string): undefined {}
}

export const keys: Keys[] = [["a"], new Set(["a"]), new Map<string, number>().keys()];
// @ts-expect-error: a bare string is no list of keys
export const bareString: Keys = "abc";
// @ts-expect-error: nor is a list of numbers
export const numbers: Keys = [1];

export const entries: Entries[] = [{ a: bytes }, new Map([["a", bytes]]), [["a", bytes]]];
// @ts-expect-error: values are bytes
export const texts: Entries = { a: "text" };
// @ts-expect-error: a bare string is no list of entries
export const bareEntries: Entries = "abc";

export const info: Info = { by: "me", n: 1, list: [null, true, { deep: [] }] };
// @ts-expect-error: info is JSON
export const dated: Info = { at: new Date() };
// @ts-expect-error: undefined is no JSON
export const absent: Info = { x: undefined };

export const rules: Rule[] = [
  "ours",
  "theirs",
  () => undefined,
  async (_old, ours) => ours,
  (_old, _ours, theirs) => theirs,
];
// @ts-expect-error: there is no such rule
export const unknownRule: Rule = "mine";
// @ts-expect-error: a merge function gives bytes
export const wrongMerge: MergeFn = () => "text";

export const sources: Source[] = ["main", { branch: "main" }, { tag: "v1" }, { commit: "00" }];
// @ts-expect-error: one of the three
export const wrongSource: Source = { remote: "x" };

expectType<Awaitable<Uint8Array | undefined>>()(store.get("k"));
expectType<Uint8Array | undefined>()(new Memory().get("k"));
new Memory().memory satisfies ReadonlyMap<string, Uint8Array>;
expectType<Promise<Versioned>>()(Versioned.open());
expectType<Promise<Versioned>>()(Versioned.open(store, { branch: "b", create: false }));
expectType<Promise<string[]>>()(Versioned.branches(store));
expectType<Promise<Uint8Array | undefined>>()(v.get("k"));
expectType<Promise<Map<string, Uint8Array>>>()(v.getMany(["k"]));
expectType<Promise<string>>()(v.snapshot({ a: bytes }, { removals: ["b"], info: { by: "me" } }));
expectType<Promise<string>>()(v.snapshot(null, { info: {} }));
expectType<Promise<MergeResult>>()(v.merge({ onConflict: "abandon", mergeFns: { a: "ours" }, retries: 3 }));
expectType<Promise<DiffResult>>()(v.diff("a", "b"));
expectType<Promise<Versioned | undefined>>()(v.checkout("00"));
expectType<Promise<number>>()(v.transact(async (own) => await own.size()));
expectType<MergeResult | undefined>()(v.lastMergeResult);

// @ts-expect-error: a bare string is no list of keys
void v.getMany("abc");
// @ts-expect-error: an option that is not there
void v.merge({ onConflicts: "throw" });
// @ts-expect-error: undefined is not "not given"
void v.merge({ retries: undefined });
// @ts-expect-error: the place of a handle is moved by its methods only
v.currentCommit = "00";

export async function iterate(): Promise<void> {
  for await (const key of v.keys({ prefix: "a", limit: 3 })) expectType<string>()(key);
  for await (const entry of v.entries()) expectType<[string, Uint8Array]>()(entry);
  for await (const change of v.changes("a", "b")) expectType<Change>()(change);
  for await (const commit of v.history({ allParents: true })) expectType<string>()(commit);
}
export async function results(): Promise<void> {
  const { added } = await v.diff("a", "b");
  // @ts-expect-error: results are read-only
  added.add("k");
  const { autoMergedKeys, strategy } = await v.merge();
  // @ts-expect-error: results are read-only
  autoMergedKeys.push("k");
  expectType<"no_op" | "fast_forward" | "three_way">()(strategy);
}
