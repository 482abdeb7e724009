/** W9: a long history, and a merge base far back in it. */
import { Random, updatesOf } from "../harness/data.mjs";
import { expect } from "../harness/measure.mjs";

export const history = {
  id: "W9",
  title: "history of 10,000 commits of 1,000 keys; merge base with 1,000 commits on either side",
  sizes: [1000],
  needs: ["load", "commit", "history"],
  metrics: {
    history: { title: "history", unit: "ms", targets: { 1000: 15 } },
    base: { title: "merge base", unit: "ms", targets: { 1000: 0.3 } },
  },
  async run({ n, clock, loaded, quick }) {
    const system = await loaded();
    const random = new Random(12);
    const commits = quick ? 1000 : 10_000;
    let head;
    for (let i = 0; i < commits; i++) head = await system.commit(updatesOf(random, 1, n));
    let listed = [];
    const time = await clock.each(
      20,
      () => undefined,
      async () => {
        listed = await system.history();
      },
    );
    expect(listed.length >= commits && listed[0] === head, true, `${commits} commits in the history, newest first`);
    if (system.mergeBase === undefined) return { history: time.median };
    const tips = [];
    for (let i = 0; i < 2; i++) tips.push(await side(system, head, random, n, commits / 10));
    let base;
    const found = await clock.each(
      50,
      () => undefined,
      async () => {
        base = await system.mergeBase(...tips);
      },
    );
    expect(base, head, "the merge base");
    return { history: time.median, base: found.median };
  },
};

async function side(system, from, random, n, length) {
  let tip = from;
  for (let i = 0; i < length; i++) tip = await system.commitOn(tip, updatesOf(random, 1, n));
  return tip;
}
