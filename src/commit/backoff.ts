/** The longest pause between two tries, in ms. */
const LONGEST = 64;

/** Waits a random time before try number `attempt` (from 0), up to a bound that doubles each time: "full jitter", so that writers who met once do not meet again. */
export function backOff(attempt: number, signal?: AbortSignal): Promise<void> {
  return pause(Math.random() * Math.min(LONGEST, 2 ** attempt), signal);
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
