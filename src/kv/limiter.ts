/** Lets so many pieces of work run at a time; the others wait for their turn, in order. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** What `work` returns, once it is its turn. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // A turn is handed on, so that nobody who comes now gets ahead.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** The results of `work` on all of `items`, in order. After a failure it begins no more, and ends when what runs has ended. */
  async all<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    let hasFailed = false;
    const results = items.map((item) =>
      this.run(async () => {
        if (hasFailed) throw new Error("Not begun, since another one failed.");
        try {
          return await work(item);
        } catch (error) {
          hasFailed = true;
          throw error;
        }
      }),
    );
    await Promise.allSettled(results);
    return Promise.all(results);
  }
}
