import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { importsOf, violations } from "./support/architecture.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

describe("the sources", () => {
  it("keep to the layers, without cycles, and run everywhere", () => {
    const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.tsx?$/.test(path))
      .map((path): [string, string] => [path.split(sep).join("/"), readFileSync(join(root, "src", path), "utf8")]);
    expect(sources.length).toBeGreaterThan(20);
    expect(violations(new Map(sources))).toEqual([]);
  });
});

describe("the checker", () => {
  const clean = {
    "errors.ts": "",
    "hash/sha256.ts": 'import { sha256 } from "@noble/hashes/sha2.js";',
    "hash/sha256-node.ts": '/// <reference types="node" />\nimport { hash } from "node:crypto";',
    "kv/store.ts": 'import { a } from "../errors.ts";',
    "kv/memory.ts": 'import {\n  b,\n  type C,\n} from "./store.ts";',
    "kv/disk.ts": 'import "node:fs";\nconst engine = await import("lmdb");',
    "chunk/hash.ts": 'import { sha256Hex } from "#sha256";',
    "conformance/index.ts": 'import type { KVStore } from "../kv/store.ts";',
    "index.ts": 'export * from "./kv/memory.ts";\nexport type { D } from "./chunk/hash.ts";',
    "cli/main.ts": 'import { E } from "../index.ts";\nimport { Disk } from "../kv/disk.ts";',
    "viewer/protocol.ts": "",
    "viewer/serve.ts": 'import "node:http";\nimport { E } from "../index.ts";\nimport type { P } from "./protocol.ts";',
    "viewer/page/page.tsx": 'import { render } from "preact";\nimport type { P } from "../protocol.ts";',
  };
  const withFile = (path: string, source: string): string[] =>
    violations(new Map(Object.entries({ ...clean, [path]: source })));

  it("finds nothing in clean sources", () => {
    expect(violations(new Map(Object.entries(clean)))).toEqual([]);
  });

  it.each([
    ["an upward import", "kv/x.ts", 'import { y } from "../chunk/hash.ts";', "imports upward"],
    ["an upward import of a type", "kv/x.ts", 'export type { y } from "../index.ts";', "imports upward"],
    ["an upward dynamic import", "kv/x.ts", 'const y = () => import("../chunk/hash.ts");', "imports upward"],
    ["a Node module in the core", "tree/x.ts", 'import { readFileSync } from "node:fs";', "must run everywhere"],
    ["one without its prefix", "tree/x.ts", 'import fs from "fs";', "must run everywhere"],
    ["a file for Node in the core", "index.ts", 'export { Disk } from "./kv/disk.ts";', "for Node only"],
    ["a foreign package", "tree/x.ts", 'import x from "lodash";', "may not import the package lodash"],
    ["a driver outside its backend", "kv/x.ts", 'import { open } from "lmdb";', "may not import the package lmdb"],
    ["conformance on another layer", "conformance/x.ts", 'import "../chunk/hash.ts";', "may not import"],
    ["a layer on conformance", "index.ts", 'export * from "./conformance/index.ts";', "beside the layers"],
    ["the cli below the public API", "cli/x.ts", 'import "../chunk/hash.ts";', "may not import"],
    ["the cli in what no entry point is", "cli/x.ts", 'import "../kv/store.ts";', "may not import"],
    ["the parser outside of the cli", "kv/x.ts", 'import { Command } from "commander";', "may not import the package"],
    ["the viewer below the public API", "viewer/x.ts", 'import "../chunk/hash.ts";', "may not import"],
    ["the page on the server", "viewer/page/x.ts", 'import "../serve.ts";', "may not import"],
    ["a Node module in the page", "viewer/page/x.ts", 'import "node:fs";', "must run everywhere"],
    ["the server on the page", "viewer/x.ts", 'import "./page/page.tsx";', "for browsers only"],
    ["the page's library elsewhere", "viewer/x.ts", 'import "preact";', "may not import the package preact"],
    ["a folder in no layer", "helpers/x.ts", "", "is in no layer"],
    ["a missing file", "kv/x.ts", 'import "./y.ts";', "does not exist"],
    ["a cycle", "kv/store.ts", 'import "./memory.ts";', "A cycle: kv/store.ts → kv/memory.ts → kv/store.ts"],
  ])("finds %s", (_, path, source, message) => {
    const found = withFile(path, source);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  it("passes over examples in comments", () => {
    expect(importsOf('/**\n * import { x } from "x";\n * const y = import("y");\n */\n// import "z";')).toEqual([]);
  });
});

describe("the type check of the core", () => {
  it("knows nothing of Node", () => {
    const dir = mkdtempSync(join(tmpdir(), "vkv-core-"));
    try {
      writeFileSync(
        join(dir, "planted.ts"),
        "export const x: unknown = [process.pid, Buffer.alloc(1), require, global];\n",
      );
      const config = { extends: join(root, "tsconfig.core.json"), compilerOptions: { rootDir: null, outDir: null } };
      const files = { include: [join(root, "src"), dir], references: [] };
      // The core's own #sha256 is found through outDir and rootDir, which this larger program cannot have.
      const paths = { "#sha256": [join(root, "src/hash/sha256.ts")] };
      writeFileSync(
        join(dir, "tsconfig.json"),
        JSON.stringify({ ...config, ...files, compilerOptions: { ...config.compilerOptions, paths } }),
      );
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      const { stdout } = spawnSync(process.execPath, [tsc, "-p", dir, "--pretty", "false"], { encoding: "utf8" });
      const planted = stdout.split("\n").filter((line) => line.includes("planted.ts"));
      for (const name of ["process", "Buffer", "require", "global"]) {
        expect(planted.filter((line) => line.includes(`'${name}'`))).toHaveLength(1);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
