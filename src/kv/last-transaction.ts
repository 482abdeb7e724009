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

/** Where the lock file has the note, 8 bytes in the byte order of the machine; lmdb is there for little-endian ones only. */
const NOTE_AT = 8;

/** The last transaction of the environment in a folder, which must be open. */
export class LastTransaction {
  readonly #folder: string;
  readonly #fd: number;
  readonly #file: LmdbFile;

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
    this.#setNote(begun - 1, last);
    return false;
  }

  /** Closes its file. */
  close(): void {
    closeSync(this.#fd);
  }

  #setNote(found: number, last: number): void {
    // It stays open for good: when a process closes any handle of a file, it loses all its locks on that file.
    const fd = openSync(join(this.#folder, "lock.mdb"), "r+");
    const note = new BigUint64Array(1);
    readSync(fd, note, 0, 8, NOTE_AT);
    if (note[0] !== BigInt(found)) throw new StorageError("LMDB's lock file is not as it should be.");
    note[0] = BigInt(last);
    writeSync(fd, note, 0, 8, NOTE_AT);
  }
}
