/**
 * The collection epoch of a store, and the first two steps of a collection, which a writer may take as well: raise the
 * epoch, then raise every ref to it. See `docs/collection.md` for the protocol.
 */

import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import { attemptLimit } from "./backoff.ts";
import { CHECK_BYTES, readCheck, writeCheck } from "./check-bytes.ts";
import { markFormat } from "./format.ts";
import {
  asRef,
  decodeRef,
  encodeRef,
  listRefs,
  NONCE_BYTES,
  nonce,
  REF_KINDS,
  type Ref,
  type Reservation,
} from "./ref.ts";
import { Tips } from "./tips.ts";

/** Where the epoch lies. */
export const EPOCH_KEY = "vkv/gc";

/** The first byte of a record with a check. Those of format "vkv 1" have none, and begin with the epoch, which is never 0. */
const CHECKED = 0;

/** The epoch of the latest collection that began; 0 before the first. */
export async function readEpoch(store: KVStore): Promise<number> {
  return decodeEpoch(await store.getFresh(EPOCH_KEY));
}

/** Reads the stored epoch; a `CorruptionError` for anything else. */
export function decodeEpoch(stored: Uint8Array | undefined): number {
  if (stored === undefined) return 0;
  try {
    const reader = new ByteReader(stored);
    const isChecked = stored[0] === CHECKED;
    if (isChecked) reader.byte();
    const epoch = reader.varint();
    reader.take(NONCE_BYTES);
    if (isChecked) readCheck(reader);
    else reader.finish();
    return epoch;
  } catch (cause) {
    throw new CorruptionError("The record of the latest collection is damaged.", { at: EPOCH_KEY, cause });
  }
}

/** Begins the next epoch; returns it. No ref has a later one, even if the record of collections was lost or turned back. */
export async function beginEpoch(store: KVStore): Promise<number> {
  await markFormat(store);
  const latest = await latestOfRefs(store);
  for (const count = attemptLimit("The epoch could not be raised"); ; count()) {
    const stored = await store.get(EPOCH_KEY);
    const epoch = Math.max(decodeEpoch(stored), latest) + 1;
    const random = nonce();
    const bytes = new Uint8Array(1 + varintLength(epoch) + random.length + CHECK_BYTES);
    bytes[0] = CHECKED;
    bytes.set(random, writeVarint(epoch, bytes, 1));
    writeCheck(bytes);
    if (await store.cas(EPOCH_KEY, bytes, stored)) return epoch;
  }
}

async function latestOfRefs(store: KVStore): Promise<number> {
  let latest = 0;
  for await (const refs of listRefs(store, ...REF_KINDS)) {
    for (const [, ref] of refs) if (ref.head !== undefined) latest = Math.max(latest, ref.epoch);
  }
  return latest;
}

/** Raises every ref to `epoch`, and removes reservations, whose creators will begin again. Returns what the raised refs led to. */
export async function raiseRefs(store: KVStore, epoch: number): Promise<Tips> {
  const tips = new Tips();
  for await (const batch of listRefs(store, ...REF_KINDS)) {
    const raised = await Promise.all(batch.map(async ([key, ref]) => raise(store, key, ref, epoch)));
    for (const ref of raised) if (ref !== undefined) tips.add(ref);
  }
  return tips;
}

/** Raises one ref, from how it was listed on. Returns it as the `cas` that raised it carried it. */
async function raise(store: KVStore, key: string, listed: Ref | Reservation, epoch: number): Promise<Ref | undefined> {
  const count = attemptLimit(`The ref at ${JSON.stringify(key)} could not be raised`);
  for (let ref: Ref | Reservation | undefined = listed; ref !== undefined; count()) {
    if (ref.head !== undefined && ref.epoch >= epoch) return undefined;
    const raised: Uint8Array | undefined = ref.head && encodeRef(ref.head, epoch, ref.info, ref.cuts);
    if (await store.cas(key, raised, ref.stored)) return asRef(ref);
    const stored: Uint8Array | undefined = await store.get(key);
    ref = stored && decodeRef(key, stored);
  }
  return undefined;
}
