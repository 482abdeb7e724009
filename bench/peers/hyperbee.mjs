/** hyperbee on hypercore 10, in memory or in files; a version is a number. */
import Hyperbee from "hyperbee";
import Hypercore from "hypercore";
import RAM from "random-access-memory";

export async function create({ medium, folder }) {
  return handle(medium === "memory" ? new Hypercore(() => new RAM()) : new Hypercore(folder));
}

export function reopen(folder) {
  return handle(new Hypercore(folder));
}

async function handle(core) {
  const bee = new Hyperbee(core, { keyEncoding: "utf-8", valueEncoding: "binary" });
  await bee.ready();
  const snapshots = [];

  async function commit(entries) {
    if (Array.isArray(entries) && entries.length === 1) await bee.put(...entries[0]);
    else {
      const batch = bee.batch();
      for (const [key, value] of entries) await batch.put(key, value);
      await batch.flush();
    }
    return bee.version;
  }

  async function* iterate(prefix) {
    for await (const { key, value } of bee.createReadStream({ gte: prefix, lt: `${prefix}\u{10ffff}` }))
      yield [key, value];
  }

  return {
    load: commit,
    commit,
    get: async (key) => (await bee.get(key))?.value,
    async scan(prefix) {
      const found = [];
      for await (const entry of iterate(prefix)) found.push(entry);
      return found;
    },
    iterate,
    async diff(a, b) {
      let count = 0;
      for await (const _ of bee.checkout(b).createDiffStream(a)) count++;
      return count;
    },
    branch(_name) {
      snapshots.push(bee.snapshot());
    },
    branches: () => snapshots.length,
    async history() {
      const versions = [];
      for await (const { seq } of bee.createHistoryStream({ reverse: true })) versions.push(seq + 1);
      return versions;
    },
    storedBytes: () => core.byteLength,
    close: () => bee.close(),
  };
}
