/** A key with its value. */
export type Entry = readonly [key: string, value: Uint8Array];

/** Keys and values, one by one. */
export type EntryStream = AsyncIterable<Entry>;

/** A key with its value, and where it was found, for what is said if it cannot be taken. */
export type FoundEntry = readonly [key: string, value: Uint8Array, where: string];

/** In what form contents are imported and exported. */
export const FORMATS = ["folder", "json", "ndjson"] as const;

/** One of them. */
export type Format = (typeof FORMATS)[number];

/** The form that a path's ending stands for; `undefined` if none does. */
export function formatOf(path: string): Format | undefined {
  if (path.endsWith(".json")) return "json";
  return path.endsWith(".ndjson") || path.endsWith(".jsonl") ? "ndjson" : undefined;
}
