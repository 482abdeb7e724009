// @ts-check
/**
 * `npm run build`: compiles src to dist with `tsc`, from an empty dist, bundles the viewer's page with esbuild, and notes what
 * it was built from. `isStale` needs nothing that must be installed.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "dist/.built-from");
const compiler = join(root, "node_modules/typescript/bin/tsc");

/** Whether dist is missing or was built from other sources than those that are there now. */
export function isStale() {
  return !existsSync(stamp) || readFileSync(stamp, "utf8") !== fingerprint();
}

/**
 * Builds dist anew. With type errors it is built all the same, but stays stale.
 * @param {{ quiet?: boolean }} [options]
 * @returns {boolean} whether there were no errors
 */
export function build({ quiet = false } = {}) {
  const from = fingerprint();
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const { status, error } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: quiet ? "ignore" : ["ignore", 2, 2],
  });
  if (error !== undefined) throw error;
  bundlePage();
  if (status === 0) writeFileSync(stamp, from);
  return status === 0;
}

/** The viewer's page: a script with its libraries and their licences, a style sheet, and the document that names them. */
function bundlePage() {
  const source = join(root, "src/viewer/page");
  const target = join(root, "dist/viewer/page");
  /** @type {typeof import("esbuild")} */
  const { buildSync } = createRequire(import.meta.url)("esbuild");
  buildSync({
    absWorkingDir: root,
    entryPoints: [join(source, "page.tsx"), join(source, "page.css")],
    outdir: target,
    bundle: true,
    minify: true,
    format: "esm",
    // What has `light-dark()`, which the style sheet is written with.
    target: ["chrome123", "firefox120", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    banner: { js: `/*!\n${["preact", "diff"].map(licenceOf).join("\n")}*/` },
    logLevel: "warning",
  });
  for (const file of ["index.html", "icon.svg"]) copyFileSync(join(source, file), join(target, file));
}

/** @param {string} name */
function licenceOf(name) {
  return `${name}\n\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").replaceAll("*/", "* /")}`;
}

/** A hash of everything that the output depends on. */
function fingerprint() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const settings = [
    "tsconfig.base.json",
    "tsconfig.build.json",
    "scripts/build.mjs",
    "package.json",
    "package-lock.json",
  ];
  for (const file of [...settings.map((name) => join(root, name)), ...sources]) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return hash.digest("hex");
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = build() ? 0 : 1;
}
