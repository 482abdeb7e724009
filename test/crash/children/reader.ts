/** Reads all of a store's main branch, and says what it found: a hash of the contents, or the error. Argument: the folder. */
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { verify } from "../../../src/commit/verify.ts";
import { VkvError } from "../../../src/errors.ts";
import { Disk } from "../../../src/kv/disk.ts";
import { Versioned } from "../../../src/versioned/versioned.ts";

const [, , folder = ""] = process.argv;

async function read(): Promise<{ contents: string; ok: boolean }> {
  await using store = new Disk(folder);
  const v = await Versioned.open(store, { create: false });
  const hash = createHash("sha256");
  for await (const commit of v.history()) hash.update(commit);
  for await (const [key, value] of v.entries()) hash.update(key).update(value);
  return { contents: hash.digest("hex"), ok: (await verify(store)).ok };
}

async function say(): Promise<void> {
  try {
    writeSync(1, JSON.stringify(await read()));
  } catch (error) {
    if (!(error instanceof VkvError)) throw error;
    writeSync(1, JSON.stringify({ error: error.code }));
  }
}

await say();
