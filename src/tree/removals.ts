import { EntryList } from "./entry-list.ts";
import { compareKeys, keyBytes } from "./key-bytes.ts";

/** Changes in key order, with removals of some keys instead of what they say of those. */
export function withRemovals(changes: EntryList, keys: Iterable<string>): EntryList {
  const removals = Array.from(keys, keyBytes).sort(compareKeys);
  const all = new EntryList();
  let at = 0;
  for (const key of removals) {
    for (; at < changes.length && compareKeys(changes.key(at), key) < 0; at++) all.pushFrom(changes, at);
    if (at < changes.length && compareKeys(changes.key(at), key) === 0) at++;
    all.push(key, undefined);
  }
  for (; at < changes.length; at++) all.pushFrom(changes, at);
  return all;
}
