/** The longest pause between two tries, in ms. */
const LONGEST = 64;

/**
 * Waits before try number `attempt` (the first one is 0): not before the second, which follows news at once; then a
 * random time up to a bound that doubles each time ("full jitter"), so that writers who met once do not meet again.
 */
export async function backOff(attempt: number, signal?: AbortSignal): Promise<void> {
  if (attempt >= 2) await pause(Math.random() * Math.min(LONGEST, 2 ** (attempt - 2)), signal);
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
