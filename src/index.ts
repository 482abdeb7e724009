export { type Collected, type CollectOptions, type CollectProgress, collectGarbage } from "./commit/collect.ts";
export type { Commit } from "./commit/commit.ts";
export type { Info } from "./commit/info.ts";
export type { Json } from "./commit/json.ts";
export type { Problem } from "./commit/problem.ts";
export { type Retained, type RetainOptions, retainHistory } from "./commit/retain.ts";
export { type Verified, type VerifyOptions, type VerifyProgress, verify } from "./commit/verify.ts";
export { type MarkerLabels, withConflictMarkers } from "./content-types/conflict-markers.ts";
export { type CounterOptions, counter } from "./content-types/counter.ts";
export type { FieldRule } from "./content-types/field-rule.ts";
export { type JsonOptions, json } from "./content-types/json.ts";
export { lastWriterWins } from "./content-types/last-writer-wins.ts";
export { type ListOptions, list } from "./content-types/list.ts";
export { type ObjectOptions, object } from "./content-types/object.ts";
export { set } from "./content-types/set.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./content-types/standard-schema.ts";
export { text } from "./content-types/text.ts";
export * from "./errors.ts";
export { type GCOpenOptions, GCVersioned, type RebaseOptions, type RebaseResult } from "./gc-versioned.ts";
export { Memory } from "./kv/memory.ts";
export { type Awaitable, type Entries, type Keys, KVStore, type StoreTraits } from "./kv/store.ts";
export { Tiered, type TieredOptions } from "./kv/tiered.ts";
export type { KeySpan } from "./tree/damage.ts";
export { asMergeFn, type ContentType } from "./versioned/content-type.ts";
export type { KeyChange } from "./versioned/key-history.ts";
export { Namespaced } from "./versioned/namespaced.ts";
export { Paged } from "./versioned/paged.ts";
export type { Stats } from "./versioned/stats.ts";
export type {
  Change,
  DiffResult,
  HistoryOptions,
  KeyRange,
  MergeFn,
  MergeOptions,
  MergeResult,
  OpenOptions,
  ReplayOptions,
  Rule,
  Rules,
  SnapshotOptions,
  Source,
  Tag,
  TransactOptions,
} from "./versioned/types.ts";
export { Versioned } from "./versioned/versioned.ts";
