import { writeUtf8 } from "./key-bytes.ts";

/** Keys one after another in one array. */
export class KeyList {
  #bytes: Uint8Array;
  readonly #ends: number[] = [];

  /** A list with room for so many bytes; it grows. */
  constructor(room = 0) {
    this.#bytes = new Uint8Array(room);
  }

  /** The UTF-8 bytes of well-formed keys. */
  static of(keys: readonly string[]): KeyList {
    let units = 0;
    for (const key of keys) units += key.length;
    const list = new KeyList(units + 2 * (keys.at(-1)?.length ?? 0));
    for (const key of keys) {
      const at = list.#reserve(3 * key.length);
      list.#close(writeUtf8(key, list.#bytes, at));
    }
    return list;
  }

  get length(): number {
    return this.#ends.length;
  }

  /** The array that holds all keys; adding keys may replace it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? 0);
  }

  end(index: number): number {
    return this.#ends[index] ?? 0;
  }

  /** A key, as a view. */
  key(index: number): Uint8Array {
    return this.#bytes.subarray(this.start(index), this.end(index));
  }

  /** Adds a key that lies in two parts: `source` from `start` to before `middle`, and from `from` to before `to`. */
  push(source: Uint8Array, start: number, middle: number, from = 0, to = 0): void {
    let at = this.#reserve(middle - start + to - from);
    const bytes = this.#bytes;
    for (let i = start; i < middle; i++) bytes[at++] = source[i] ?? 0;
    for (let i = from; i < to; i++) bytes[at++] = source[i] ?? 0;
    this.#close(at);
  }

  /** Removes all keys; the room stays. */
  clear(): void {
    this.#ends.length = 0;
  }

  /** The keys at some positions. */
  picked(order: Uint32Array): KeyList {
    const list = new KeyList(this.#bytes.length);
    for (const index of order) list.push(this.#bytes, this.start(index), this.end(index));
    return list;
  }

  /** Whether each key comes after the one before it. */
  ascends(): boolean {
    for (let i = 1; i < this.length; i++) if (this.compare(i - 1, i) >= 0) return false;
    return true;
  }

  /** The order of two keys, of which the first `shared` bytes are the same. */
  compare(a: number, b: number, shared = 0): number {
    const bytes = this.#bytes;
    const endA = this.end(a);
    const endB = this.end(b);
    let atA = this.start(a) + shared;
    let atB = this.start(b) + shared;
    while (atA < endA && atB < endB) {
      const order = (bytes[atA++] ?? 0) - (bytes[atB++] ?? 0);
      if (order !== 0) return order;
    }
    return endA - atA - (endB - atB);
  }

  /** How many bytes two keys begin with in common; `known` of them are. */
  sharedLength(a: number, b: number, known = 0): number {
    const bytes = this.#bytes;
    const startA = this.start(a);
    const startB = this.start(b);
    const length = Math.min(this.end(a) - startA, this.end(b) - startB);
    let shared = known;
    while (shared < length && bytes[startA + shared] === bytes[startB + shared]) shared++;
    return shared;
  }

  #close(end: number): void {
    this.#ends.push(end);
  }

  #reserve(room: number): number {
    const used = this.#ends.at(-1) ?? 0;
    if (used + room > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, used + room));
      grown.set(this.#bytes.subarray(0, used));
      this.#bytes = grown;
    }
    return used;
  }
}
