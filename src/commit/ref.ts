/**
 * Branches and tags: keys of the store that lead to a commit, and change by `cas` only.
 *
 * ```
 * version     1 byte    2
 * kind        1 byte    1: leads to a commit, 2: a reservation, on the way to becoming a ref
 * nonce       12 bytes  fresh at each write, so that a writer can tell its own write from a twin's
 * epoch       varint    (not in a reservation) a collector of this epoch or an earlier one keeps all below the commit
 * head        32 bytes  (not in a reservation)
 * cuts        varint    (not in a reservation) how many, then 32 bytes each, in order: commits that history ends before
 * info        the rest  (tags) its JSON, if there is any
 * check       4 bytes   of all before it
 * ```
 *
 * Version 1 had no cuts and no check.
 */
import { HASH_BYTES, type Hash, readHash, writeHash } from "../chunk/hash.ts";
import { ByteReader, varintLength, writeVarint } from "../chunk/varint.ts";
import { CorruptionError, FormatVersionError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import { pages } from "../kv/store.ts";
import { compareText } from "../tree/key-bytes.ts";
import { attemptLimit } from "./backoff.ts";
import { CHECK_BYTES, readCheck, writeCheck } from "./check-bytes.ts";
import { checkFormat, FORMAT_KEY } from "./format.ts";
import { decodeInfo, encodeInfo, type Info } from "./info.ts";

/** What kind of ref. `"usage"`: of the branch of that name, when its keys were last used (`gc/`); it is not listed. */
export type RefKind = "branch" | "tag" | "usage";

/** The kinds of refs that lead to history. */
export const HISTORY_KINDS: readonly RefKind[] = ["branch", "tag"];
/** All kinds of refs. */
export const REF_KINDS: readonly RefKind[] = [...HISTORY_KINDS, "usage"];

const PREFIX: Record<RefKind, string> = { branch: "b/", tag: "t/", usage: "u/" };
const REF_VERSION = 2;
/** Refs of this version have no cuts and no check. */
const UNCHECKED_VERSION = 1;
const HEAD = 1;
const RESERVATION = 2;
/** How many bytes `nonce` gives. */
export const NONCE_BYTES = 12;

/** A ref that leads to a commit. */
export interface Ref {
  readonly head: Hash;
  readonly epoch: number;
  /** Commits that are no part of the ref's history any more, in order: a walk from its head does not enter them. */
  readonly cuts: readonly Hash[];
  readonly info: Info | undefined;
  /** As it lies in the store: what a `cas` must expect. */
  readonly stored: Uint8Array;
}

/** A ref that is being created. */
export interface Reservation {
  readonly head: undefined;
  readonly stored: Uint8Array;
}

/** The store key of a ref. */
export function refKey(kind: RefKind, name: string): string {
  return PREFIX[kind] + name;
}

/** The name of the ref at a store key of that kind. */
export function refName(kind: RefKind, key: string): string {
  return key.slice(PREFIX[kind].length);
}

/** Random bytes, drawn many at a time: a call costs more than the bytes. */
const randomPool = new Uint8Array(256 * NONCE_BYTES);
let randomUsed: number = randomPool.length;

/** Random bytes that no other write has. */
export function nonce(): Uint8Array {
  if (randomUsed === randomPool.length) {
    crypto.getRandomValues(randomPool);
    randomUsed = 0;
  }
  randomUsed += NONCE_BYTES;
  return randomPool.slice(randomUsed - NONCE_BYTES, randomUsed);
}

/** The stored bytes of a ref, with a fresh nonce. */
export function encodeRef(head: Hash, epoch: number, info?: Info, cuts: readonly Hash[] = []): Uint8Array {
  const about = info === undefined ? new Uint8Array(0) : encodeInfo(info);
  const epochAt = 2 + NONCE_BYTES;
  const headAt = epochAt + varintLength(epoch);
  const cutsAt = headAt + HASH_BYTES;
  const aboutAt = cutsAt + varintLength(cuts.length) + cuts.length * HASH_BYTES;
  const bytes = new Uint8Array(aboutAt + about.length + CHECK_BYTES);
  bytes[0] = REF_VERSION;
  bytes[1] = HEAD;
  bytes.set(nonce(), 2);
  writeVarint(epoch, bytes, epochAt);
  writeHash(head, bytes, headAt);
  let at = writeVarint(cuts.length, bytes, cutsAt);
  for (const cut of cuts) {
    writeHash(cut, bytes, at);
    at += HASH_BYTES;
  }
  bytes.set(about, at);
  writeCheck(bytes);
  return bytes;
}

/** A ref with its stored bytes. */
export function makeRef(head: Hash, epoch: number, cuts: readonly Hash[], info?: Info): Ref {
  return { head, epoch, cuts, info, stored: encodeRef(head, epoch, info, cuts) };
}

/** The stored bytes of a reservation, with a fresh nonce. */
export function encodeReservation(): Uint8Array {
  const bytes = new Uint8Array(2 + NONCE_BYTES + CHECK_BYTES);
  bytes[0] = REF_VERSION;
  bytes[1] = RESERVATION;
  bytes.set(nonce(), 2);
  writeCheck(bytes);
  return bytes;
}

/** Reads a stored ref or reservation. `CorruptionError` or `FormatVersionError` for anything else. */
export function decodeRef(key: string, stored: Uint8Array): Ref | Reservation {
  try {
    return decode(stored);
  } catch (cause) {
    if (cause instanceof CorruptionError) {
      throw new CorruptionError(`The ref at ${JSON.stringify(key)} is damaged.`, { at: key, cause });
    }
    throw cause;
  }
}

function decode(stored: Uint8Array): Ref | Reservation {
  const reader = new ByteReader(stored);
  const version = reader.byte();
  if (version !== REF_VERSION && version !== UNCHECKED_VERSION) {
    throw new FormatVersionError(`ref ${version}`, `ref ${REF_VERSION}`);
  }
  const kind = reader.byte();
  reader.take(NONCE_BYTES);
  if (kind !== HEAD && kind !== RESERVATION) throw new CorruptionError("It is of no known kind.");
  const ref = kind === RESERVATION ? { head: undefined, stored } : readHead(reader, version, stored);
  if (version === UNCHECKED_VERSION) reader.finish();
  else readCheck(reader);
  return ref;
}

function readHead(reader: ByteReader, version: number, stored: Uint8Array): Ref {
  const epoch = reader.varint();
  const head = readHash(reader.take(HASH_BYTES), 0);
  const cuts = version === UNCHECKED_VERSION ? [] : readCuts(reader);
  const end = version === UNCHECKED_VERSION ? reader.end : reader.end - CHECK_BYTES;
  const about = reader.take(Math.max(0, end - reader.at));
  return { head, epoch, cuts, info: about.length === 0 ? undefined : decodeInfo(about), stored };
}

function readCuts(reader: ByteReader): Hash[] {
  const count = reader.varint();
  if (count * HASH_BYTES > reader.end - reader.at) throw new CorruptionError("It is cut off.");
  const cuts = Array.from({ length: count }, () => readHash(reader.take(HASH_BYTES), 0));
  if (cuts.some((cut, i) => cut <= (cuts[i - 1] ?? ""))) throw new CorruptionError("Its cuts are out of order.");
  return cuts;
}

/** The ref at a key; `undefined` if there is none, or only a reservation. */
export async function readRef(store: KVStore, key: string): Promise<Ref | undefined> {
  const stored = await store.get(key);
  return stored && asRef(decodeRef(key, stored));
}

/** The ref, unless it is only a reservation. */
export function asRef(ref: Ref | Reservation): Ref | undefined {
  return ref.head === undefined ? undefined : ref;
}

/** All refs of some kinds, with the reservations among them, by store key, in batches. */
export async function* listRefs(
  store: KVStore,
  ...kinds: readonly RefKind[]
): AsyncGenerator<[key: string, ref: Ref | Reservation][], void> {
  for (const kind of kinds) {
    for await (const keys of pages(store.keys(PREFIX[kind]), 1024)) {
      const stored = await store.getMany(keys);
      yield [...stored].map(([key, bytes]) => [key, decodeRef(key, bytes)]);
    }
  }
}

/** All refs of a kind by name, in code-point order, each with what `about` gives for it: there may be a million. */
export async function listNames<T>(store: KVStore, kind: RefKind, about: (ref: Ref) => T): Promise<Map<string, T>> {
  const found: [name: string, about: T][] = [];
  const list = async (): Promise<void> => {
    for await (const batch of listRefs(store, kind)) {
      for (const [key, ref] of batch) if (ref.head !== undefined) found.push([refName(kind, key), about(ref)]);
    }
  };
  const [format] = await Promise.all([store.get(FORMAT_KEY), list()]);
  checkFormat(store, format);
  return new Map(found.sort(([a], [b]) => compareText(a, b)));
}

/** Deletes a ref; whether it was there. */
export async function deleteRef(store: KVStore, key: string): Promise<boolean> {
  for (const count = attemptLimit(`The ref at ${JSON.stringify(key)} could not be deleted`); ; count()) {
    const ref = await readRef(store, key);
    if (ref === undefined) return false;
    if (await store.cas(key, undefined, ref.stored)) return true;
  }
}

/** Deletes the usage refs of branches that are not there any more. */
export async function deleteLostUsage(store: KVStore): Promise<void> {
  const branchOf = (key: string): string => refKey("branch", refName("usage", key));
  for await (const refs of listRefs(store, "usage")) {
    const branches = await store.getMany(refs.map(([key]) => branchOf(key)));
    const lost = refs.filter(([key]) => !branches.has(branchOf(key)));
    await Promise.all(lost.map(async ([key, { stored }]) => store.cas(key, undefined, stored)));
  }
}
