/** What the figures were measured on, without names or paths of the machine. */
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

export function machine() {
  const list = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${list[0]?.model.trim() ?? "unknown CPU"}, ${list.length} cores, ${memory} GiB of memory, ${process.platform} ${process.arch}`;
}

export function today() {
  return new Date().toISOString().slice(0, 10);
}

/** The versions of Node, of vkv and of what the chosen peers are. */
export function versions(systems) {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const others = systems.flatMap(({ name, version: found }) => (found === undefined ? [] : [`${name} ${found}`]));
  return [`Node ${process.version.slice(1)}`, `vkv ${version}`, ...others].join(", ");
}
