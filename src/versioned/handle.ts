import type { Entries, Keys } from "../kv/store.ts";
import type { ContentType } from "./content-type.ts";
import type { Paged } from "./paged.ts";
import type { KeyRange, MergeOptions, MergeResult, Rule, SnapshotOptions, TransactOptions } from "./types.ts";

/** The base of `Versioned`: what a namespace needs of it. */
export abstract class Handle {
  abstract get currentCommit(): string;
  abstract get baseCommit(): string;
  abstract get lastMergeResult(): MergeResult | undefined;
  abstract get(key: string): Promise<Uint8Array | undefined>;
  abstract getMany(keys: Keys): Promise<Map<string, Uint8Array>>;
  abstract has(key: string): Promise<boolean>;
  abstract keys(range?: KeyRange): Paged<string>;
  abstract entries(range?: KeyRange): Paged<[string, Uint8Array]>;
  abstract snapshot(updates?: Entries | null, options?: SnapshotOptions): Promise<string>;
  abstract merge(options?: MergeOptions): Promise<MergeResult>;
  abstract transact<T>(work: (handle: Handle) => Promise<T>, options?: TransactOptions): Promise<T>;
  abstract setMergeFn(key: string, rule: Rule): void;
  abstract setMergePrefix(prefix: string, rule: Rule): void;
  abstract setDefaultMerge(rule: Rule): void;
  abstract setContentType<T>(key: string, type: ContentType<T>): void;
  abstract getContentType(key: string): ContentType<unknown> | undefined;
  abstract listBranches(): Promise<string[]>;
}
