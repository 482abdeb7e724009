/**
 * The code in README.md and docs/*.md is checked and run, each `ts` block as a module of its own in an empty folder, on
 * the built package. `expression; // → value` is checked; a block marked `ts no-run` is not run.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { inTempFolder, node, root, tsc } from "./support/run.ts";
import { snippetsOf, withChecks } from "./support/snippets.ts";

const docs = existsSync(join(root, "docs")) ? readdirSync(join(root, "docs")).map((name) => `docs/${name}`) : [];
const blocks = ["README.md", ...docs.sort()]
  .filter((page) => page.endsWith(".md") && existsSync(join(root, page)))
  .flatMap((page) => snippetsOf(readFileSync(join(root, page), "utf8")).map((block) => ({ page, ...block })));

/** A user's project: vkv is installed, and Node's types are. */
function inProject<T>(work: (dir: string) => Promise<T>): Promise<T> {
  return inTempFolder(async (dir) => {
    await mkdir(join(dir, "node_modules/@types"), { recursive: true });
    await symlink(root, join(dir, "node_modules/vkv"), "junction");
    await symlink(join(root, "node_modules/@types/node"), join(dir, "node_modules/@types/node"), "junction");
    await symlink(join(root, "node_modules/@aws-sdk"), join(dir, "node_modules/@aws-sdk"), "junction");
    await writeFile(join(dir, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const compilerOptions = {
      module: "nodenext",
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      types: ["node"],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    await writeFile(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    return await work(dir);
  });
}

/** Runs `code` in a project of its own; what went wrong, "" if nothing. */
function runBlock(code: string): Promise<string> {
  return inProject(async (dir) => {
    await writeFile(join(dir, "block.ts"), withChecks(code));
    const tsx = pathToFileURL(join(root, "node_modules/tsx/dist/loader.mjs")).href;
    const { code: status, stderr } = await node(["--import", tsx, "block.ts"], dir);
    const failedAssertion = /^Assertion failed.*/m.exec(stderr)?.[0] ?? "";
    return status === 0 ? failedAssertion : stderr;
  });
}

describe("the pages", () => {
  it("hold code that type-checks", async () => {
    await inProject(async (dir) => {
      for (const { page, line, code } of blocks) {
        // As many empty lines before it as there are in the page, so that errors name the page's own lines.
        const file = `${page.replaceAll("/", "_")}-${line}.ts`;
        await writeFile(join(dir, file), `${"\n".repeat(line - 1)}${code}\nexport {};\n`);
      }
      await writeFile(join(dir, "none.ts"), "export {};\n");
      expect(await tsc(dir)).toBe("");
    });
  });

  it.concurrent.for(blocks.filter((block) => !block.noRun))("$page:$line runs", async ({ code }, { expect }) => {
    expect(await runBlock(code)).toBe("");
  });
});

describe("the checker of pages", () => {
  it("finds blocks and their lines", () => {
    const page = "# A\n\n```ts\nf();\n```\n\n- b\n  ```ts no-run\n  g();\n  ```\n\n```js\nh();\n```\n";
    expect(snippetsOf(page)).toEqual([
      { line: 4, code: "f();\n", noRun: false },
      { line: 9, code: "g();\n", noRun: true },
    ]);
    expect(() => snippetsOf("```ts norun\n```")).toThrow("norun");
  });

  it.each([
    ["a right value", "const a: number = 1 + 1; // → 2\n[a, a] // → [2, 2]", ""],
    ["a wrong value", "1 + 1; // → 3", "is 2"],
    ["a wrong variable", "const a = [1]; // → [2]", "is [ 1 ]"],
    [
      "an awaited value",
      "await Promise.resolve(new Uint8Array([1])); // → new Uint8Array([2])",
      "is Uint8Array(1) [ 1 ]",
    ],
    ["a failing assertion", 'console.assert(false, "no");', "Assertion failed: no"],
    ["an error", 'throw new Error("boom");', "boom"],
  ])("sees %s", async (_, code, found) => {
    const result = await runBlock(code);
    if (found === "") expect(result).toBe("");
    else expect(result).toContain(found);
  });
});
