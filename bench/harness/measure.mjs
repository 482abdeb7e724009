/** Timing inside the process of one system. */

/** Times what a workload does. */
export class Clock {
  #begin;
  #quick;

  /** @param options.begin called once, before the first timed run */
  constructor({ begin, quick }) {
    this.#begin = begin;
    this.#quick = quick;
  }

  /** Milliseconds that one run of `work` takes, without warm-up. */
  async once(work) {
    await this.#start();
    const start = performance.now();
    await work();
    return performance.now() - start;
  }

  /**
   * Times `run` up to `rounds` times after a warm-up of half as many, within about ten seconds (five runs at least); what
   * `prepare` gives is made untimed. Median and mean, in milliseconds: the mean has what is done now and then.
   */
  async each(rounds, prepare, run) {
    return (await this.interleaved(rounds, prepare, [run]))[0];
  }

  /** The same for several things, each timed on its own, one after another in every round. */
  async interleaved(rounds, prepare, runs) {
    const limit = this.#quick ? 1000 : 7000;
    const count = Math.ceil(this.#quick ? rounds / 4 : rounds);
    await loop(Math.ceil(count / 2), limit / 2, 1, prepare, runs);
    await this.#start();
    const times = await loop(count, limit, 5, prepare, runs);
    return times.map((list) => ({
      median: median(list),
      mean: list.reduce((sum, time) => sum + time, 0) / list.length,
    }));
  }

  /**
   * How many a second: times `run`, which does something for each item of the list that `prepare` makes of a length that
   * takes about 20 milliseconds, up to `most`, again and again for about a second after a warm-up.
   */
  async rate(most, prepare, run) {
    const few = Math.min(most, 100);
    const [[first]] = await loop(1, 0, 1, () => prepare(few), [run]);
    const size = Math.max(few, Math.min(most, Math.round((few * 20) / first)));
    return this.rateOfMany(size, () => prepare(size), run);
  }

  /** The same for calls that do `size` things each. */
  async rateOfMany(size, prepare, run) {
    const limit = this.#quick ? 250 : 1000;
    await loop(10_000, limit / 2, 1, prepare, [run]);
    await this.#start();
    const [times] = await loop(10_000, limit, 3, prepare, [run]);
    return size / (median(times) / 1000);
  }

  async #start() {
    await this.#begin?.();
    this.#begin = undefined;
  }
}

/** The times of each of `runs`. */
async function loop(rounds, limit, atLeast, prepare, runs) {
  const times = runs.map(() => []);
  const end = performance.now() + limit;
  for (let round = 0; round < rounds && (round < atLeast || performance.now() < end); round++) {
    const prepared = await prepare(round);
    for (const [i, run] of runs.entries()) {
      const start = performance.now();
      await run(prepared);
      times[i].push(performance.now() - start);
    }
  }
  return times;
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Fails the run: what was measured was not what it should be. */
export function expect(actual, expected, what) {
  if (!same(actual, expected)) throw new Error(`${what}: ${show(actual)} instead of ${show(expected)}`);
}

function same(a, b) {
  return a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : a === b;
}

function show(value) {
  return value instanceof Uint8Array
    ? `${value.length} bytes ${Buffer.from(value).toString("hex", 0, 8)}…`
    : String(value);
}
