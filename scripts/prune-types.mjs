// @ts-check
/** Removes from dist every declaration that no entry point of the package leads to. Run after `tsc` only. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const { imports, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Files of declarations that are needed. */
const needed = new Set();
const open = [...Object.values(imports), ...Object.values(exports)]
  .filter(({ types }) => types !== undefined)
  .map(({ types }) => join(root, types));
for (let file = open.pop(); file !== undefined; file = open.pop()) {
  if (needed.has(file)) continue;
  needed.add(file);
  for (const [, path = ""] of readFileSync(file, "utf8").matchAll(
    /(?:\bfrom|\bimport\(|^import) ?"(\.[^"]*)\.[jt]s"/gm,
  )) {
    open.push(join(dirname(file), `${path}.d.ts`));
  }
}

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (/\.d\.ts(?:\.map)?$/.test(path) && !needed.has(path.replace(/\.map$/, ""))) rmSync(path);
}
