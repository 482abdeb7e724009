// @ts-check
/**
 * Completes package-lock.json: an entry for every optional package of another platform that npm left out.
 *
 * A registry mirror that serves one platform only makes npm drop the others from the lock, and then `npm ci` refuses
 * the lock ("Missing: … from lock file") there and finds no binary elsewhere. The version is exact in the package that
 * asks for it; the platform is in the name. `--check` only tells whether entries are missing. Another lock file may be named.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {{ version?: string | undefined, dev?: boolean | undefined, optional?: boolean, optionalDependencies?: Record<string, string> }} Entry */

const named = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const file = named === undefined ? fileURLToPath(new URL("../package-lock.json", import.meta.url)) : resolve(named);
/** @type {{ packages: Record<string, Entry> }} */
const lock = JSON.parse(readFileSync(file, "utf8"));
const before = Object.keys(lock.packages);

for (const [from, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] !== undefined || lock.packages[`${from}/${path}`] !== undefined) continue;
    lock.packages[path] = npmOrder({ version, ...platform(name), dev: entry.dev, optional: true });
  }
}

const missing = Object.keys(lock.packages).filter((path) => !before.includes(path));
if (process.argv.includes("--check")) {
  if (missing.length > 0) {
    console.error(`package-lock.json lacks ${missing.length} optional packages: run \`npm run lock\`.`);
    process.exitCode = 1;
  }
} else if (missing.length > 0) {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} optional packages added.`);
}

/**
 * The fields in the order npm writes them, without those that are not set.
 * @param {Entry} entry
 */
function npmOrder({ version, ...rest }) {
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { version, ...Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/**
 * What npm would have noted of a package named like `@scope/name-linux-arm64-musl`.
 * @param {string} name
 */
function platform(name) {
  const match =
    /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(.+))?$/.exec(name);
  if (match === null) throw new Error(`No platform in the name of ${name}: add its entry by hand.`);
  const [, os, cpu, abi = ""] = match;
  const libc = os !== "linux" || abi === "" ? undefined : abi.startsWith("musl") ? "musl" : "glibc";
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] };
}
