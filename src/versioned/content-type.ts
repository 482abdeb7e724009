import { describe } from "../bytes.ts";
import type { Awaitable } from "../kv/store.ts";
import type { MergeFn } from "./types.ts";

/** How the values of a key are written as bytes, read, and merged. */
export interface ContentType<T> {
  /** The bytes of a value. */
  encode(value: T): Uint8Array;
  /** The value of bytes that `encode` gave. Throws for bytes that no value of the type has. */
  decode(bytes: Uint8Array): T;
  /** What a key that both sides changed becomes; `undefined` in: absent or removed, out: remove the key. */
  merge(old: T | undefined, ours: T | undefined, theirs: T | undefined): Awaitable<T | undefined>;
}

/**
 * The merge rule of a content type. What its `decode` or `merge` throws makes the key a conflict with that error.
 *
 * @throws TypeError for what is no content type
 *
 * @example
 * import { asMergeFn, counter, Versioned } from "vkv";
 *
 * const v = await Versioned.open();
 * v.setMergePrefix("counts/", asMergeFn(counter()));
 */
export function asMergeFn<T>(type: ContentType<T>): MergeFn {
  if (typeof type?.encode !== "function" || typeof type.decode !== "function" || typeof type.merge !== "function") {
    throw new TypeError(`A content type must have the methods encode, decode and merge; ${describe(type)} has not.`);
  }
  const decode = (bytes: Uint8Array | undefined): T | undefined =>
    bytes === undefined ? undefined : type.decode(bytes);
  return async (old, ours, theirs) => {
    const merged = await type.merge(decode(old), decode(ours), decode(theirs));
    return merged === undefined ? undefined : type.encode(merged);
  };
}
