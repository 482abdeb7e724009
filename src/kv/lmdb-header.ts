/**
 * A look at the first bytes of an LMDB file before LMDB maps it into memory: it trusts what they say, and the process
 * would crash where they are wrong.
 *
 * Two pages with the same layout: a header of 24 bytes, then magic, version, a map address and size, two tree
 * descriptors of 48 bytes (free pages, data), the last page, the transaction. The one of the later transaction counts.
 */
import { CorruptionError } from "../errors.ts";

const MAGIC = 0xbeefc0de;
const VERSION = 2;
const MAX_PAGE_BYTES = 65536;
const META_BYTES = 160;
/** No page: the root of an empty tree. */
const NO_PAGE = 0xffffffffffffffffn;

/** How many bytes of the file, if it has as many, must be looked at. */
export const HEADER_BYTES: number = MAX_PAGE_BYTES + META_BYTES;

/** The pages that every LMDB file begins with. */
interface Meta {
  readonly pageBytes: number;
  readonly mapBytes: bigint;
  readonly roots: readonly bigint[];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/** Throws a `CorruptionError` unless the file `name` that begins with `head` is an LMDB file. */
export function checkLmdbHeader(name: string, head: Uint8Array): void {
  readMeta(name, head, readMeta(name, head, 0).pageBytes);
}

/**
 * How long the LMDB file `name` of `size` bytes that begins with `head` should be, while nobody writes. It may be
 * shorter: the last pages need not have been written if they are free. `CorruptionError` if the data is cut off at its root.
 */
export function lmdbFileBytes(name: string, head: Uint8Array, size: number): number {
  const first = readMeta(name, head, 0);
  const second = readMeta(name, head, first.pageBytes);
  const meta = first.transaction >= second.transaction ? first : second;
  const wanted = (meta.lastPage + 1n) * BigInt(meta.pageBytes);
  if (wanted > meta.mapBytes) throw damaged(name, "its header makes no sense");
  for (const root of meta.roots) {
    if (root === NO_PAGE) continue;
    if (root > meta.lastPage) throw damaged(name, "its header makes no sense");
    if ((root + 1n) * BigInt(meta.pageBytes) > BigInt(size)) throw damaged(name, "it is cut off");
  }
  return Number(wanted);
}

function readMeta(name: string, head: Uint8Array, at: number): Meta {
  if (head.length < at + META_BYTES) throw damaged(name, "it is cut off");
  // LMDB's numbers are in the machine's byte order; lmdb is there for little-endian machines only.
  const view = new DataView(head.buffer, head.byteOffset + at, META_BYTES);
  if (view.getUint32(24, true) !== MAGIC) throw damaged(name, "it is not an LMDB file");
  if ((view.getUint32(28, true) & 0xffff) !== VERSION) throw damaged(name, "it is of another version of LMDB");
  const pageBytes = view.getUint32(48, true);
  if (pageBytes < 256 || pageBytes > MAX_PAGE_BYTES || (pageBytes & (pageBytes - 1)) !== 0) {
    throw damaged(name, "its header makes no sense");
  }
  return {
    pageBytes,
    mapBytes: view.getBigUint64(40, true),
    roots: [view.getBigUint64(88, true), view.getBigUint64(136, true)],
    lastPage: view.getBigUint64(144, true),
    transaction: view.getBigUint64(152, true),
  };
}

function damaged(name: string, what: string): CorruptionError {
  return new CorruptionError(`The file ${JSON.stringify(name)} is damaged: ${what}.`);
}
