/** bench/results.md: a head and sections, each of which, and each of whose tables, can be written anew on its own. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { peers } from "../peers/index.mjs";
import { workloads } from "../workloads/index.mjs";
import { machine, today, versions } from "./machine.mjs";
import { sizeOf } from "./table.mjs";

const file = new URL("../results.md", import.meta.url);
const ORDER = [...workloads.map(({ id }) => id), "growth", "scale", "package"];
const MARK = /^<!-- (\w+) -->\n/m;

/** Writes the section `name` of bench/results.md, and the head. */
export function writeSection(name, title, text) {
  write(name, `## ${title}\n\n${dated(text)}`);
}

/** Writes a table of a workload, and the head; its tables for other sizes stay. */
export function writeTable({ id, title }, text) {
  const [, ...others] = (read().get(id) ?? "").split(/^(?=### )/m);
  const tables = new Map([...others, dated(text)].map((table) => [sizeOf(table), table.trimEnd()]));
  const ascending = [...tables].sort(([a], [b]) => a - b).map(([, table]) => table);
  write(id, [`## ${id}: ${title}`, ...ascending].join("\n\n"));
}

function dated(text) {
  return `${text}\n\nMeasured on ${today()}.`;
}

function write(name, section) {
  const sections = read().set(name, section);
  const all = ORDER.filter((id) => sections.has(id)).map((id) => `<!-- ${id} -->\n${sections.get(id)}`);
  writeFileSync(file, `${[head(), ...all].join("\n\n")}\n`);
}

function read() {
  return existsSync(file) ? parse(readFileSync(file, "utf8")) : new Map();
}

function parse(text) {
  const [, ...parts] = text.split(MARK);
  const sections = new Map();
  for (let i = 0; i < parts.length; i += 2) sections.set(parts[i], parts[i + 1].trimEnd());
  return sections;
}

function head() {
  const notes = peers.map(({ name, note }) => `- ${name}: ${note}`);
  return `# Results

Written by \`npm run bench -- --write\` and the scripts beside it: [README.md](README.md).

- Machine: ${machine()}.
- Versions: ${versions()}.
- Medians of processes that take turns. A gap below 1.5× is a tie. "÷ target" is at most 1 when the target is reached.

![Cost against the number of keys](cost-against-n.svg)

What is not comparable:

${notes.join("\n")}`;
}
