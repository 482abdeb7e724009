/** The systems that can be measured, and how a process of each is started. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { peers } from "../peers/index.mjs";
import { cargoProgram, python } from "./install.mjs";

const here = (path) => new URL(path, import.meta.url).href;

const vkv = { name: "vkv", adapter: here("../vkv.mjs"), media: ["memory", "disk"], durable: true };

/** vkv as it is in another clone of this repository, built. */
export function baseIn(folder) {
  return { ...vkv, name: "base", adapter: pathToFileURL(join(folder, "bench/vkv.mjs")).href };
}

/** vkv, and the peers of which `names` has one: all, none, or a list. */
export function chooseSystems(names) {
  if (names === "none") return [vkv];
  const wanted = names === "all" ? undefined : names.split(",");
  for (const name of wanted ?? []) {
    if (!peers.some((peer) => peer.name === name)) {
      throw new Error(`No peer ${name}; there are ${peers.map((peer) => peer.name).join(", ")}.`);
    }
  }
  const chosen = peers.filter(({ name }) => wanted?.includes(name) ?? true);
  return [vkv, ...chosen.map((peer) => ({ ...peer, adapter: here(`../peers/${peer.file}`) }))];
}

/** The command that runs a task of a system. */
export function command(system, task) {
  const { media, adapter } = system;
  if (system.runtime === "cargo") {
    return [cargoProgram(adapter), [task.workload ?? "none", String(task.n), ...(task.quick ? ["quick"] : [])]];
  }
  if (system.runtime === "python") {
    const argument = { ...task, media, adapter: fileURLToPath(adapter) };
    return [python, [fileURLToPath(here("child.py")), JSON.stringify(argument)]];
  }
  return [process.execPath, [fileURLToPath(here("child.mjs")), JSON.stringify({ ...task, media, adapter })]];
}
