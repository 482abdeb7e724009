// @ts-check
/**
 * Makes the program `vkv`, dist/cli/main.js, of src/cli and the parser of command lines. The library and the drivers are
 * not part of it: it imports what is beside it in dist, and the drivers that the user has installed.
 */
import { chmodSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");
const outfile = join(root, "dist/cli/main.js");
const parser = join(root, "node_modules/commander");
const licence = readFileSync(join(parser, "LICENSE"), "utf8").trim();
const { version } = JSON.parse(readFileSync(join(parser, "package.json"), "utf8"));

/** The library's modules stay where they are. */
const library = {
  name: "library",
  /** @param {import("esbuild").PluginBuild} build */
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const file = relative(src, join(resolveDir, path)).split(sep).join("/");
      if (file.startsWith("cli/") || file.startsWith("..")) return undefined;
      return { path: `../${file.replace(/\.ts$/, ".js")}`, external: true };
    });
  },
};

await build({
  entryPoints: [join(src, "cli/main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  external: ["redis", "ioredis", "pg", "@aws-sdk/client-s3"],
  plugins: [library],
  // The parser is CommonJS.
  banner: {
    js: `/*\nThis file holds commander ${version}:\n\n${licence}\n*/\nimport { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);`,
  },
  logLevel: "warning",
});
chmodSync(outfile, 0o755);
