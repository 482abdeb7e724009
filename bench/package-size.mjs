/**
 * How large the core is, bundled for a browser, and how long Node takes to import it:
 * `npm run build && node bench/package-size.mjs [--write]`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { median } from "./harness/measure.mjs";
import { writeSection } from "./harness/report.mjs";
import { aligned, format } from "./harness/table.mjs";

const RUNS = 15;
const root = fileURLToPath(new URL("..", import.meta.url));

async function bundle(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
  });
  const [{ contents }] = outputFiles;
  return [contents.length, gzipSync(contents, { level: constants.Z_BEST_COMPRESSION }).length];
}

/** The milliseconds of a process for each code, in turns: medians. */
function times(codes) {
  const all = codes.map(() => []);
  for (let run = 0; run < RUNS; run++) {
    for (const [i, code] of codes.entries()) {
      const start = performance.now();
      const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
        cwd: root,
        stdio: "ignore",
      });
      if (status !== 0) throw new Error(`node -e ${JSON.stringify(code)} ended with ${status}`);
      all[i].push(performance.now() - start);
    }
  }
  return all.map(median);
}

const imports = ['import "vkv";', 'import "vkv/disk";'];
const [empty, ...imported] = times(["0", ...imports]);
const rows = [["what", "", "figure"]];
for (const [what, code] of [
  ['all of "vkv"', 'export * from "vkv";'],
  ["Versioned and Memory", 'export { Memory, Versioned } from "vkv";'],
]) {
  const [plain, zipped] = await bundle(code);
  rows.push([what, "minified", format(plain / 1000, "kB")], [what, "and gzipped", format(zipped / 1000, "kB")]);
}
rows.push(["an empty Node process", "", format(empty, "ms")]);
for (const [i, code] of imports.entries())
  rows.push([`\`${code}\``, "more than that", format(imported[i] - empty, "ms")]);
const table = aligned(rows).join("\n");
console.log(table);
if (process.argv.includes("--write")) writeSection("package", "The package: size for a browser, import in Node", table);
