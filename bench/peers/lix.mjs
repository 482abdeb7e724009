/** lix in memory: rows of its table of keys and values, through SQL; every statement is a commit. */
import { openLix } from "@lix-js/sdk";

/** Rows that one statement of a load inserts. */
const ROWS = 2000;

/** Its values are JSON, so bytes go in and out as base64. */
const encode = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
const decode = (row) => [row.key, new Uint8Array(Buffer.from(row.value, "base64"))];

function put(session, entries) {
  const rows = entries.map((_, i) => `($${2 * i + 1}, $${2 * i + 2})`).join(", ");
  const upsert = `INSERT INTO lix_key_value (key, value) VALUES ${rows} ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
  return session.execute(
    upsert,
    entries.flatMap(([key, value]) => [key, encode(value)]),
  );
}

export async function create() {
  const lix = await openLix();
  const main = await lix.activeBranchId();
  let sides = 0;
  return {
    async load(entries) {
      const all = [...entries];
      const transaction = await lix.beginTransaction();
      for (let i = 0; i < all.length; i += ROWS) await put(transaction, all.slice(i, i + ROWS));
      await transaction.commit();
    },
    commit: async (entries) => (await put(lix, entries)).commit.after,
    async get(key) {
      const { rows } = await lix.execute("SELECT key, value FROM lix_key_value WHERE key = $1", [key]);
      return rows[0] === undefined ? undefined : decode(rows[0])[1];
    },
    async scan(prefix) {
      const range = "SELECT key, value FROM lix_key_value WHERE key >= $1 AND key < $2 ORDER BY key";
      return (await lix.execute(range, [prefix, `${prefix}~`])).rows.map(decode);
    },
    async sides(ours, theirs) {
      const { id } = await lix.createBranch({ name: `side-${sides++}` });
      await lix.switchBranch({ branchId: id });
      await put(lix, theirs);
      await lix.switchBranch({ branchId: main });
      await put(lix, ours);
      return id;
    },
    merge: (sourceBranchId) => lix.mergeBranch({ sourceBranchId }),
    branch: (name) => lix.createBranch({ name }),
    branches: async () => Number((await lix.execute("SELECT count(*) AS count FROM lix_branch")).rows[0].count),
    close: () => lix.close(),
  };
}
