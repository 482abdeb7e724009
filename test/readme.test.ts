/**
 * The code in README.md and docs is checked and run, each `ts` block as a module of its own in an empty folder, on the
 * built package. `expression; // → value` is checked; a block marked `ts no-run` is not run.
 */
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { transform } from "esbuild";
import { describe, expect, it } from "vitest";
import { inTempFolder, node, root, tsc } from "./support/run.ts";
import { snippetsOf, withChecks } from "./support/snippets.ts";

const runner = join(root, "test/support/run-blocks.mjs");
const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((path) => join("docs", path));
const pages = ["README.md", ...docs.sort()]
  .filter((page) => page.endsWith(".md"))
  .map((page) => ({ page, blocks: snippetsOf(readFileSync(join(root, page), "utf8")) }));

/** What is installed beside vkv: Node's types, and the clients of the servers that stores run on. */
const PACKAGES = ["@types/node", "@types/pg", "@aws-sdk/client-s3", "@electric-sql/pglite", "ioredis", "pg", "redis"];

/** A user's project: vkv is installed. */
function inProject<T>(work: (dir: string) => Promise<T>): Promise<T> {
  return inTempFolder(async (dir) => {
    await mkdir(join(dir, "node_modules/@types"), { recursive: true });
    await symlink(root, join(dir, "node_modules/vkv"), "junction");
    for (const scope of ["@electric-sql", "@aws-sdk"]) await mkdir(join(dir, "node_modules", scope));
    for (const name of PACKAGES) {
      await symlink(join(root, "node_modules", name), join(dir, "node_modules", name), "junction");
    }
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

/**
 * Runs blocks one after another in one process (starting one takes longer than most blocks do), each in an empty folder.
 * What went wrong in each, "" if nothing.
 */
function runBlocks(codes: readonly string[]): Promise<string[]> {
  return inProject(async (dir) => {
    const modules = codes.map((_, i) => join(dir, `${i}`, "block.mjs"));
    for (const [i, module] of modules.entries()) {
      const options = { loader: "ts", target: "node20", sourcemap: "inline", sourcefile: "block.ts" } as const;
      const { code } = await transform(withChecks(codes[i] ?? ""), options);
      await mkdir(dirname(module));
      await writeFile(module, code);
    }
    const results = join(dir, "results");
    await writeFile(results, "");
    const { code: status, stdout, stderr } = await node(["--enable-source-maps", runner, results, ...modules], dir);
    const lines = (await readFile(results, "utf8")).trimEnd().split("\n").filter(Boolean);
    const failures = lines.map((line) => JSON.parse(line) as string);
    const ended = `The process of this page's blocks ended with ${status}:\n${stdout}${stderr}`;
    const isExplained = status === 0 || failures.length < codes.length || failures.some((failure) => failure !== "");
    return codes.map((_, i) => (isExplained ? (failures[i] ?? ended) : ended));
  });
}

describe("the pages", () => {
  it("hold code that type-checks", async () => {
    await inProject(async (dir) => {
      for (const { page, blocks } of pages) {
        for (const { line, code } of blocks) {
          // As many empty lines before it as there are in the page, so that errors name the page's own lines.
          const file = `${page.replaceAll(sep, "_")}-${line}.ts`;
          await writeFile(join(dir, file), `${"\n".repeat(line - 1)}${code}\nexport {};\n`);
        }
      }
      await writeFile(join(dir, "none.ts"), "export {};\n");
      expect(await tsc(dir)).toBe("");
    });
  });

  for (const { page, blocks } of pages) {
    const run = blocks.filter((block) => !block.noRun);
    let results: Promise<string[]> | undefined;
    it.concurrent.for(run.map(({ line }, i) => ({ page, line, i })))("$page:$line runs", async ({ i }, { expect }) => {
      results ??= runBlocks(run.map(({ code }) => code));
      expect((await results)[i]).toBe("");
    });
  }
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

  it("sees what is wrong in each of several blocks", async () => {
    const blocks: [code: string, found: RegExp][] = [
      ["const a: number = 1 + 1; // → 2\n[a, a] // → [2, 2]", /^$/],
      ["1 + 1; // → 3", /is 2/],
      ["const a = [1]; // → [2]", /is \[ 1 \]/],
      ["await Promise.resolve(new Uint8Array([1])); // → new Uint8Array([2])", /is Uint8Array\(1\) \[ 1 \]/],
      ['console.assert(false, "no");', /^Assertion failed: no$/],
      ['\nthrow new Error("boom");', /boom[\s\S]*block\.ts:2:/],
      ['void Promise.reject(new Error("left behind"));', /left behind/],
      ['import { writeFileSync } from "node:fs"; writeFileSync("file", "");', /^$/],
      ['import { existsSync } from "node:fs";\nexistsSync("file"); // → false', /^$/],
    ];
    const results = await runBlocks(blocks.map(([code]) => code));
    blocks.forEach(([code, found], i) => {
      expect.soft(results[i], code).toMatch(found);
    });
  });

  it.each([
    ["ends the process", "process.exit(0);"],
    ["never ends", "await new Promise(() => {});"],
  ])("sees a block that %s", async (_, code) => {
    const [before, at, after] = await runBlocks(["1; // → 1", code, "1; // → 1"]);
    expect([before, at, after]).toEqual([
      "",
      expect.stringMatching(/^The process/),
      expect.stringMatching(/^The process/),
    ]);
  });

  it("sees a failure after the last block", async () => {
    const code = 'import { test } from "node:test"; test("fails", () => { throw new Error("boom"); });';
    expect(await runBlocks([code])).toEqual([expect.stringContaining("boom")]);
    expect(await runBlocks(['setTimeout(() => { throw new Error("late"); }, 20);'])).toEqual([
      expect.stringContaining("late"),
    ]);
  });
});
