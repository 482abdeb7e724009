/** Installs the peers on demand, in bench/peers and nowhere else. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../peers", import.meta.url));
const bin = process.platform === "win32" ? "Scripts" : "bin";

/** The Python of the peers. */
export const python = join(folder, ".venv", bin, "python");

/** The program that a peer's Cargo.toml makes. */
export function cargoProgram(manifest) {
  return join(fileURLToPath(new URL("target/release/", manifest)), "vkv-bench-prolly-map");
}

const steps = {
  npm: () =>
    existsSync(join(folder, "node_modules")) ||
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"),
  python: () =>
    existsSync(join(folder, ".venv/installed")) ||
    (run("python3", "-m", "venv", ".venv") &&
      run(python, "-m", "pip", "install", "--quiet", "--requirement", "requirements.txt") &&
      run(python, "-c", "open('.venv/installed', 'w')")),
  cargo: ({ adapter }) =>
    existsSync(cargoProgram(adapter)) ||
    run("cargo", "build", "--release", "--quiet", "--locked", "--manifest-path", fileURLToPath(adapter)),
};
const done = new Map();

/** Why a system cannot be run; undefined when it can. Whether a package is there is seen when its process imports it. */
export function install(system) {
  const { runtime } = system;
  if (runtime === undefined) return undefined;
  if (!done.has(runtime)) done.set(runtime, steps[runtime](system));
  return done.get(runtime) ? undefined : `what it needs could not be installed with ${runtime}`;
}

function run(command, ...args) {
  console.error(`bench/peers: ${[command, ...args].join(" ").replaceAll(`${folder}/`, "")} …`);
  const { status } = spawnSync(command, args, { cwd: folder, stdio: ["ignore", 2, 2], shell: false });
  return status === 0;
}
