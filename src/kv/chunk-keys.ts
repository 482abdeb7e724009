/** What the keys of vkv's immutable chunks begin with: nearly all keys of a versioned store. All others are refs and records, which change. */
export const CHUNK_PREFIXES = { commit: "c/", node: "n/" } as const;

/** Whether `key` is one of vkv's chunks. */
export function isChunkKey(key: string): boolean {
  return key.startsWith(CHUNK_PREFIXES.node) || key.startsWith(CHUNK_PREFIXES.commit);
}
