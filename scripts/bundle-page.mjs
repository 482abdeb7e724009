// @ts-check
/**
 * Makes the viewer's page, dist/viewer/page, of src/viewer/page: a script with its libraries and their licences, a style
 * sheet, and the document that names them.
 */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src/viewer/page");
const target = join(root, "dist/viewer/page");

await build({
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

/** @param {string} name */
function licenceOf(name) {
  return `${name}\n\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").replaceAll("*/", "* /")}`;
}
