/** What okra's trees in memory and on LMDB have in common: the latest state only, with a Merkle tree over it. */

const encode = (key) => Buffer.from(key);
const upper = (prefix) => Buffer.concat([Buffer.from(prefix), Buffer.from([0xff])]);

async function* asynchronous(entries) {
  for (const [key, value] of entries) yield [encode(key), value];
}

/** @param tree an okra tree; `build` makes one from entries in key order */
export function handle(empty, build) {
  let tree = empty;
  const range = (transaction, prefix) =>
    transaction.entries({ key: encode(prefix), inclusive: true }, { key: upper(prefix), inclusive: false });
  const commit = (entries) =>
    tree.write((transaction) => {
      for (const [key, value] of entries) transaction.set(encode(key), value);
    });
  return {
    async load(entries) {
      // Its builder wants them in key order.
      const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
      tree = await build(asynchronous(sorted));
    },
    commit,
    get: (key) => tree.read((transaction) => transaction.get(encode(key)) ?? undefined),
    getMany: (keys) =>
      tree.read((transaction) => {
        let found = 0;
        for (const key of keys) if (transaction.get(encode(key)) !== null) found++;
        return found;
      }),
    scan: (prefix) => tree.read((transaction) => [...range(transaction, prefix)]),
    close: () => tree.close(),
  };
}
