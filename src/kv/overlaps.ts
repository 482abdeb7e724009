/**
 * Which reads of a key overlap which writes of it, so that no cache is filled with what a write has made old: a fill
 * that a write overlapped leaves the key out, and a write waits for the fills under way before it drops the key.
 */

/** A read whose result is to fill caches. */
export interface Fill {
  readonly keys: readonly string[];
  /** The keys that may no longer be filled in. */
  readonly stale: Set<string>;
  /** Settles when the caches are filled. Set in the same step in which the last look at `stale` was taken. */
  filling: Promise<unknown> | undefined;
}

interface Activity {
  writes: number;
  readonly fills: Set<Fill>;
}

/** The reads and writes under way, by key. */
export class Overlaps {
  readonly #active: Map<string, Activity> = new Map();
  readonly #fills: Set<Fill> = new Set();
  #clears = 0;

  /** To be called before the first read whose result may fill a cache. */
  beginFill(keys: readonly string[]): Fill {
    const stale = new Set(this.#clears > 0 ? keys : keys.filter((key) => (this.#active.get(key)?.writes ?? 0) > 0));
    const fill: Fill = { keys, stale, filling: undefined };
    for (const key of keys) this.#of(key).fills.add(fill);
    this.#fills.add(fill);
    return fill;
  }

  /** To be called when the caches are filled, or will not be. */
  endFill(fill: Fill): void {
    this.#fills.delete(fill);
    for (const key of fill.keys) {
      this.#of(key).fills.delete(fill);
      this.#tidy(key);
    }
  }

  /** Runs `write`, which writes `keys`, and then, whatever its outcome and with no fill of them under way, `drop`. */
  async write<T>(keys: readonly string[], write: () => T, drop: () => Promise<unknown>): Promise<Awaited<T>> {
    const overlapping = new Set<Fill>();
    for (const key of keys) {
      const activity = this.#of(key);
      activity.writes++;
      for (const fill of activity.fills) {
        fill.stale.add(key);
        overlapping.add(fill);
      }
    }
    try {
      return await write();
    } finally {
      await settled(overlapping);
      await drop();
      for (const key of keys) {
        this.#of(key).writes--;
        this.#tidy(key);
      }
    }
  }

  /** `write` for all keys there are. */
  async writeAll<T>(write: () => T, drop: () => Promise<unknown>): Promise<Awaited<T>> {
    this.#clears++;
    const overlapping = new Set(this.#fills);
    for (const fill of overlapping) for (const key of fill.keys) fill.stale.add(key);
    try {
      return await write();
    } finally {
      await settled(overlapping);
      await drop();
      this.#clears--;
    }
  }

  #of(key: string): Activity {
    let activity = this.#active.get(key);
    if (activity === undefined) {
      activity = { writes: 0, fills: new Set() };
      this.#active.set(key, activity);
    }
    return activity;
  }

  #tidy(key: string): void {
    const activity = this.#active.get(key);
    if (activity?.writes === 0 && activity.fills.size === 0) this.#active.delete(key);
  }
}

/** Resolves when those of `fills` that had begun to fill caches are through. */
async function settled(fills: ReadonlySet<Fill>): Promise<void> {
  await Promise.allSettled([...fills].map(async (fill) => fill.filling));
}
