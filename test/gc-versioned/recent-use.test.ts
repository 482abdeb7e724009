import { describe, expect, it } from "vitest";
import { RecentUse } from "../../src/gc/recent-use.ts";

function entriesOf(use: RecentUse): Record<string, number | undefined> {
  return Object.fromEntries(use.entries());
}

describe("recent use", () => {
  it("has an order: keys used together are equal, and a forgotten key is not used", () => {
    const use = new RecentUse();
    use.note("a");
    use.noteAll(["b", "c"]);
    use.note("a");
    use.noteAll(["d", "e"]);
    use.forget("e");
    expect(entriesOf(use)).toEqual({ a: 3, b: 2, c: 2, d: 4 });
    expect(["a", "b", "e", "f"].map((key) => use.lastUse(key))).toEqual([3, 2, undefined, undefined]);
    expect(use.now).toBe(4);
  });

  it("forgets what is stored, and not what was used meanwhile", () => {
    const use = new RecentUse();
    use.noteAll(["a", "b", "c"]);
    const stored = use.now;
    use.note("b");
    use.startAt(stored);
    expect(entriesOf(use)).toEqual({ b: 1 });
    expect(use.now).toBe(1);
  });

  it("holds the last keys of one generation at least, and those of two at most", () => {
    const use = new RecentUse(100);
    for (let i = 0; i < 1050; i++) use.note(`k${i}`);
    expect([...use.entries()].map(([key]) => key)).toEqual(Array.from({ length: 150 }, (_, i) => `k${900 + i}`));
    expect(use.lastUse("k899")).toBeUndefined();
    use.forget("k950");
    expect(use.lastUse("k950")).toBeUndefined();
    expect(use.lastUse("k900")).toBe(901);
  });

  it("keeps what is used again and again", () => {
    const use = new RecentUse(100);
    for (let i = 0; i < 10_000; i++) {
      use.note("hot");
      use.note(`k${i}`);
    }
    expect(use.lastUse("hot")).toBe(19_999);
    expect([...use.entries()].filter(([key]) => key === "hot")).toHaveLength(1);
  });

  it("has copies that go their own way", () => {
    const use = new RecentUse();
    use.note("a");
    const copy = use.copy();
    copy.note("b");
    use.note("c");
    expect(entriesOf(use)).toEqual({ a: 1, c: 2 });
    expect(entriesOf(copy)).toEqual({ a: 1, b: 2 });
  });
});
