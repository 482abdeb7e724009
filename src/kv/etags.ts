import { sha256Hex } from "#sha256";

/** How many entries are remembered. */
const SIZE = 4096;

/** The ETags of what was last read or written, each with the bytes it stands for; those that were used longest ago are forgotten. */
export class ETags {
  readonly #known: Map<string, { readonly etag: string; readonly digest: string }> = new Map();

  /** Notes that `bytes` were stored at `key` with an ETag. */
  note(key: string, bytes: Uint8Array, etag: string): void {
    this.#known.delete(key);
    this.#known.set(key, { etag, digest: sha256Hex(bytes) });
    if (this.#known.size <= SIZE) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  /** The ETag under which exactly `bytes` were last seen at `key`. */
  of(key: string, bytes: Uint8Array): string | undefined {
    const known = this.#known.get(key);
    return known?.digest === sha256Hex(bytes) ? known.etag : undefined;
  }

  /** Forgets a key. */
  forget(key: string): void {
    this.#known.delete(key);
  }
}
