/** A plain model of a branch that is kept small: what is there, and when which key was used. */

const isKept = (key: string): boolean => (key.split("/").at(-1) ?? "").startsWith("__");
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export class Model {
  sizes: Map<string, number> = new Map();
  #lastUse: Map<string, number> = new Map();
  #stored: Map<string, number> = new Map();
  #time = 0;

  get total(): number {
    return [...this.sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  get keys(): string[] {
    return [...this.sizes.keys()].sort(byCodePoint);
  }

  use(keys: readonly string[]): void {
    this.#time++;
    for (const key of keys) if (this.sizes.has(key)) this.#lastUse.set(key, this.#time);
  }

  /** Sets and removes keys; whether that changes anything. */
  change(updates: ReadonlyMap<string, number>, removals: readonly string[]): boolean {
    const removed = removals.filter((key) => !updates.has(key) && this.sizes.has(key));
    const changed = removed.length > 0 || [...updates].some(([key, size]) => this.sizes.get(key) !== size);
    for (const key of removed) this.#remove(key);
    for (const [key, size] of updates) this.sizes.set(key, size);
    this.use([...updates.keys()]);
    return changed;
  }

  /** Drops what is above low water; `undefined` if that is nothing. */
  drop(low: number): string[] | undefined {
    const use = (key: string): number => this.#lastUse.get(key) ?? 0;
    const size = (key: string): number => this.sizes.get(key) ?? 0;
    const order = this.keys.filter((key) => !isKept(key)).sort((a, b) => use(a) - use(b) || size(b) - size(a));
    const dropped: string[] = [];
    for (const key of order) {
      if (this.total <= low) break;
      dropped.push(key);
      this.#remove(key);
    }
    return dropped.length === 0 ? undefined : dropped.sort(byCodePoint);
  }

  /** What was used is stored: another process knows it. */
  store(): void {
    this.#stored = new Map(this.#lastUse);
  }

  /** Another process goes on. */
  reopen(): void {
    this.#lastUse = new Map(this.#stored);
  }

  #remove(key: string): void {
    this.sizes.delete(key);
    this.#lastUse.delete(key);
  }
}
