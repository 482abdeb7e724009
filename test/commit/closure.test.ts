import { expect, it } from "vitest";
import { ChunkStore } from "../../src/chunk/store.ts";
import { closure } from "../../src/commit/closure.ts";
import { Tips } from "../../src/commit/tips.ts";
import { build, cold, keepOnly } from "./graph.ts";

it("below a cut, the spine is all that later commits need to name their ancestors", async () => {
  const length = 300;
  const line = await build(Array.from({ length }, (_, i) => (i === 0 ? [] : [0])));
  let longest = 0;
  for (let kept = 1; kept < length - 90; kept += 1) {
    const graph = await build(Array.from({ length: kept + 1 }, (_, i) => (i === 0 ? [] : [0])));
    const [head, cut] = [graph.commits[kept], graph.commits[kept - 1]];
    if (head === undefined || cut === undefined) throw new Error("no commits");
    const tips = new Tips();
    tips.add({ head: head.hash, cuts: [cut.hash] });
    const left = new Set<string>();
    for await (const { commits, spine } of closure(new ChunkStore(graph.store), tips)) {
      expect(commits.map(({ hash }) => hash)).toEqual([head.hash]);
      longest = Math.max(longest, spine.length);
      for (const { hash } of [...commits, ...spine]) left.add(hash);
    }
    keepOnly(graph, left);
    const { commits } = cold(graph);
    let parent = await commits.load(head.hash);
    for (let n = kept + 1; n < Math.min(length, kept + 90); n++) {
      const { root, size, bytes } = parent;
      parent = commits.add(await commits.make({ root, size, bytes, parents: [parent], info: { n } }));
      expect(parent.hash).toBe(line.commits[n]?.hash);
    }
  }
  expect(longest).toBeLessThanOrEqual(5);
});
