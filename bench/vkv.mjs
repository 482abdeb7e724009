/** vkv itself, from the built package. */
import { Memory, Versioned } from "vkv";

export async function create({ medium, folder, durable }) {
  return handle(await storeOf(medium, folder, durable));
}

export async function reopen(folder) {
  return handle(await storeOf("disk", folder, false));
}

async function storeOf(medium, folder, durable) {
  if (medium === "memory") return new Memory();
  const { Disk } = await import("vkv/disk");
  return new Disk(folder, { durable });
}

async function handle(store) {
  const v = await Versioned.open(store);
  return {
    async load(entries) {
      await v.snapshot(entries);
      await v.merge();
      return v.currentCommit;
    },
    async commit(entries) {
      await v.snapshot(entries);
      await v.merge();
      return v.currentCommit;
    },
    async commitOn(commit, entries) {
      const at = await v.checkout(commit);
      return at.snapshot(entries);
    },
    plainPut: (key, value) => store.set(key, value),
    get: (key) => v.get(key),
    getMany: async (keys) => (await v.getMany(keys)).size,
    scan: (prefix) => v.entries({ prefix }).toArray(),
    iterate: (prefix) => v.entries({ prefix }),
    async diff(a, b) {
      const { added, removed, modified } = await v.diff(a, b);
      return added.size + removed.size + modified.size;
    },
    async sides(ours, theirs) {
      const other = await v.checkout(v.currentCommit);
      await other.snapshot(theirs);
      await other.merge();
      await v.snapshot(ours);
    },
    async merge() {
      const { strategy } = await v.merge();
      if (strategy !== "three_way") throw new Error(`It was no three-way merge but ${strategy}.`);
    },
    branch: (name) => v.createBranch(name),
    branches: async () => (await v.listBranches()).length,
    history: () => v.history().toArray(),
    mergeBase: (a, b) => v.mergeBase(a, b),
    async storedBytes() {
      let bytes = 0;
      for await (const [key, value] of store.entries()) bytes += Buffer.byteLength(key) + value.length;
      return bytes;
    },
    close: () => store.close(),
  };
}
