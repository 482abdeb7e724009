/**
 * A look at an LMDB file before LMDB maps it into memory and trusts what it says: where that is wrong, the process
 * would crash. Found is what is no LMDB file, or was cut off, not what was changed in its middle.
 *
 * The file begins with two meta pages; the one of the later transaction counts. Every page has a header of 24 bytes.
 */
import { CorruptionError } from "../errors.ts";

/** Access to the file; all of it must stay as it is meanwhile, but for `checkHeader`. */
export interface LmdbFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Up to `length` bytes from `position` on; fewer at the end. */
  read(position: number, length: number): Uint8Array;
}

const PAGE_HEADER_BYTES = 24;
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const MAX_PAGE_BYTES = 65536;
/** The root of an empty tree. */
const NO_PAGE = 0xffffffffffffffffn;
/** Flags of a page: an inner page of a tree, a leaf. */
const BRANCH = 1;
const LEAF = 2;
/** Flag of a node: the value lies in pages of its own. */
const BIG = 1;

interface Meta {
  readonly pageBytes: number;
  readonly mapBytes: bigint;
  /** Of the tree of free pages, and of that of the data. */
  readonly roots: readonly [bigint, bigint];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/** Throws a `CorruptionError` unless `file` begins as an LMDB file does. */
export function checkHeader(file: LmdbFile): void {
  readMeta(file, readMeta(file, 0).pageBytes);
}

/** The number of the last transaction that was committed to `file`; it must stay as it is meanwhile. */
export function lastTransaction(file: LmdbFile): number {
  return Number(latestMeta(file).transaction);
}

/**
 * How many bytes `file` has when it is complete: it may be shorter, since free pages at the end need not have been
 * written. `CorruptionError` if other pages are cut off; only for a file that is shorter must all of it be read.
 */
export function completeSize(file: LmdbFile): number {
  const meta = latestMeta(file);
  const complete = (meta.lastPage + 1n) * BigInt(meta.pageBytes);
  if (complete > meta.mapBytes) throw damaged(file, "its header makes no sense");
  if (complete > BigInt(file.size)) for (const root of meta.roots) if (root !== NO_PAGE) checkTree(file, meta, root);
  return Number(complete);
}

/** The meta page that counts. */
function latestMeta(file: LmdbFile): Meta {
  const first = readMeta(file, 0);
  const second = readMeta(file, first.pageBytes);
  return first.transaction >= second.transaction ? first : second;
}

/** Throws unless all pages that are reached from `root` are there. */
function checkTree(file: LmdbFile, meta: Meta, root: bigint): void {
  const pageCount = BigInt(Math.floor(file.size / meta.pageBytes));
  const open = [root];
  for (let page = open.pop(); page !== undefined; page = open.pop()) {
    if (page >= pageCount) throw damaged(file, "it is cut off");
    const view = viewOf(file.read(Number(page) * meta.pageBytes, meta.pageBytes));
    const flags = view.getUint16(18, true);
    if (view.getBigUint64(0, true) !== page || (flags & (BRANCH | LEAF)) === 0) throw damaged(file, "a page is wrong");
    // Places in a page are counted from the end of its header on.
    for (let at = 0; at < view.getUint16(20, true); at += 2) {
      const node = PAGE_HEADER_BYTES + view.getUint16(PAGE_HEADER_BYTES + at, true);
      if ((flags & BRANCH) !== 0) {
        open.push(BigInt(view.getUint32(node, true)) + (BigInt(view.getUint16(node + 4, true)) << 32n));
      } else if ((view.getUint16(node + 4, true) & BIG) !== 0) {
        const value = node + 8 + view.getUint16(node + 6, true);
        const end = view.getBigUint64(value, true) + view.getBigUint64(value + 16, true);
        if (end > pageCount) throw damaged(file, "it is cut off");
      }
    }
  }
}

function readMeta(file: LmdbFile, position: number): Meta {
  const bytes = file.read(position, META_BYTES);
  if (bytes.length < META_BYTES) throw damaged(file, "it is cut off");
  // LMDB's numbers are in the machine's byte order; lmdb is there for little-endian machines only.
  const view = viewOf(bytes);
  if (view.getUint32(24, true) !== MAGIC) throw damaged(file, "it is not an LMDB file");
  if ((view.getUint32(28, true) & 0xffff) !== VERSION) throw damaged(file, "it is of another version of LMDB");
  const pageBytes = view.getUint32(48, true);
  if (pageBytes < 256 || pageBytes > MAX_PAGE_BYTES || (pageBytes & (pageBytes - 1)) !== 0) {
    throw damaged(file, "its header makes no sense");
  }
  return {
    pageBytes,
    mapBytes: view.getBigUint64(40, true),
    roots: [view.getBigUint64(88, true), view.getBigUint64(136, true)],
    lastPage: view.getBigUint64(144, true),
    transaction: view.getBigUint64(152, true),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(file: LmdbFile, what: string): CorruptionError {
  return new CorruptionError(`The file ${JSON.stringify(file.name)} is damaged: ${what}.`, { at: file.name });
}
