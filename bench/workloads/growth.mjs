/** W2g: by how much what is stored grows with every one-key commit. */
import { Random, updatesOf } from "../harness/data.mjs";
import { expect } from "../harness/measure.mjs";

export const growth = {
  id: "W2g",
  title: "growth of all that is stored (keys and values), per one-key commit of random keys",
  sizes: [100_000, 1_000_000],
  onceOnly: true,
  needs: ["load", "commit", "storedBytes", "get"],
  metrics: { growth: { title: "bytes a commit", unit: "B", targets: { 1000000: 700 } } },
  async run({ n, quick, loaded }) {
    const system = await loaded();
    const random = new Random(6);
    // vkv stores the nodes of a tree with every thousandth commit or so: a few times, here.
    const commits = quick ? 250 : 4096;
    const before = await system.storedBytes();
    let last = [];
    for (let i = 0; i < commits; i++) {
      last = updatesOf(random, 1, n);
      await system.commit(last);
    }
    const grown = (await system.storedBytes()) - before;
    const [[key, value]] = last;
    expect(await system.get(key), value, `the value of ${key}`);
    return { growth: grown / commits };
  },
};
