// @ts-check
/**
 * Before `npm start` and `npm test`: makes a fresh clone ready. Installs the dependencies if they are not those of the
 * lock, and builds dist if it is missing or stale. Uses Node's built-in modules only, and does nothing when all is there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19))
  fail(`vkv needs Node 20.19 or newer; this is ${process.versions.node}.`);

if (!isInstalled()) {
  console.error("Installing the dependencies (npm ci) …");
  npm("ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error");
}
const { build, isStale } = await import("./build.mjs");
if (isStale()) {
  console.error("Building dist …");
  if (!build()) fail("The build failed.");
}

/** Whether every package of the lock is there in its version; optional ones may be missing. */
function isInstalled() {
  const installed = packages(join(root, "node_modules/.package-lock.json"));
  return Object.entries(packages(join(root, "package-lock.json"))).every(
    ([path, { version, optional }]) =>
      path === "" || (installed[path] === undefined ? optional === true : installed[path].version === version),
  );
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packages(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, "utf8")).packages : {};
}

/** @param {string[]} args */
function npm(...args) {
  const cli = process.env["npm_execpath"];
  /** @type {import("node:child_process").SpawnSyncOptions} */
  const options = { cwd: root, stdio: ["ignore", 2, 2] };
  // Under `npm test`, npm says where it is; else it is on the PATH (where Windows needs a shell to find it).
  const { status } =
    cli === undefined
      ? spawnSync("npm", args, { ...options, shell: process.platform === "win32" })
      : spawnSync(process.execPath, [cli, ...args], options);
  if (status !== 0) fail(`npm ${args[0]} failed.`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
