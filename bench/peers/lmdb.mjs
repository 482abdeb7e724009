/** LMDB through the driver that vkv's `Disk` uses: what an embedded store without versions costs. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";

export function create({ folder, durable }) {
  return handle(folder, durable);
}

export function reopen(folder) {
  return handle(folder, false);
}

function handle(folder, durable) {
  const db = open({
    path: folder,
    noSubdir: false,
    encoding: "binary",
    noSync: !durable,
    overlappingSync: false,
  });
  const put = (entries) =>
    db.transactionSync(() => {
      for (const [key, value] of entries) db.putSync(key, value);
    });
  const range = (prefix) => db.getRange({ start: prefix, end: `${prefix}\u{10ffff}` });
  return {
    load: put,
    commit: put,
    plainPut: (key, value) => put([[key, value]]),
    get: (key) => db.getBinary(key),
    getMany(keys) {
      let found = 0;
      for (const key of keys) if (db.getBinary(key) !== undefined) found++;
      return found;
    },
    scan: (prefix) => range(prefix).map(({ key, value }) => [key, value]).asArray,
    async *iterate(prefix) {
      for (const { key, value } of range(prefix)) yield [key, value];
    },
    storedBytes: () => statSync(join(folder, "data.mdb")).size,
    close: () => db.close(),
  };
}
