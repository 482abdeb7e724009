import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Graph, type GraphCommit } from "../../src/cli/graph.ts";
import { propertyOptions } from "../support/seed.ts";

/** The drawing of commits, each given as `child: parents`. */
function draw(...commits: readonly string[]): string[] {
  return lines(
    commits.map((text) => {
      const [hash = "", ...parents] = text.split(/[: ]+/).filter(Boolean);
      return { hash, parents };
    }),
  );
}

function lines(commits: readonly GraphCommit[]): string[] {
  const graph = new Graph();
  return commits.flatMap((each) => {
    const { before, commit, after } = graph.add(each);
    return [...before, `${commit} ${each.hash}`, ...after];
  });
}

describe("the graph", () => {
  it("draws a line", () => {
    expect(draw("c: b", "b: a", "a")).toEqual(["* c", "* b", "* a"]);
  });

  it("draws a merge", () => {
    expect(draw("m: a b", "b: r", "a: r", "r")).toEqual(["* m", "|\\", "| * b", "* | a", "|/", "* r"]);
  });

  it("draws branches that were not merged", () => {
    expect(draw("a: r", "b: r", "c: r", "r")).toEqual(["* a", "| * b", "| | * c", "| |/", "|/", "* r"]);
  });

  it("draws a merge in a merge, which makes the others move", () => {
    expect(draw("m: n a", "n: b c", "a: r", "b: r", "c: r", "r")).toEqual([
      "* m",
      "|\\",
      "* | n",
      "|\\ \\",
      "| | * a",
      "* | | b",
      "| * | c",
      "| |/",
      "|/",
      "* r",
    ]);
  });

  it("draws merges back and forth", () => {
    expect(draw("m: a b", "n: b a", "a: r", "b: r", "r")).toEqual([
      "* m",
      "|\\",
      "| | * n",
      "| | |\\",
      "|_|_|/",
      "* | | a",
      "| |/",
      "| * b",
      "|/",
      "* r",
    ]);
  });

  it("draws lines with beginnings of their own", () => {
    expect(draw("m: a b", "a", "b: c", "c")).toEqual(["* m", "|\\", "* | a", " /", "* b", "* c"]);
  });

  it("draws every commit once, in as many lanes as lines are open, and closes them all", () => {
    const history = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(history, (seeds) => {
        // Parents are older, and the last commit is below all.
        const commits = seeds.map((picks, i) => {
          const older = seeds.length - 1 - i;
          const parents = older === 0 ? [] : [...new Set([0, ...picks].map((pick) => i + 1 + (pick % older)))];
          return { hash: String(i), parents: parents.map(String) };
        });
        const graph = new Graph();
        const open: string[] = [];
        for (const commit of commits) {
          const rows = graph.add(commit);
          if (!open.includes(commit.hash)) open.push(commit.hash);
          const waiting = open.filter((hash) => hash !== commit.hash);
          expect(rows.commit.split(" ").sort()).toEqual(["*", ...waiting.map(() => "|")].sort());
          open.splice(0, open.length, ...waiting, ...commit.parents);
          for (const row of [...rows.before, ...rows.after]) expect(row).toMatch(/^[|/\\_ ]*$/);
        }
        expect(graph.add({ hash: "after", parents: [] })).toEqual({ before: [], commit: "*", after: [] });
      }),
      propertyOptions({ numRuns: 100 }),
    );
  });
});
