/**
 * The collection epoch of a store, and the first two steps of a collection, which a writer may take as well: raise the
 * epoch, then raise every ref to it. See `docs/collection.md` for the protocol.
 */

import type { Hash } from "../chunk/hash.ts";
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import { decodeRef, encodeRef, listRefs, NONCE_BYTES, nonce } from "./ref.ts";

/** Where the epoch lies. */
export const EPOCH_KEY = "vkv/gc";

/** The epoch of the latest collection that began; 0 before the first. */
export async function readEpoch(store: KVStore): Promise<number> {
  return decodeEpoch(await store.get(EPOCH_KEY));
}

/** Reads the stored epoch; a `CorruptionError` for anything else. */
export function decodeEpoch(stored: Uint8Array | undefined): number {
  if (stored === undefined) return 0;
  try {
    const reader = new ByteReader(stored);
    const epoch = reader.varint();
    reader.take(NONCE_BYTES);
    reader.finish();
    return epoch;
  } catch (cause) {
    throw new CorruptionError("The record of the latest collection is damaged.", { at: EPOCH_KEY, cause });
  }
}

/** Begins the next epoch; returns it. */
export async function beginEpoch(store: KVStore): Promise<number> {
  for (;;) {
    const stored = await store.get(EPOCH_KEY);
    const epoch = decodeEpoch(stored) + 1;
    const random = nonce();
    const bytes = new Uint8Array(varintLength(epoch) + random.length);
    bytes.set(random, writeVarint(epoch, bytes, 0));
    if (await store.cas(EPOCH_KEY, bytes, stored)) return epoch;
  }
}

/** Raises every ref to `epoch`, and removes reservations, whose creators will begin again. Returns the heads that the raised refs led to. */
export async function raiseRefs(store: KVStore, epoch: number): Promise<Set<Hash>> {
  const heads = new Set<Hash>();
  for (const kind of ["branch", "tag"] as const) {
    for await (const batch of listRefs(store, kind)) {
      for (const [key, first] of batch) {
        const head =
          first.head === undefined
            ? await dropReservation(store, key, first.stored, epoch)
            : await raise(store, key, epoch);
        if (head !== undefined) heads.add(head);
      }
    }
  }
  return heads;
}

/** Returns the head that the raising `cas` carried. */
async function raise(store: KVStore, key: string, epoch: number): Promise<Hash | undefined> {
  for (;;) {
    const stored = await store.get(key);
    if (stored === undefined) return undefined;
    const ref = decodeRef(key, stored);
    if (ref.head === undefined) return dropReservation(store, key, stored, epoch);
    if (ref.epoch >= epoch) return undefined;
    if (await store.cas(key, encodeRef(ref.head, epoch, ref.info), ref.stored)) return ref.head;
  }
}

async function dropReservation(
  store: KVStore,
  key: string,
  stored: Uint8Array,
  epoch: number,
): Promise<Hash | undefined> {
  if (await store.cas(key, undefined, stored)) return undefined;
  return raise(store, key, epoch);
}
