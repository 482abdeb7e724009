/**
 * One system and one workload, once, in a process of its own. The argument is a task as JSON; the last line printed
 * is the result as JSON: `{ metrics }`, `{ skipped }` or `{ error }`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { workloads } from "../workloads/index.mjs";
import { entriesOf, Random, updatesOf } from "./data.mjs";
import { Clock } from "./measure.mjs";
import { Profile } from "./profile.mjs";

const opener = fileURLToPath(new URL("open-one.mjs", import.meta.url));
const task = JSON.parse(process.argv[2]);
const { adapter, media, n, quick, folder } = task;

/** Makes the store that later processes open, and that W10 weighs. */
async function prepare({ create, reopen }) {
  if (reopen === undefined) return { skipped: "has no store that another process can open" };
  const system = await create({ medium: "disk", folder, durable: false });
  await system.load(entriesOf(n));
  const random = new Random(13);
  const commits = system.commit === undefined ? 0 : quick ? 100 : 1000;
  for (let i = 0; i < commits; i++) await system.commit(updatesOf(random, 1, n));
  await system.close?.();
  return { metrics: {} };
}

async function measure({ create, reopen, openCommand }) {
  const workload = workloads.find(({ id }) => id === task.workload);
  const wanted = workload.medium ?? "memory";
  const medium = media.includes(wanted) ? wanted : media[0];
  if (workload.medium === "disk" && medium !== "disk") return { skipped: "is not on disk" };
  const open = [];
  const opened = async (made) => {
    const system = await made;
    const lacks = workload.needs.find((name) => typeof system[name] !== "function");
    if (lacks !== undefined) throw new Lacking(lacks);
    open.push(system);
    return system;
  };
  const createHere = () => {
    const path = join(folder, String(open.length));
    mkdirSync(path, { recursive: true });
    return opened(create({ medium, folder: path, durable: workload.durable === true }));
  };
  const profile = task.profile === undefined ? undefined : new Profile(task.profile);
  const context = {
    n,
    quick,
    folder,
    clock: new Clock({ quick, begin: () => profile?.start() }),
    create: createHere,
    reopen: () => opened(reopen(folder)),
    openCommand: (key) => (openCommand ?? openInNode)(folder, key),
    async loaded() {
      const system = await createHere();
      await (system.quickLoad ?? system.load)(entriesOf(n));
      return system;
    },
  };
  const metrics = await workload.run(context);
  await profile?.stop();
  for (const system of open) await system.close?.();
  return metrics === undefined ? { skipped: "cannot be measured here" } : { metrics };
}

/** The command that opens a store and gets a key; without a key, one that does neither. */
function openInNode(path, key) {
  return key === undefined ? [process.execPath, "-e", "0"] : [process.execPath, opener, adapter, path, key];
}

/** What a system does not offer, a workload cannot measure. */
class Lacking extends Error {}

async function run() {
  try {
    const system = await import(adapter);
    return await (task.workload === undefined ? prepare(system) : measure(system));
  } catch (error) {
    if (error instanceof Lacking) return { skipped: `has no ${error.message}()` };
    if (error.code === "ERR_MODULE_NOT_FOUND") return { missing: error.message.split("\n")[0] };
    return { error: error.stack };
  }
}

const result = await run();
process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit());
