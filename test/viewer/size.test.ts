import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { root } from "../support/run.ts";

const FILES = ["index.html", "icon.svg", "page.css", "page.js"].map((name) =>
  readFileSync(join(root, "dist/viewer/page", name)),
);

it("the page is as large as the docs say", () => {
  const size = FILES.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
  const [, said] = /The page is (\d+) kB with gzip/.exec(readFileSync(join(root, "docs/viewer.md"), "utf8")) ?? [];
  console.log(`the viewer's page: ${size} bytes with gzip`);
  expect(Math.abs(size / 1000 - Number(said))).toBeLessThan(1);
  expect(size).toBeLessThan(30_000);
});

it("the page names the licences of what is in it, and puts no markup of values into it", () => {
  const script = FILES[3]?.toString() ?? "";
  expect(script).toContain("The MIT License (MIT)\n\nCopyright (c) 2015-present Jason Miller");
  expect(script).toContain("BSD 3-Clause License\n\nCopyright (c) 2009-2015, Kevin Decker");
  expect(script).not.toMatch(
    /https?:\/\/(?!www\.w3\.org)[^\s"']*\.(?:js|css)|insertAdjacentHTML|document\.write|\beval\(/,
  );
});
