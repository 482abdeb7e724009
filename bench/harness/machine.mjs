/** What the figures were measured on, without names or paths of the machine. */
import { spawnSync } from "node:child_process";
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

/** The versions of Node, of vkv and of the peers. */
export function versions() {
  const { version } = read("../../package.json");
  const npm = Object.entries(read("../peers/package-lock.json").packages[""].optionalDependencies);
  const installed = npm.map(([name]) => [
    name,
    read("../peers/package-lock.json").packages[`node_modules/${name}`].version,
  ]);
  const lmdb = read("../../package-lock.json").packages["node_modules/lmdb"].version;
  const python = text("../peers/requirements.txt")
    .trim()
    .split("\n")
    .map((line) => line.replace(/\[.*\]/, "").split("=="));
  const cargo = /prolly-map = "=(.*)"/.exec(text("../peers/prolly-map/Cargo.toml"))?.[1];
  const git = spawnSync("git", ["--version"], { encoding: "utf8" }).stdout?.trim().split(" ").at(-1);
  const all = [
    ["Node", process.versions.node],
    ["vkv", version],
    ["lmdb", lmdb],
    ...installed,
    ["git", git],
    ...python,
  ];
  return [...all, ["prolly-map", cargo]].map((pair) => pair.join(" ")).join(", ");
}

const text = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const read = (path) => JSON.parse(text(path));
