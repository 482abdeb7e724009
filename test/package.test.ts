import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { isStale } from "../scripts/build.mjs";
import { importsOf } from "./support/architecture.ts";
import { execute, node, npm, root, tsc } from "./support/run.ts";

const subpaths = Object.keys(manifest.exports).filter((path) => !path.endsWith(".json"));
const specifiers = subpaths.map((path) => `vkv${path.slice(1)}`);

/** A user's project with the packed package in it. Its dependency is linked; `lmdb` is not there. */
let project: string;
let installed: string;
let files: string[];

beforeAll(async () => {
  if (isStale()) throw new Error("dist is missing or stale: `npm run build` first.");
  project = await realpath(await mkdtemp(join(tmpdir(), "vkv-package-")));
  installed = join(project, "node_modules/vkv");
  await mkdir(installed, { recursive: true });
  await link("@noble/hashes");
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const packed = await npm(["pack", "--ignore-scripts", "--json", "--pack-destination", project]);
  const [tarball] = (await readdir(project)).filter((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error(`npm pack failed: ${packed.stderr}`);
  await execute("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed], project);
  files = (await readdir(installed, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(installed.length + 1)
        .replaceAll("\\", "/"),
    );
});

afterAll(async () => {
  await rm(project, { recursive: true, force: true, maxRetries: 3 });
});

/** Makes a package of ours a package of the project's. */
async function link(name: string): Promise<void> {
  const place = join(project, "node_modules", name);
  await mkdir(join(place, ".."), { recursive: true });
  await symlink(join(root, "node_modules", name), place, "junction");
}

/** Runs `code` as a module of the project; what it printed. */
async function runInProject(code: string): Promise<string> {
  const { code: status, stdout, stderr } = await node(["--input-type=module", "--eval", code], project);
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

describe("the tarball", () => {
  it("holds the build, the sources, the licence, and nothing else", () => {
    const places = [...new Set(files.map((file) => file.split("/")[0]))].sort();
    const allowed = ["CHANGELOG.md", "LICENSE", "README.md", "UPGRADING.md", "dist", "docs", "package.json", "src"];
    expect(allowed).toEqual(expect.arrayContaining(places));
    expect(places).toEqual(expect.arrayContaining(["LICENSE", "dist", "package.json", "src"]));
    expect(files).not.toContain("dist/.built-from");
  });

  it("names no folder of this machine", async () => {
    const local = [root.replace(/[\\/]$/, ""), pathToFileURL(root).href, "file:///", `${homedir()}/`];
    for (const file of files) {
      const text = await readFile(join(installed, file), "utf8");
      expect
        .soft(
          local.filter((path) => text.includes(path)),
          file,
        )
        .toEqual([]);
    }
  });

  it("holds the source of every source map", async () => {
    for (const file of files.filter((name) => name.endsWith(".map"))) {
      const { sources } = JSON.parse(await readFile(join(installed, file), "utf8")) as { sources: string[] };
      for (const source of sources) expect.soft(files).toContain(join(file, "..", source).replaceAll("\\", "/"));
    }
  });
});

/** The files of dist that `file` leads to, itself first. */
async function filesFrom(...open: string[]): Promise<string[]> {
  const found = new Set<string>();
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const specifier of importsOf(await readFile(join(installed, file), "utf8"))) {
      if (specifier.startsWith(".")) open.push(posix.join(posix.dirname(file), specifier.replace(/\.ts$/, ".d.ts")));
    }
  }
  return [...found];
}

describe("the build", () => {
  it("is a few files for each entry point, the hash beside them", async () => {
    for (const entry of Object.values(manifest.exports)) {
      if (typeof entry === "string") continue;
      expect.soft((await filesFrom(posix.normalize(entry.default))).length, entry.default).toBeLessThanOrEqual(3);
    }
  });

  it("has no code and no declaration that nothing leads to", async () => {
    const { "#sha256": hash } = manifest.imports;
    const entries = Object.values(manifest.exports).filter((entry) => typeof entry !== "string");
    const targets = [manifest.bin.vkv, ...[hash, ...entries].flatMap((entry) => Object.values<string>(entry))];
    const reached = await filesFrom(...targets.map((target) => posix.normalize(target)));
    const code = files.filter((file) => /^dist\/.*\.(?:js|d\.ts)$/.test(file) && !file.startsWith("dist/viewer/page/"));
    expect(code.sort()).toEqual(reached.sort());
    const maps = files.filter((file) => /^dist\/.*\.map$/.test(file));
    expect(code).toEqual(expect.arrayContaining(maps.map((file) => file.slice(0, -".map".length))));
  });

  it("has every class once, under its own name", async () => {
    const code = `
      const modules = await Promise.all(${JSON.stringify(specifiers)}.map((specifier) => import(specifier)));
      const [{ KVStore }] = modules;
      const exported = modules.flatMap((module) => Object.entries(module));
      console.log(JSON.stringify([
        exported.filter(([name, value]) => typeof value === "function" && value.name !== name).map(([name]) => name),
        exported.filter(([name, value]) => exported.some(([n, v]) => n === name && v !== value)).map(([name]) => name),
        exported.filter(([name]) => name.endsWith("Store") || name === "Disk" || name === "Tiered")
          .filter(([, value]) => value !== KVStore && !(value.prototype instanceof KVStore)).map(([name]) => name),
      ]));`;
    expect(JSON.parse(await runInProject(code))).toEqual([[], [], []]);
  });
});

describe("the lock file", () => {
  it("names no registry", async () => {
    expect(await readFile(join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });
});

describe.each(specifiers)("%s", (specifier) => {
  it("can be imported", async () => {
    expect(await runInProject(`console.log(Object.keys(await import("${specifier}")).length > 0)`)).toBe("true");
  });

  it("can be required", async () => {
    const code = `
      import { createRequire } from "node:module";
      const required = createRequire(import.meta.url)("${specifier}");
      console.log(required === (await import("${specifier}")));`;
    expect(await runInProject(code)).toBe("true");
  });
});

describe("the types", () => {
  it.each([
    ["node16", "node16"],
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
    ["preserve", "bundler"],
  ])("resolve with module %s and resolution %s, with no other package's types", async (module, moduleResolution) => {
    const dir = join(project, `types-${module}`);
    await mkdir(dir);
    const imports = specifiers.map((specifier, i) => `import * as m${i} from "${specifier}";`).join("\n");
    const uses = `
      class Mine extends m0.KVStore {
        override get(_key: string): undefined {}
        override set(_key: string, _value: Uint8Array): void {}
        override remove(_key: string): void {}
        override *keys(): Generator<string> {}
        override cas(): boolean { return true; }
      }
      export const branches: Promise<string[]> = m0.Versioned.branches(new Mine());
      export const all: unknown[] = [${specifiers.map((_, i) => `m${i}`).join(", ")}];`;
    await writeFile(join(dir, "consumer.mts"), `${imports}\n${uses}\n`);
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2023",
      lib: ["es2023", "esnext.disposable", "dom"],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    };
    await writeFile(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.mts"] }));
    expect(await tsc(dir)).toBe("");
  });
});

describe("the hash", () => {
  it("is the same in both variants", async () => {
    const { sha256Hex: anywhere } = (await import(join(installed, "dist/hash/sha256.js"))) as typeof import("#sha256");
    const { sha256Hex: onNode } = (await import(
      join(installed, "dist/hash/sha256-node.js")
    )) as typeof import("#sha256");
    for (const length of [0, 1, 55, 56, 63, 64, 65, 1000, 2 ** 20]) {
      const data = Uint8Array.from({ length }, (_, i) => (i * 31 + length) % 256);
      const expected = createHash("sha256").update(data).digest("hex");
      expect([anywhere(data), onNode(data)]).toEqual([expected, expected]);
      expect(anywhere(data.subarray(length >> 1))).toBe(onNode(data.subarray(length >> 1)));
    }
  });

  it("is Node's own on Node", async () => {
    await writeFile(join(installed, "which.mjs"), 'console.log(import.meta.resolve("#sha256"));');
    expect(await runInProject('import "./node_modules/vkv/which.mjs"')).toMatch(/dist\/hash\/sha256-node\.js$/);
    await rm(join(installed, "which.mjs"));
  });
});

describe("a bundle for browsers", () => {
  it("needs nothing of Node, and gives the same commit ids", async () => {
    const code = `
      const { Versioned } = await import(URL_OF_VKV);
      const v = await Versioned.open();
      console.log(await v.snapshot({ a: new Uint8Array([1]), ü: new Uint8Array(5000) }, { info: { by: "me" } }));`;
    const { outputFiles, metafile } = await bundle({
      stdin: {
        contents:
          'export * from "vkv"; export * from "vkv/tiered"; export * from "vkv/indexeddb"; export * from "vkv/s3";',
        resolveDir: project,
      },
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    const inputs = Object.keys(metafile.inputs).join("\n");
    expect(inputs).toContain("dist/hash/sha256.js");
    expect(inputs).not.toContain("sha256-node");
    const [output] = outputFiles;
    expect(output?.text).not.toMatch(/["']node:|\bprocess\.|\bBuffer\b/);
    await writeFile(join(project, "bundle.mjs"), output?.text ?? "");
    const [inNode, inBundle] = await Promise.all([
      runInProject(code.replace("URL_OF_VKV", '"vkv"')),
      runInProject(code.replace("URL_OF_VKV", '"./bundle.mjs"')),
    ]);
    expect(inNode).toMatch(/^[0-9a-f]{16,}$/);
    expect(inBundle).toBe(inNode);
  });

  it("leaves out what is not used", async () => {
    const { outputFiles } = await bundle({
      stdin: { contents: 'export { counter } from "vkv";', resolveDir: project },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      write: false,
    });
    expect(outputFiles[0]?.contents.length).toBeLessThan(3000);
  });
});

describe("the program vkv", () => {
  it("runs, and says which driver to install", async () => {
    const program = join(installed, manifest.bin.vkv);
    expect(await node([program, "--version"], project)).toEqual({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
    const drivers = [
      ["./store", /npm install lmdb/],
      ["redis://127.0.0.1:1", /needs the package redis or ioredis.*\n {5}npm install redis\n/],
      ["postgres://127.0.0.1:1/x", /npm install pg\n/],
      ["s3://bucket", /npm install @aws-sdk\/client-s3\n/],
    ] as const;
    for (const [store, says] of drivers) {
      const { code, stderr } = await node([program, "init", "--store", store], project);
      expect.soft(stderr, store).toMatch(says);
      expect.soft(code, store).toBe(4);
    }
  });
});

describe("without lmdb", () => {
  it("Disk says what to install", async () => {
    const code = `
      import { Disk } from "vkv/disk";
      try {
        const store = new Disk("./db");
        await store.get("k");
        console.log("no error");
      } catch (error) {
        console.log(error.message);
      }`;
    expect(await runInProject(code)).toMatch(/npm install lmdb/);
  });
});

describe("with lmdb", () => {
  it("Disk works", async () => {
    await link("lmdb");
    const code = `
      import { Disk } from "vkv/disk";
      const store = new Disk("./db");
      await store.set("k", new Uint8Array([7]));
      console.log((await store.get("k"))[0]);
      await store.close();`;
    expect(await runInProject(code)).toBe("7");
  });
});
