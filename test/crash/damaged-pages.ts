/** What comes of pages in the middle of a data file that are damaged: each try in a process of its own, which may crash. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Disk } from "../../src/kv/disk.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { bundleProgram, linkPackages } from "../support/child.ts";
import { noise, randomFrom } from "../support/tree.ts";

const PAGE = 4096;
const META_PAGES = 2;
/** How long a reader may take, in ms. */
const PATIENCE_MS = 20_000;

/** How many readers found what. */
export interface Outcomes {
  /** All that is stored, unharmed: nothing that counts was damaged. */
  same: number;
  /** An error of vkv, by its code. */
  errors: Record<string, number>;
  /** The process was ended by a signal, or by LMDB, by its name. */
  crashes: Record<string, number>;
  /** What is stored, as far as it was read; `verify` says what is damaged. */
  elsewhere: number;
  /** Anything else was read without an error, or `verify` found nothing wrong with it. */
  wrong: number;
}

type Found = { readonly contents: string; readonly ok: boolean } | { readonly error: string };

/** Damages a page of a store's file, and lets a process read the store; so many times. */
export async function damagePages(folder: string, tries: number, seed: number): Promise<Outcomes> {
  const programs = join(folder, "programs");
  const path = join(folder, "store");
  mkdirSync(programs);
  linkPackages(programs);
  const reader = await bundleProgram(new URL("children/reader.ts", import.meta.url), programs);
  await fill(path);
  const file = join(path, "data.mdb");
  const good = readFileSync(file);
  const read = (): Found | string => {
    const { status, signal, stdout } = spawnSync(process.execPath, [reader, path], {
      encoding: "utf8",
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
    });
    return status === 0 ? (JSON.parse(stdout) as Found) : (signal ?? `exit code ${status}`);
  };
  const whole = read();
  if (typeof whole === "string" || !("contents" in whole))
    throw new Error(`It cannot be read: ${JSON.stringify(whole)}`);

  const random = randomFrom(Math.imul(seed + 1, 0x9e3779b9));
  const outcomes: Outcomes = { same: 0, errors: {}, crashes: {}, elsewhere: 0, wrong: 0 };
  for (let i = 0; i < tries; i++) {
    writeFileSync(file, damaged(good, random));
    const found = read();
    if (typeof found === "string") outcomes.crashes[found] = (outcomes.crashes[found] ?? 0) + 1;
    else if ("error" in found) outcomes.errors[found.error] = (outcomes.errors[found.error] ?? 0) + 1;
    else if (found.contents !== whole.contents) outcomes.wrong++;
    else if (found.ok) outcomes.same++;
    else outcomes.elsewhere++;
  }
  return outcomes;
}

/** A store with a history, small values, long ones, and free pages. */
async function fill(path: string): Promise<void> {
  await using store = new Disk(path, { durable: false });
  const v = await Versioned.open(store);
  for (let i = 0; i < 60; i++) {
    const updates = Array.from(
      { length: 10 },
      (_, j) => [`k${i * 7 + j}`, noise(20 + ((i * j * 37) % 900), i + j)] as const,
    );
    await v.snapshot(i % 20 === 0 ? [...updates, ["long", noise(300_000, i)]] : updates);
    await v.merge();
  }
}

/** A copy in which one page, not one of the first two, is damaged. */
function damaged(good: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = new Uint8Array(good);
  const pages = good.length / PAGE - META_PAGES;
  const start = (): number => (META_PAGES + random(pages)) * PAGE;
  const page = start();
  const other = start();
  switch (random(4)) {
    case 0:
      bytes[page + random(PAGE)] = random(256);
      break;
    case 1:
      bytes.fill(0, page, page + PAGE);
      break;
    case 2:
      bytes.set(noise(PAGE, random(1e6)), page);
      break;
    default:
      bytes.copyWithin(page, other, other + PAGE);
  }
  return bytes;
}
