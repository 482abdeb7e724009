import { describe, expect, it } from "vitest";
import { type LaneRow, Lanes } from "../../src/viewer/page/lanes.ts";

/** The rows of commits that are written as `"id parent parent"`. */
function rowsOf(...commits: string[]): LaneRow[] {
  const lanes = new Lanes();
  return commits.map((commit) => {
    const [id = "", ...parents] = commit.split(" ");
    return lanes.add({ id, parents });
  });
}

describe("lanes", () => {
  it("keep a line in one lane", () => {
    expect(rowsOf("c b", "b a", "a")).toEqual([
      { lane: 0, above: [], below: [0], passing: [] },
      { lane: 0, above: [0], below: [0], passing: [] },
      { lane: 0, above: [0], below: [], passing: [] },
    ]);
  });

  it("part at a merge, and meet where both sides began", () => {
    expect(rowsOf("m a b", "b r", "a r", "r")).toEqual([
      { lane: 0, above: [], below: [0, 1], passing: [] },
      { lane: 1, above: [1], below: [1], passing: [0] },
      { lane: 0, above: [0], below: [0], passing: [1] },
      { lane: 0, above: [0, 1], below: [], passing: [] },
    ]);
  });

  it("are used again when they are free", () => {
    const rows = rowsOf("x", "c a", "d a", "a r", "e r", "r");
    expect(rows.map(({ lane }) => lane)).toEqual([0, 0, 1, 0, 1, 0]);
  });

  it("join a line that already leads to a parent", () => {
    expect(rowsOf("m a b", "n b a")[1]).toEqual({ lane: 2, above: [], below: [2, 0], passing: [0, 1] });
  });

  it("end and begin where the rows beside them say so", () => {
    const commits: string[] = [];
    for (let i = 400; i > 0; i--)
      commits.push(`${i} ${[(i * 7) % i, (i * 13) % i].filter((p) => p > 0).join(" ")}`.trim());
    let open = new Set<number>();
    for (const { lane, above, below, passing } of rowsOf(...commits)) {
      expect(new Set([...above, ...passing])).toEqual(open);
      expect(passing).not.toContain(lane);
      open = new Set([...passing, ...below]);
    }
    expect(open.size).toBe(0);
  });
});
