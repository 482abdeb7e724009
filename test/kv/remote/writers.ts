/** Several processes that write into a store on a server at once, beside a collector, while things go wrong. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { collectGarbage } from "../../../src/commit/collect.ts";
import { verify } from "../../../src/commit/verify.ts";
import { counter } from "../../../src/content-types/counter.ts";
import { VkvError } from "../../../src/errors.ts";
import { Versioned } from "../../../src/versioned/versioned.ts";
import { bundleProgram, Child, linkPackages } from "../../support/child.ts";
import { connectTo, type Place } from "./open.ts";

/** The key of the counter that all writers raise. */
export const COUNT = "count";

/** How long writers may take, in ms. */
const PATIENCE = 60_000;

/** What a writer says. */
export type Told =
  | { readonly ready: true }
  /** The step that sets this key was acknowledged. */
  | { readonly done: string }
  /** It failed, and may have happened nevertheless. */
  | { readonly failed: string; readonly code: string };

/** What to run. */
export interface WritersRun {
  readonly place: Place;
  /** The name of a store that nobody else uses. */
  readonly name: string;
  readonly writers: number;
  /** How long they write at least, in ms. */
  readonly time: number;
  /** How many steps are to be acknowledged before they stop, unless that takes longer than a minute. */
  readonly steps: number;
  /** What goes wrong meanwhile; it resolves when all is well again. */
  readonly trouble: (isOver: () => boolean) => Promise<void>;
}

/** What came of it. */
export interface WritersOutcome {
  /** How many steps were acknowledged. */
  readonly acknowledged: number;
  /** How many steps failed, by the code of the error. */
  readonly failed: Readonly<Record<string, number>>;
  /** How many of those had happened nevertheless. */
  readonly happened: number;
  readonly collections: number;
  /** What is not as it must be: nothing, if all is well. */
  readonly wrong: readonly string[];
}

/** Lets them write, and compares what they were told with what the store holds. */
export async function runWriters(run: WritersRun): Promise<WritersOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "vkv-remote-"));
  const told: Told[] = [];
  const children: Child<Told>[] = [];
  try {
    const programs = join(folder, "programs");
    mkdirSync(programs);
    linkPackages(programs);
    const program = await bundleProgram(new URL("children/writer.ts", import.meta.url), programs);
    const starts = Array.from(
      { length: run.writers },
      (_, i) =>
        new Promise<void>((resolve) => {
          const args = [JSON.stringify(run.place), run.name, `w${i}`];
          const child = new Child<Told>(program, args, (line) => ("ready" in line ? resolve() : told.push(line)));
          children.push(child);
          void child.ended.then(() => resolve());
        }),
    );
    await Promise.all(starts);
    const start = performance.now();
    const isOver = (): boolean => {
      const time = performance.now() - start;
      return time > PATIENCE || (time > run.time && told.filter((line) => "done" in line).length >= run.steps);
    };
    const [collections] = await Promise.all([collect(run, isOver), run.trouble(isOver)]);
    for (const child of children) child.send({ stop: true });
    const endings = await Promise.all(children.map(async ({ ended }) => ended));
    const ended = endings.filter((ending) => ending !== "done").map((ending) => JSON.stringify(ending));
    return await compare(run, told, collections, ended);
  } finally {
    for (const child of children) child.kill();
    await Promise.all(children.map(async ({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Collects again and again; returns how often it was completed. */
async function collect({ place, name }: WritersRun, isOver: () => boolean): Promise<number> {
  const remote = await connectTo(place);
  const store = await remote.open(name);
  let completed = 0;
  while (!isOver()) {
    try {
      if ((await collectGarbage(store, { minAge: 0 })).completed) completed++;
    } catch (error) {
      if (!(error instanceof VkvError)) throw error;
    }
    await sleep(20);
  }
  await remote.close();
  return completed;
}

async function compare(
  { place, name }: WritersRun,
  told: readonly Told[],
  collections: number,
  ended: readonly string[],
): Promise<WritersOutcome> {
  const remote = await connectTo(place);
  const store = await remote.open(name);
  const v = await Versioned.open(store, { create: false });
  const keys = new Set(await v.keys().toArray());
  keys.delete(COUNT);
  const value = await v.get(COUNT);
  const count = value === undefined ? 0n : counter().decode(value);
  const done = told.flatMap((line) => ("done" in line ? [line.done] : []));
  const open = told.flatMap((line) => ("failed" in line ? [line] : []));
  const failed: Record<string, number> = {};
  for (const { code } of open) failed[code] = (failed[code] ?? 0) + 1;
  const wrong = [
    ...ended,
    ...(await verify(store)).problems.map(({ key, message }) => `${key}: ${message}`),
    ...done.filter((key) => !keys.has(key)).map((key) => `${key} was acknowledged, and is not there`),
    // Each step sets a key and counts, at once.
    ...(count === BigInt(keys.size) ? [] : [`the counter is ${count}, with ${keys.size} keys`]),
  ];
  await remote.close();
  const happened = open.filter(({ failed: key }) => keys.has(key)).length;
  if (keys.size !== done.length + happened) wrong.push("there are keys that no writer spoke of");
  return { acknowledged: done.length, failed, happened, collections, wrong };
}
