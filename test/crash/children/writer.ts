/**
 * A writer of a crash run: does random steps on the main branch, on a branch of its own, and on short-lived branches and
 * tags, and reports each before it begins and when it is acknowledged. Every step sets a key that no other process sets.
 *
 * Arguments: the folder, whether it is durable, a seed, the writer's name, the first number that it has not used.
 */
import { counter } from "../../../src/content-types/counter.ts";
import { ConcurrencyError, VkvError } from "../../../src/errors.ts";
import { Disk } from "../../../src/kv/disk.ts";
import { Versioned } from "../../../src/versioned/versioned.ts";
import { randomFrom } from "../../support/tree.ts";
import { beWakeable, bytesFor, keyCell, refCell, report, type Step, workWhenTold } from "../report.ts";

const [, , folder = "", durable = "", seed = "1", name = "", first = "0"] = process.argv;
/** How many keys take turns: more than there are steps in a round, so that each is looked at before it changes again. */
const SLOTS = 2000;
/** The code of a merge that needs history that is no more. */
const CUT = "VKV_HISTORY_CUT";
const count = counter();
const random = randomFrom(Number(seed));
beWakeable();
const store = new Disk(folder, { durable: durable === "true" });
let next = Number(first);

const main = await Versioned.open(store);
main.setContentType("count/merged", count);

/** The branch of this writer alone. It gets a new one when its history has become too short to be merged. */
let own = await openOwn();
/** Its keys that the main branch does not have yet. */
let unjoined = await ownKeys();

async function openOwn(): Promise<Versioned> {
  const mine = (await main.listBranches()).filter((branch) => branch.startsWith(`own/${name}/`));
  const newest = Math.max(0, ...mine.map((branch) => Number(branch.slice(branch.lastIndexOf("/") + 1))));
  return Versioned.open(store, { branch: `own/${name}/${newest}` });
}

async function ownKeys(): Promise<Map<string, string>> {
  const entries = await own.entries({ prefix: `${name}/own/` }).toArray();
  return new Map(entries.map(([key, value]) => [key, new TextDecoder().decode(value)]));
}

/**
 * Carries out a step; returns "done", or the code of the error when it failed in a way that promises that it did not
 * happen: then the handles go back to what is published.
 */
async function step(what: Step, work: () => Promise<unknown>): Promise<string> {
  report({ begin: what });
  try {
    await work();
  } catch (error) {
    if (!isPromiseOfNothing(error)) throw error;
    report({ undone: error.code });
    await Promise.all([main.reset(), own.reset()]);
    return error.code;
  }
  report({ done: main.currentCommit });
  return "done";
}

function isPromiseOfNothing(error: unknown): error is VkvError {
  if (error instanceof ConcurrencyError) return error.outcome === "lost";
  return error instanceof VkvError && ["VKV_SESSION_COLLECTED", CUT].includes(error.code);
}

/** A key of this writer's in a branch, and the token it gets next. */
function slot(area: string): { key: string; token: string } {
  const number = next++;
  return { key: `${name}/${area}/${number % SLOTS}`, token: `s${number}` };
}

/** Gives a collector the time to come in between. */
async function dawdle(): Promise<void> {
  if (random(8) === 0) await new Promise((resolve) => setTimeout(resolve, random(20)));
}

/** One to three commits, published together. */
async function commits(): Promise<void> {
  const slots = Array.from({ length: 1 + random(3) }, () => slot("main"));
  await step({ sets: Object.fromEntries(slots.map(({ key, token }) => [keyCell("main", key), token])) }, async () => {
    for (const { key, token } of slots) {
      await main.snapshot({ [key]: bytesFor(token) });
      await dawdle();
    }
    await main.merge();
  });
}

/** A value of 1 MB, which is stored in pieces. */
async function large(): Promise<void> {
  const { key, token } = slot("main");
  const long = `L${token.slice(1)}`;
  const sets = { [keyCell("main", key)]: token, [keyCell("main", `${name}/large`)]: long };
  await step({ sets }, async () => {
    await main.snapshot({ [key]: bytesFor(token), [`${name}/large`]: bytesFor(long) });
    await dawdle();
    await main.merge();
  });
}

async function transacted(): Promise<void> {
  const { key, token } = slot("main");
  await step({ sets: { [keyCell("main", key)]: token }, adds: "count/transacted" }, () =>
    main.transact(async (tx) => {
      const before = await tx.get("count/transacted");
      const raised = count.encode((before === undefined ? 0n : count.decode(before)) + 1n);
      await tx.snapshot({ [key]: bytesFor(token), "count/transacted": raised });
    }),
  );
}

async function merged(): Promise<void> {
  const { key, token } = slot("main");
  await step({ sets: { [keyCell("main", key)]: token }, adds: "count/merged" }, async () => {
    const before = await main.get("count/merged");
    const raised = count.encode((before === undefined ? 0n : count.decode(before)) + 1n);
    await main.snapshot({ [key]: bytesFor(token), "count/merged": raised });
    await dawdle();
    await main.merge();
  });
}

async function onOwn(): Promise<void> {
  const { key, token } = slot("own");
  const outcome = await step({ sets: { [keyCell(own.branch, key)]: token } }, async () => {
    await own.snapshot({ [key]: bytesFor(token) });
    await own.merge();
  });
  if (outcome === "done") unjoined.set(key, token);
}

/** Merges this writer's branch into the main branch. */
async function join(): Promise<void> {
  const joined = [...unjoined].map(([key, token]) => [keyCell("main", key), token]);
  const outcome = await step({ sets: Object.fromEntries(joined) }, async () => {
    await main.mergeFrom(own.branch);
    await dawdle();
    await main.merge();
  });
  if (outcome === "done") unjoined.clear();
  else if (outcome === CUT) await renew();
}

/** Merges the main branch into this writer's. */
async function update(): Promise<void> {
  const outcome = await step({ sets: {} }, async () => {
    await own.mergeFrom("main");
    await own.merge();
  });
  if (outcome === CUT) await renew();
}

/** Begins a new branch of this writer's at the main branch, and deletes the old one. */
async function renew(): Promise<void> {
  const old = own;
  const number = Number(old.branch.slice(old.branch.lastIndexOf("/") + 1)) + 1;
  const fresh = `own/${name}/${number}`;
  await step({ sets: {} }, async () => {
    own = await main.createBranch(fresh);
  });
  if (own === old) return;
  unjoined = new Map();
  await step({ sets: {}, drops: old.branch }, () => main.deleteBranch(old.branch));
}

/** Creates or deletes one of the writer's short-lived branches or tags; it may be at local work that nothing else leads to. */
async function ref(kind: "branch" | "tag"): Promise<void> {
  const short = `short/${name}/${random(6)}`;
  const cell = refCell(kind, short);
  const isThere = kind === "branch" ? (await main.listBranches()).includes(short) : (await main.listTags()).has(short);
  if (isThere) {
    await step({ sets: { [cell]: null } }, () =>
      kind === "branch" ? main.deleteBranch(short) : main.deleteTag(short),
    );
    return;
  }
  if (random(2) === 0) {
    const work = () => main.snapshot({ [`${name}/${kind}`]: bytesFor(`s${next++}`) });
    if ((await step({ sets: {} }, work)) !== "done") return;
  }
  await dawdle();
  await step({ sets: { [cell]: main.currentCommit } }, () =>
    kind === "branch" ? main.createBranch(short) : main.createTag(short),
  );
  // The local commit must not be published by the next step.
  await main.reset();
}

const STEPS = [commits, commits, transacted, merged, onOwn, onOwn];
const RARE = [join, update, () => ref("branch"), () => ref("tag"), large];

workWhenTold(async () => {
  const list = random(4) === 0 ? RARE : STEPS;
  await list[random(list.length)]?.();
});
