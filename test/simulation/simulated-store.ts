import { type Entries, type Keys, KVStore, type StoreTraits } from "vkv";
import { equalValues } from "../../src/bytes.ts";
import { EPOCH_KEY } from "../../src/commit/epoch.ts";
import { isChunkKey } from "../../src/kv/chunk-keys.ts";
import type { Audit } from "./audit.ts";
import { type Context, type Process, Scheduler, type Step } from "./scheduler.ts";

/** What all processes share: the keys and values, and the listings that are under way. */
export class Shared {
  readonly values: Map<string, Uint8Array>;
  /** What chunks were before their last change. */
  readonly former: Map<string, Uint8Array> = new Map();
  readonly scheduler: Scheduler;
  readonly audit: Audit;
  readonly #listings: Set<Listing> = new Set();

  constructor(scheduler: Scheduler, audit: Audit, values: Map<string, Uint8Array>) {
    this.scheduler = scheduler;
    this.audit = audit;
    this.values = values;
  }

  /** Sets or removes a key. */
  write(key: string, value: Uint8Array | undefined, by: Context): void {
    const before = this.values.get(key);
    if (before !== undefined && isChunkKey(key)) this.former.set(key, before);
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    if ((before === undefined) !== (value === undefined)) for (const listing of this.#listings) listing.note(key);
    this.audit.check(key, before, value, by);
  }

  /** Begins a listing. */
  list(prefix: string): Listing {
    const listing = new Listing(
      prefix,
      [...this.values.keys()].filter((key) => key.startsWith(prefix)),
    );
    this.#listings.add(listing);
    return listing;
  }

  /** The end of a listing: each key that was there throughout once, others maybe. */
  listed(listing: Listing): string[] {
    this.#listings.delete(listing);
    const { random } = this.scheduler;
    return random.shuffled([...listing.throughout, ...[...listing.changed].filter(() => random.chance(0.5))]);
  }
}

class Listing {
  readonly prefix: string;
  readonly throughout: Set<string>;
  readonly changed: Set<string> = new Set();

  constructor(prefix: string, keys: Iterable<string>) {
    this.prefix = prefix;
    this.throughout = new Set(keys);
  }

  note(key: string): void {
    if (!key.startsWith(this.prefix)) return;
    this.throughout.delete(key);
    this.changed.add(key);
  }
}

/** A process's own store object over the shared values. Each call waits until the scheduler chooses it. */
export class SimulatedStore extends KVStore {
  readonly #shared: Shared;
  readonly #process: Process;
  readonly #stale: boolean;
  readonly #fresh: Set<string> = new Set();
  #authority: SimulatedStore | undefined;

  override readonly traits: StoreTraits;

  constructor(
    shared: Shared,
    process: Process,
    stale = shared.scheduler.profile.stale,
    tailLimit = shared.scheduler.random.pick(shared.scheduler.profile.tailLimits),
  ) {
    super();
    this.traits = { maxKeyBytes: 1024, maxValueBytes: 2 ** 20, conditionalRemove: true, tailLimit };
    this.#shared = shared;
    this.#process = process;
    this.#stale = stale;
  }

  /** The same store without stale reads, as a cache's authority is. */
  override get authority(): KVStore {
    if (!this.#stale) return this;
    this.#authority ??= new SimulatedStore(this.#shared, this.#process, false, this.traits.tailLimit);
    return this.#authority;
  }

  /** Waits its turn, and does nothing. */
  idle(): Promise<void> {
    return this.#step("idle", "", () => undefined);
  }

  override get(key: string): Promise<Uint8Array | undefined> {
    return this.#step("get", key, () => this.#read(key));
  }

  override getFresh(key: string): Promise<Uint8Array | undefined> {
    return this.authority.get(key) as Promise<Uint8Array | undefined>;
  }

  override set(key: string, value: Uint8Array): Promise<void> {
    const bytes = new Uint8Array(value);
    return this.#step("set", key, (by) => this.#shared.write(key, bytes, by));
  }

  override remove(key: string): Promise<void> {
    return this.#step("remove", key, (by) => this.#shared.write(key, undefined, by));
  }

  override cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    const to = value && new Uint8Array(value);
    const from = expected && new Uint8Array(expected);
    return this.#step("cas", key, (by) => this.#swap(key, to, from, by));
  }

  override async *keys(prefix = ""): AsyncGenerator<string, void> {
    const listing = await this.#step("list", prefix, () => this.#shared.list(prefix));
    yield* await this.#step("listed", prefix, () => this.#shared.listed(listing));
  }

  override async getMany(keys: Keys): Promise<Map<string, Uint8Array>> {
    const { batches } = this.#shared.scheduler.profile;
    const list = this.checkKeys(keys);
    if (batches === "defaults" || list.length === 0) return super.getMany(list);
    const values = await this.#batch("getMany", list, (key) => this.#read(key));
    const found = new Map<string, Uint8Array>();
    list.forEach((key, i) => {
      const value = values[i];
      if (value !== undefined) found.set(key, value);
    });
    return found;
  }

  override async createMany(entries: Entries): Promise<string[]> {
    const { batches } = this.#shared.scheduler.profile;
    const list = this.checkEntries(entries);
    if (batches === "defaults" || list.length === 0) return super.createMany(list);
    const values = new Map(list.map(([key, value]) => [key, new Uint8Array(value)]));
    const keys = [...values.keys()];
    const created = await this.#batch("createMany", keys, (key, by) => this.#swap(key, values.get(key), undefined, by));
    return keys.filter((_, i) => created[i] === false);
  }

  override async setMany(entries: Entries): Promise<void> {
    const { batches } = this.#shared.scheduler.profile;
    const list = this.checkEntries(entries);
    if (batches === "defaults" || list.length === 0) return super.setMany(list);
    const values = new Map(list.map(([key, value]) => [key, new Uint8Array(value)]));
    await this.#batch("setMany", [...values.keys()], (key, by) => this.#shared.write(key, values.get(key), by));
  }

  #read(key: string): Uint8Array | undefined {
    const { values, former, scheduler } = this.#shared;
    const before = this.#stale && !this.#fresh.has(key) ? former.get(key) : undefined;
    const value = before !== undefined && scheduler.random.chance(0.3) ? before : values.get(key);
    return value && new Uint8Array(value);
  }

  #swap(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined, by: Context): boolean {
    const { values } = this.#shared;
    if (!equalValues(values.get(key), expected)) {
      this.#fresh.add(key);
      return false;
    }
    this.#shared.write(key, value, by);
    return true;
  }

  /** A call for several keys, each of which takes effect on its own; answered when all have. */
  async #batch<T>(op: string, keys: readonly string[], effect: (key: string, by: Context) => T): Promise<T[]> {
    if (this.#shared.scheduler.profile.batches === "one by one") {
      return Promise.all(keys.map((key) => this.#step(op, key, (by) => effect(key, by))));
    }
    const results: T[] = [];
    await this.#step(op, keys, (by) => {
      for (const key of keys) results.push(effect(key, by));
    });
    return results;
  }

  #step<T>(op: string, keys: string | readonly string[], effect: (by: Context) => T): Promise<T> {
    const { scheduler, audit } = this.#shared;
    const by = Scheduler.context ?? { process: this.#process, action: undefined };
    const about = typeof keys === "string" ? [keys] : keys;
    return new Promise((resolve, reject) => {
      let result: T;
      const step: Step = {
        get label() {
          return `#${by.action?.id ?? 0} ${op} ${about.map((key) => audit.names.key(key)).join(" ")}`;
        },
        canFail: op !== "idle",
        isDelicate: op === "cas" || op === "listed" || about[0] === EPOCH_KEY,
        effect() {
          result = effect(by);
          return scheduler.trace === undefined ? "" : describe(audit, about[0], result);
        },
        answer: () => resolve(result),
        fail(error) {
          if (by.action !== undefined) by.action.failures++;
          reject(error);
        },
      };
      scheduler.add(this.#process, step);
    });
  }
}

function describe(audit: Audit, key: string | undefined, result: unknown): string {
  if (typeof result === "boolean")
    return `→ ${result}${result ? ` ${audit.names.stored(key ?? "", audit.now(key ?? ""))}` : ""}`;
  if (result instanceof Uint8Array) return `→ ${audit.names.stored(key ?? "", result)}`;
  if (Array.isArray(result)) return `→ [${result.map((each) => audit.names.key(String(each))).join(" ")}]`;
  return "";
}
