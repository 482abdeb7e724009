/** isomorphic-git in a bare repository of loose objects, with its cache. The first commit comes from git where its own is not timed. */
import fs, { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import git from "isomorphic-git";
import { create as createGit, pathOf } from "./git.mjs";

const MAIN = "refs/heads/main";
const author = { name: "a", email: "a@a", timestamp: 1_700_000_000, timezoneOffset: 0 };

export async function create({ folder }) {
  await git.init({ fs, gitdir: folder, bare: true, defaultBranch: "main" });
  return handle(folder);
}

export function reopen(folder) {
  return handle(folder);
}

function handle(folder) {
  const repository = { fs, gitdir: folder, cache: {} };
  let head;

  const current = async () => {
    head ??= await git.resolveRef({ ...repository, ref: MAIN });
    return head;
  };

  async function write(ref, parent, entries) {
    const files = new Map();
    for (const [key, blob] of entries) place(files, pathOf(key).split("/"), blob);
    const old = parent === undefined ? undefined : (await git.readCommit({ ...repository, oid: parent })).commit.tree;
    const tree = await update(old, files);
    const commit = { tree, parent: parent === undefined ? [] : [parent], author, committer: author, message: "" };
    const oid = await git.writeCommit({ ...repository, commit });
    await git.writeRef({ ...repository, ref, value: oid, force: true });
    return oid;
  }

  function place(files, [name, ...rest], blob) {
    if (rest.length === 0) files.set(name, blob);
    else {
      if (!files.has(name)) files.set(name, new Map());
      place(files.get(name), rest, blob);
    }
  }

  /** The tree `oid` with files and folders changed. */
  async function update(oid, changes) {
    const old = oid === undefined ? [] : (await git.readTree({ ...repository, oid })).tree;
    const entries = new Map(old.map((entry) => [entry.path, entry]));
    for (const [path, change] of changes) {
      entries.set(
        path,
        change instanceof Map
          ? { path, mode: "040000", type: "tree", oid: await update(entries.get(path)?.oid, change) }
          : { path, mode: "100644", type: "blob", oid: await git.writeBlob({ ...repository, blob: change }) },
      );
    }
    return git.writeTree({ ...repository, tree: [...entries.values()] });
  }

  async function commit(entries) {
    head = await write(MAIN, head, entries);
    return head;
  }

  async function get(key) {
    try {
      return (await git.readBlob({ ...repository, oid: await current(), filepath: pathOf(key) })).blob;
    } catch (error) {
      if (error.code === "NotFoundError") return undefined;
      throw error;
    }
  }

  return {
    load: commit,
    async quickLoad(entries) {
      const other = createGit({ folder });
      await other.load(entries);
      await other.close();
      head = await current();
    },
    commit,
    commitOn: (parent, entries) => write("refs/heads/side", parent, entries),
    get,
    async scan(prefix) {
      const found = [];
      await git.walk({
        ...repository,
        trees: [git.TREE({ ref: head })],
        async map(path, [entry]) {
          if (!`${path}/`.startsWith(`${prefix}/`) && !`${prefix}/`.startsWith(`${path}/`) && path !== ".") return null;
          if ((await entry.type()) === "blob") found.push([path, await entry.content()]);
          return path;
        },
      });
      return found;
    },
    async diff(a, b) {
      let count = 0;
      await git.walk({
        ...repository,
        trees: [git.TREE({ ref: a }), git.TREE({ ref: b })],
        async map(path, [left, right]) {
          if ((await left?.oid()) === (await right?.oid())) return null;
          if ((await (left ?? right).type()) === "blob") count++;
          return path;
        },
      });
      return count;
    },
    async sides(ours, theirs) {
      const base = head;
      await write("refs/heads/theirs", base, theirs);
      head = await write(MAIN, base, ours);
    },
    async merge() {
      const { oid } = await git.merge({ ...repository, ours: "main", theirs: "theirs", author });
      head = oid;
    },
    branch: (name) => git.branch({ ...repository, ref: name }),
    branches: async () => (await git.listBranches(repository)).length,
    history: async () => (await git.log({ ...repository, ref: "main" })).map(({ oid }) => oid),
    mergeBase: async (a, b) => (await git.findMergeBase({ ...repository, oids: [a, b] }))[0],
    storedBytes: () =>
      readdirSync(join(folder, "objects"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0),
  };
}
