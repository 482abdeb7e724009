/// <reference types="node" />
/**
 * Which transaction of an LMDB environment was the last one.
 *
 * LMDB notes it in its lock file for all processes. But each process that opens the environment sets that note to what
 * it read from the data file a moment before (`mdb_env_open2` in lmdb 3.5): what others committed in between would be
 * overwritten by the next transaction. The data file knows better, so each transaction is compared with that before it
 * writes, and the note is set right.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "../errors.ts";
import { type LmdbFile, lastTransaction } from "./lmdb-file.ts";

/** How the lock file begins. Its numbers are in the byte order of the machine; lmdb is there for little-endian ones only. */
const MAGIC = 0xbeefc0de;

/** Where the lock file has the note, 8 bytes. */
const NOTE_AT = 8;

/** The last transaction of the environment in a folder, which must be open. */
export class LastTransaction {
  readonly #folder: string;
  readonly #fd: number;
  readonly #file: LmdbFile;
  /** It stays open for good: when a process closes any handle of a file, it loses all its locks on that file. */
  #lockFd: number | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    const name = join(folder, "data.mdb");
    const fd = openSync(name, "r");
    this.#fd = fd;
    const read = (position: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
    };
    this.#file = { name, size: fstatSync(fd).size, read };
  }

  /**
   * Whether transaction number `begun`, which must be open for writing, follows the last one. Otherwise the lock file was
   * wrong and is right now: end the transaction without writing, and begin again.
   *
   * @throws StorageError if the lock file is not as expected
   */
  isNext(begun: number): boolean {
    const last = lastTransaction(this.#file);
    if (begun === last + 1) return true;
    this.#setNote(last);
    return false;
  }

  /** Closes its file. */
  close(): void {
    closeSync(this.#fd);
  }

  #setNote(last: number): void {
    this.#lockFd ??= openSync(join(this.#folder, "lock.mdb"), "r+");
    const head = new DataView(new ArrayBuffer(NOTE_AT + 8));
    readSync(this.#lockFd, head, 0, head.byteLength, 0);
    // The note need not be what the transaction began with: another process may be opening the environment right now.
    // It cannot be ahead, since nobody else commits meanwhile.
    if (head.getUint32(0, true) !== MAGIC || head.getBigUint64(NOTE_AT, true) > BigInt(last)) {
      throw new StorageError("LMDB's lock file is not as it should be.");
    }
    head.setBigUint64(NOTE_AT, BigInt(last), true);
    writeSync(this.#lockFd, head, NOTE_AT, 8, NOTE_AT);
  }
}
