import { describe } from "../bytes.ts";
import { InvalidKeyError, InvalidNamespaceError } from "../errors.ts";
import { type Entries, entryList, type Keys, keyList } from "../kv/store.ts";
import type { ContentType } from "./content-type.ts";
import { Handle } from "./handle.ts";
import { Paged } from "./paged.ts";
import { prefixEntries, ruleEntries } from "./rules.ts";
import type { KeyRange, MergeOptions, MergeResult, Rule, SnapshotOptions, TransactOptions } from "./types.ts";

/** How many keys of a nested namespace are passed over one by one before the rest is skipped with a seek. */
const WALKED = 64;

/**
 * A view of the keys under `name/` of a versioned store: the prefix is added to the keys it is given, and taken off
 * those it gives. What it commits and merges is the store's. `V` is the class of that store's handle.
 *
 * Its methods throw as those of the handle; and `InvalidKeyError` for a key that is empty, or longer than 4,096 UTF-8 bytes
 * together with the prefix.
 *
 * @example
 * import { Namespaced, Versioned } from "vkv";
 *
 * const v = await Versioned.open();
 * const agent = new Namespaced(v, "agent");
 * await agent.snapshot({ state: new Uint8Array([1]) });
 * await v.has("agent/state"); // → true
 */
export class Namespaced<V extends Handle = Handle> {
  /** The full path, as `"agent/worker"`. */
  readonly namespace: string;
  /** The handle below all namespaces. */
  readonly baseStore: V;
  readonly #prefix: string;

  /**
   * Makes a view; nothing is read or written.
   *
   * @param store a `Versioned`, or a `Namespaced` to nest in
   * @throws InvalidNamespaceError for a name that is empty, holds a `/` or is not well-formed; TypeError for any other store
   */
  constructor(store: V | Namespaced<V>, name: string) {
    if (!(store instanceof Namespaced || store instanceof Handle)) {
      throw new TypeError(`A namespace is of a Versioned or a Namespaced, not of ${describe(store)}.`);
    }
    if (typeof name !== "string") throw new TypeError(`A namespace's name must be a string, not ${describe(name)}.`);
    if (name.length === 0) throw new InvalidNamespaceError(name, "it is empty");
    if (name.includes("/")) throw new InvalidNamespaceError(name, "it holds a /");
    if (!name.isWellFormed()) throw new InvalidNamespaceError(name, "it has a lone surrogate");
    this.namespace = store instanceof Namespaced ? `${store.namespace}/${name}` : name;
    this.baseStore = store instanceof Namespaced ? store.baseStore : store;
    this.#prefix = `${this.namespace}/`;
  }

  /**
   * A namespace inside this one.
   *
   * @throws InvalidNamespaceError for a name that is empty, holds a `/` or is not well-formed
   */
  child(name: string): Namespaced<V> {
    return new Namespaced<V>(this, name);
  }

  /** The id of the commit that reads see. */
  get currentCommit(): string {
    return this.baseStore.currentCommit;
  }

  /** The id of the branch's HEAD as the store's handle last knew it. */
  get baseCommit(): string {
    return this.baseStore.baseCommit;
  }

  /** What the last merge of the store's handle gave, as `Versioned.lastMergeResult`. */
  get lastMergeResult(): MergeResult | undefined {
    return this.baseStore.lastMergeResult;
  }

  /** A copy of the value of `key`; `undefined` if there is none. */
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.baseStore.get(this.#full(key));
  }

  /** Copies of the values of those of `keys` that are there. */
  async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const found = await this.baseStore.getMany(Array.from(keyList(keys), (key) => this.#full(key)));
    return new Map(Array.from(found, ([key, value]) => [this.#short(key), value]));
  }

  /** Whether `key` is there. */
  async has(key: string): Promise<boolean> {
    return this.baseStore.has(this.#full(key));
  }

  /** The keys right in this namespace, not those of nested ones, in code-point order. */
  keys(): Paged<string> {
    return this.#children(
      (range) => this.baseStore.keys(range),
      (key) => key,
      (key) => this.#short(key),
    );
  }

  /** The keys right in this namespace with copies of their values, in code-point order. */
  entries(): Paged<[string, Uint8Array]> {
    return this.#children(
      (range) => this.baseStore.entries(range),
      ([key]) => key,
      ([key, value]) => [this.#short(key), value],
    );
  }

  /** All keys under this namespace, those of nested ones too, in code-point order. */
  descendantKeys(): Paged<string> {
    const keys = this.baseStore.keys({ prefix: this.#prefix, gt: this.#prefix });
    return keys.map((key) => this.#short(key));
  }

  /** All keys under this namespace with copies of their values, in code-point order. */
  descendantEntries(): Paged<[string, Uint8Array]> {
    const entries = this.baseStore.entries({ prefix: this.#prefix, gt: this.#prefix });
    return entries.map(([key, value]) => [this.#short(key), value]);
  }

  /** Makes a commit of changes, as `Versioned.snapshot`, to keys of this namespace. */
  async snapshot(updates?: Entries | null, options: SnapshotOptions = {}): Promise<string> {
    const full = updates && Array.from(entryList(updates), ([key, value]) => [this.#full(key), value] as const);
    const { removals } = options;
    if (removals === undefined) return this.baseStore.snapshot(full, options);
    const fullRemovals = Array.from(keyList(removals), (key) => this.#full(key));
    return this.baseStore.snapshot(full, { ...options, removals: fullRemovals });
  }

  /** Publishes the store's local work, as `Versioned.merge`. The keys of `mergeFns` and `mergePrefixes` are this namespace's; the result names full keys. */
  async merge(options: MergeOptions = {}): Promise<MergeResult> {
    const { mergeFns, mergePrefixes, ...others } = options;
    const full = (entries: [string, Rule][]): Map<string, Rule> =>
      new Map(entries.map(([key, rule]) => [this.#prefix + key, rule]));
    return this.baseStore.merge({
      ...others,
      ...(mergeFns && { mergeFns: full(ruleEntries("mergeFns", mergeFns)) }),
      ...(mergePrefixes && { mergePrefixes: full(prefixEntries("mergePrefixes", mergePrefixes)) }),
    });
  }

  /** Runs `work` on a private view of this namespace at HEAD, and publishes what it did, as `Versioned.transact`. */
  transact<T>(work: (namespace: Namespaced<V>) => Promise<T>, options?: TransactOptions): Promise<T> {
    return this.baseStore.transact((handle) => {
      const [first = "", ...names] = this.namespace.split("/");
      const outermost = new Namespaced<V>(handle as V, first);
      return work(names.reduce((namespace, name) => namespace.child(name), outermost));
    }, options);
  }

  /** Sets the handle's rule for a key of this namespace. */
  setMergeFn(key: string, rule: Rule): void {
    this.baseStore.setMergeFn(this.#full(key), rule);
  }

  /** Sets the handle's rule for keys of this namespace that begin with a prefix, as `Versioned.setMergePrefix`. */
  setMergePrefix(prefix: string, rule: Rule): void {
    if (typeof prefix !== "string") throw new TypeError(`A prefix must be a string, not ${describe(prefix)}.`);
    this.baseStore.setMergePrefix(this.#prefix + prefix, rule);
  }

  /** Sets the handle's rule for keys that have none, in the whole store. */
  setDefaultMerge(rule: Rule): void {
    this.baseStore.setDefaultMerge(rule);
  }

  /** Says what the values of a key of this namespace are, as `Versioned.setContentType`. */
  setContentType<T>(key: string, type: ContentType<T>): void {
    this.baseStore.setContentType(this.#full(key), type);
  }

  /** The type that `setContentType` gave a key of this namespace; `undefined` if none. */
  getContentType(key: string): ContentType<unknown> | undefined {
    return this.baseStore.getContentType(this.#full(key));
  }

  /** The names of all branches of the store, sorted. */
  listBranches(): Promise<string[]> {
    return this.baseStore.listBranches();
  }

  #full(key: string): string {
    if (typeof key !== "string") throw new TypeError(`A key must be a string, not ${describe(key)}.`);
    if (key.length === 0) throw new InvalidKeyError(key, "it is empty");
    return this.#prefix + key;
  }

  #short(key: string): string {
    return key.slice(this.#prefix.length);
  }

  /** Lists what is right in this namespace. A nested namespace is passed over with one seek, however large it is. */
  #children<T>(list: (range: KeyRange) => Paged<T>, keyOf: (item: T) => string, shorten: (item: T) => T): Paged<T> {
    const prefix = this.#prefix;
    const first = list({ prefix });
    return new Paged(async function* () {
      let items = first;
      for (;;) {
        let nested: string | undefined;
        let walked = 0;
        for await (const item of items) {
          const key = keyOf(item);
          if (nested !== undefined && key.startsWith(nested)) {
            if (++walked === WALKED) break;
            continue;
          }
          nested = undefined;
          walked = 0;
          const slash = key.indexOf("/", prefix.length);
          if (slash >= 0) nested = key.slice(0, slash + 1);
          else if (key.length > prefix.length) yield [shorten(item)];
        }
        if (nested === undefined || walked < WALKED) return;
        // "0" follows "/": the first key that can come after all that begin with `nested`.
        items = list({ prefix, gte: `${nested.slice(0, -1)}0` });
      }
    });
  }
}
