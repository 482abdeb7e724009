/**
 * What a scan gives: read in pages, iterated one by one, with `for await` or as an array. Nothing is read before, and each
 * iteration begins anew, on the commit that was current when the scan was asked for.
 */
export class Paged<T> implements AsyncIterable<T> {
  readonly #pages: () => AsyncGenerator<readonly T[], void>;

  /** @internal */
  constructor(pages: () => AsyncGenerator<readonly T[], void>) {
    this.#pages = pages;
  }

  /** The items one by one, for `for await`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, void> {
    return new PagedIterator(this.#pages());
  }

  /** The same scan with every item changed. Reads nothing by itself. */
  map<U>(change: (item: T) => U): Paged<U> {
    const pages = this.#pages;
    return new Paged(async function* () {
      for await (const page of pages()) yield page.map(change);
    });
  }

  /** All items in one array: faster than iterating. */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const page of this.#pages()) for (const item of page) all.push(item);
    return all;
  }
}

/** One `next` at a time takes from the page at hand without waiting for the generator. */
class PagedIterator<T> implements AsyncIterableIterator<T, void> {
  readonly #pages: AsyncGenerator<readonly T[], void>;
  #page: readonly T[] = [];
  #at = 0;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(pages: AsyncGenerator<readonly T[], void>) {
    this.#pages = pages;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#waiting === 0 && this.#at < this.#page.length) {
      return Promise.resolve({ done: false, value: this.#page[this.#at++] as T });
    }
    this.#waiting++;
    const result = this.#last.then(() => this.#advance()).finally(() => this.#waiting--);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #advance(): Promise<IteratorResult<T, void>> {
    while (this.#at >= this.#page.length) {
      const { done, value } = await this.#pages.next();
      if (done === true || value === undefined) return { done: true, value: undefined };
      this.#page = value;
      this.#at = 0;
    }
    return { done: false, value: this.#page[this.#at++] as T };
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#page = [];
    await this.#pages.return();
    return { done: true, value: undefined };
  }
}
