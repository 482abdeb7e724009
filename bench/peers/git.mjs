/** git itself, in a bare repository: `fast-import` writes, `cat-file` and `diff-tree` read, each one process that stays open. */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const MAIN = "refs/heads/main";
const CHUNK = 1 << 20;

export function create({ folder }) {
  git(folder, "init", "--quiet", "--bare", "--initial-branch=main");
  return handle(folder);
}

export function reopen(folder) {
  return handle(folder);
}

/** A process that prints how long the value of a key is. */
export function openCommand(folder, key) {
  return key === undefined ? ["git", "--version"] : ["git", "-C", folder, "cat-file", "-s", `${MAIN}:${pathOf(key)}`];
}

/** `user/000123/profile` → `user/000/123/profile`: no tree has more than a thousand entries. */
export function pathOf(key) {
  const [user, digits, ...rest] = key.split("/");
  return [user, digits.slice(0, -3), digits.slice(-3), ...rest].join("/");
}

const keyOf = (path) => path.replace(/^(\w+\/\d+)\//, "$1");

function git(folder, ...args) {
  const { status, stdout, stderr } = spawnSync("git", ["-C", folder, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
  return stdout.trimEnd();
}

/** A git process, and what it answers. */
class Process {
  #child;
  #buffer = Buffer.alloc(0);
  #wake = () => undefined;

  constructor(folder, ...args) {
    this.#child = spawn("git", ["-C", folder, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout.on("data", (data) => {
      this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data]);
      this.#wake();
    });
  }

  write(data) {
    return new Promise((resolve) => this.#child.stdin.write(data, resolve));
  }

  async #until(ready) {
    for (;;) {
      const found = ready(this.#buffer);
      if (found >= 0) return found;
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async line() {
    const end = await this.#until((buffer) => buffer.indexOf("\n"));
    return this.#take(end + 1).toString("utf8", 0, end);
  }

  async bytes(length) {
    await this.#until((buffer) => (buffer.length >= length ? length : -1));
    return this.#take(length);
  }

  #take(length) {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  close() {
    this.#child.stdin.end();
    return new Promise((resolve) => this.#child.on("close", resolve));
  }
}

function handle(folder) {
  const processes = new Map();
  let from = spawnSync("git", ["-C", folder, "rev-parse", "--verify", "--quiet", MAIN], {
    encoding: "utf8",
  }).stdout.trim();
  let readable = MAIN;
  let isVisible = true;
  /** The marks of what was imported here: an id is not known to `fast-import` before a checkpoint. */
  const marks = new Map();

  function running(name, ...args) {
    if (!processes.has(name)) processes.set(name, new Process(folder, ...args));
    return processes.get(name);
  }
  const importer = () => running("import", "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force");
  const reader = () => running("cat-file", "cat-file", "--batch");

  /** A commit on `ref` on top of `parent`; its id. */
  async function commitTo(ref, parent, entries) {
    const mark = `:${marks.size + 1}`;
    const head = `commit ${ref}\nmark ${mark}\ncommitter a <a@a> ${1_700_000_000 + marks.size} +0000\ndata 0\n`;
    let parts = [Buffer.from(parent === "" ? head : `${head}from ${marks.get(parent) ?? parent}\n`)];
    let size = 0;
    for (const [key, value] of entries) {
      const line = Buffer.from(`M 100644 inline ${pathOf(key)}\ndata ${value.length}\n`);
      parts.push(line, value);
      size += line.length + value.length;
      if (size < CHUNK) continue;
      await importer().write(Buffer.concat(parts));
      [parts, size] = [[], 0];
    }
    parts.push(Buffer.from(`\nget-mark ${mark}\n`));
    importer().write(Buffer.concat(parts));
    isVisible = false;
    const id = await importer().line();
    marks.set(id, mark);
    return id;
  }

  /** Lets other processes see what was imported. */
  async function show() {
    if (isVisible) return;
    importer().write("checkpoint\nprogress done\n");
    await importer().line();
    isVisible = true;
  }

  async function commit(entries) {
    from = await commitTo(MAIN, from, entries);
    readable = MAIN;
    return from;
  }

  async function read(name) {
    const process = reader();
    process.write(`${name}\n`);
    const head = await process.line();
    if (head.endsWith("missing")) return undefined;
    const length = Number(head.split(" ").at(-1));
    return (await process.bytes(length + 1)).subarray(0, length);
  }

  return {
    load: commit,
    commit,
    commitOn: (parent, entries) => commitTo("refs/heads/side", parent, entries),
    async get(key) {
      await show();
      return read(`${readable}:${pathOf(key)}`);
    },
    async scan(prefix) {
      await show();
      const lines = git(folder, "ls-tree", "-r", "--format=%(objectname) %(path)", MAIN, `${prefix}/`).split("\n");
      const process = reader();
      process.write(lines.map((line) => `${line.slice(0, 40)}\n`).join(""));
      const found = [];
      for (const line of lines) {
        const length = Number((await process.line()).split(" ").at(-1));
        found.push([keyOf(line.slice(41)), (await process.bytes(length + 1)).subarray(0, length)]);
      }
      return found;
    },
    beforeDiff: show,
    async diff(a, b) {
      const process = running("diff-tree", "diff-tree", "--stdin", "-r", "--name-only");
      // A line that is no id is sent back.
      process.write(`${b} ${a}\nend\n`);
      let lines = 0;
      while ((await process.line()) !== "end") lines++;
      return lines - 1;
    },
    async sides(ours, theirs) {
      const sides = [await commitTo("refs/heads/ours", from, ours), await commitTo("refs/heads/theirs", from, theirs)];
      await show();
      return sides;
    },
    merge(sides) {
      readable = git(folder, "merge-tree", "--write-tree", ...sides);
    },
    async branch(name) {
      await show();
      git(folder, "branch", name, "main");
    },
    branches: () => git(folder, "for-each-ref", "refs/heads").split("\n").length,
    async history() {
      await show();
      return git(folder, "rev-list", "main").split("\n");
    },
    async mergeBase(a, b) {
      await show();
      return git(folder, "merge-base", a, b);
    },
    async storedBytes() {
      await show();
      return readdirSync(join(folder, "objects"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith("tmp_"))
        .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    },
    async close() {
      for (const process of processes.values()) await process.close();
    },
  };
}
