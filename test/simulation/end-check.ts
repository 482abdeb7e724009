/** What must hold when all processes have ended: seen through the public API, by a process that begins afterwards. */
import { collectGarbage, counter, Memory, Versioned, verify } from "vkv";
import type { Hash } from "../../src/chunk/hash.ts";
import { hashOfChunkKey } from "../../src/chunk/key.ts";
import { isChunkKey } from "../../src/kv/chunk-keys.ts";
import { MARKER } from "./audit.ts";
import type { World } from "./world.ts";
import { COUNTER } from "./writer.ts";

/** Checks a run that came to its end; what is wrong goes to the scheduler. */
export async function endCheck(world: World): Promise<void> {
  const { scheduler, shared } = world;
  const store = new Memory();
  for (const [key, value] of shared.values) store.set(key, value);
  try {
    const { completed } = await collectGarbage(store, { minAge: 0 });
    if (!completed) scheduler.fail("the last collection was not completed");
    const { problems } = await verify(store);
    for (const { message } of problems) scheduler.fail(`verify says: ${message}`);
    await checkRefs(world, store);
    const needed = shared.audit.reach();
    // Below a cut, commits may be needed without their trees, to find ancestors by.
    const mayStay = (key: string): boolean => world.figures.cuts > 0 && hashOfChunkKey("commit", key) !== undefined;
    const extra = [...store.memory.keys()].filter((key) => isChunkKey(key) && !needed.has(key) && !mayStay(key));
    if (extra.length > 0)
      scheduler.fail(`garbage is left: ${extra.map((key) => shared.audit.names.key(key)).join(" ")}`);
  } catch (error) {
    scheduler.fail(`at the end: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

/** Opens all branches and tags from cold, and reads all there is. */
async function checkRefs(world: World, store: Memory): Promise<void> {
  const { scheduler, shared } = world;
  for (const branch of await Versioned.branches(store)) {
    const v = await Versioned.open(copyOf(store), { branch, create: false });
    await readAll(v);
    const marks = await v.keys({ prefix: MARKER }).toArray();
    const expected = [...(shared.audit.marks(v.currentCommit as Hash) ?? [])];
    if (marks.join() !== expected.sort().join())
      scheduler.fail(`${branch} has ${marks.join()}, not ${expected.join()}`);
    if (scheduler.profile.counts && branch === "main") await checkCount(world, v);
  }
  const v = await Versioned.open(copyOf(store));
  for (const { commit } of (await v.listTags()).values()) {
    const tagged = await v.checkout(commit);
    if (tagged === undefined) scheduler.fail(`a tag's commit is not there`);
    else await tagged.entries().toArray();
  }
}

async function checkCount({ counted, scheduler }: World, v: Versioned): Promise<void> {
  const bytes = await v.get(COUNTER);
  const count = Number(bytes === undefined ? 0n : counter().decode(bytes));
  if (count < counted.sure || count > counted.sure + counted.unsure) {
    scheduler.fail(`the count is ${count}: ${counted.sure} were acknowledged, and ${counted.unsure} are not sure`);
  }
}

/** Reads every value of every commit below a handle's. */
async function readAll(v: Versioned): Promise<void> {
  for await (const commit of v.history({ allParents: true })) {
    const then = await v.checkout(commit);
    for await (const _ of then?.entries() ?? []);
  }
}

function copyOf(store: Memory): Memory {
  const copy = new Memory();
  for (const [key, value] of store.memory) copy.set(key, value);
  return copy;
}
