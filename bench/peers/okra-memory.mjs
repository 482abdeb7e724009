/** okra in memory. It keeps the latest state only, so a diff is a sync with a second tree, which lags a commit behind. */
import { sync } from "@canvas-js/okra";
import { Tree } from "@canvas-js/okra-memory";
import { handle } from "./okra.mjs";

export function create() {
  const trees = [];
  const part = () =>
    handle(new Tree(), async (entries) => {
      const tree = await Tree.fromEntries({}, entries);
      trees.push(tree);
      return tree;
    });
  const [ours, lagging] = [part(), part()];
  let waiting = [];
  let everything;
  let version = 0;
  return {
    ...ours,
    load(entries) {
      everything = [...entries];
      return ours.load(everything);
    },
    async commit(entries) {
      await ours.commit(entries);
      waiting.push(entries);
      return ++version;
    },
    async diff(_before, _after) {
      let count = 0;
      await trees[0].read((source) =>
        trees[1].read(async (target) => {
          for await (const _ of sync(source, target)) count++;
        }),
      );
      return count;
    },
    async beforeDiff() {
      if (trees.length === 1) await lagging.load(everything);
      for (const entries of waiting.slice(0, -1)) await lagging.commit(entries);
      waiting = waiting.slice(-1);
    },
  };
}
