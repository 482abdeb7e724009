/** What the pages say about each other and about the sources, as far as it can be checked without running them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import * as vkv from "vkv";
import { root } from "./support/run.ts";

const pages = [...readdirSync(root), ...pathsIn("docs")]
  .filter((path) => path.endsWith(".md"))
  .map((path) => join(root, path));

function pathsIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
}

/** A page without its blocks of code. */
function proseOf(page: string): string {
  return readFileSync(page, "utf8").replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("the pages", () => {
  it.each(pages.map((page) => [relative(root, page), page] as const))("%s has no dead link", (_, page) => {
    const dead = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? page : join(dirname(page), path);
        return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
      });
    expect(dead).toEqual([]);
  });

  it.each(pages.map((page) => [relative(root, page), page] as const))(
    "%s has no two headings of one anchor",
    (_, page) => {
      const anchors = anchorsOf(page);
      expect(anchors.filter((anchor, i) => anchors.indexOf(anchor) < i)).toEqual([]);
    },
  );

  it("have a heading for every error code", () => {
    const source = readFileSync(join(root, "src/errors.ts"), "utf8");
    const codes = [...source.matchAll(/readonly code = "(\w+)"/g)].map(([, code = ""]) => code);
    const headings = [...proseOf(join(root, "docs/errors.md")).matchAll(/^## (VKV_\w+)$/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(10);
    expect(headings.sort()).toEqual(codes.sort());
  });

  it("name only errors that there are", () => {
    const named = pages.flatMap((page) => proseOf(page).match(/`[A-Z]\w+Error`/g) ?? []);
    const known = new Set([...Object.keys(vkv), "TypeError", "RangeError"]);
    expect([...new Set(named)].filter((name) => !known.has(name.slice(1, -1)))).toEqual([]);
  });
});
