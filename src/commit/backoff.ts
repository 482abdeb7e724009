import { StorageError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";

/** The longest pause between two tries, in ms. */
const LONGEST = 64;

/**
 * Waits before try number `attempt` (the first one is 0): not before the second, which follows news at once; then a
 * random time up to a bound that doubles each time ("full jitter"), so that writers who met once do not meet again.
 */
export async function backOff(attempt: number, signal?: AbortSignal): Promise<void> {
  if (attempt >= 2) await pause(Math.random() * Math.min(LONGEST, 2 ** (attempt - 2)), signal);
}

/**
 * Waits before try number `attempt` to move a ref, as `backOff` does; then reads what the try begins with.
 *
 * From the second try on, it first enters the queue of the store's writers, if there is one, as in `Disk`: writing nothing
 * takes the lock until the end of this turn of the event loop, so what is read cannot be stale when it is compared. Writers
 * that read first and wait then would lose one race after the other. Elsewhere it costs no round trip of its own.
 */
export async function readInTurn<T>(
  store: KVStore,
  attempt: number,
  read: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await backOff(attempt, signal);
  if (attempt === 0) return read();
  const [, result] = await Promise.all([store.createMany([]), read()]);
  return result;
}

/** More tries than contention explains. */
const TOO_MANY = 10_000;

/** Counts the calls of what it returns, for loops that end sooner or later where a store keeps its word; throws a `StorageError` where it does not. */
export function attemptLimit(what: string): () => void {
  let attempts = 0;
  return () => {
    if (++attempts === TOO_MANY) throw new StorageError(`${what} in ${attempts} tries: the store contradicts itself.`);
  };
}

/** Waits `ms`; rejects with the signal's reason when it is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
