// @ts-check
/**
 * `npm run build`: from an empty dist, makes the declarations of the package with `tsc`, bundles its code and the viewer's
 * page, and notes what dist was built from. `isStale` needs no package.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "dist/.built-from");
const steps = [
  [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"],
  [join(root, "scripts/prune-types.mjs")],
  [join(root, "scripts/bundle.mjs")],
  [join(root, "scripts/bundle-page.mjs")],
];

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
  const isDone = steps.map((step) => {
    const { status, error } = spawnSync(process.execPath, step, {
      cwd: root,
      stdio: quiet ? "ignore" : ["ignore", 2, 2],
    });
    if (error !== undefined) throw error;
    return status === 0;
  });
  if (isDone.includes(false)) return false;
  writeFileSync(stamp, from);
  return true;
}

/** A hash of everything that the output depends on. */
function fingerprint() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const settings = [
    "scripts/bundle.mjs",
    "scripts/bundle-page.mjs",
    "scripts/prune-types.mjs",
    "tsconfig.base.json",
    "tsconfig.build.json",
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
