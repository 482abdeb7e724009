// @ts-check
/**
 * Bundles what runs in Node or is bundled for browsers: the package's entry points, the two variants of its hash, and the
 * program `vkv` with the parser of command lines. One file takes much less time to load than a hundred; what several of
 * them need is in files that they share, so that a class is the same wherever it is imported from.
 */
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const PARSER = "commander";
const ofParser = new RegExp(`[\\\\/]node_modules[\\\\/]${PARSER}[\\\\/]`);
const { bin, imports, exports, dependencies, peerDependencies } = readJson("package.json");
const { "#sha256": hash } = imports;
const targets = [bin.vkv, hash.node, hash.default, ...Object.values(exports).map((entry) => entry.default)];
const packages = Object.keys({ ...dependencies, ...peerDependencies });

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(
    targets
      .filter((target) => target !== undefined)
      .map((target) => target.replace(/^\.\/dist\/(.*)\.js$/, "$1"))
      .map((name) => [name, `src/${name}.ts`]),
  ),
  platform: "node",
  external: [/^#/, /^node:/, ...packages.map((name) => new RegExp(`^${name}(/|$)`))],
  tsconfig: join(root, "tsconfig.build.json"),
  transform: { target: "es2023" },
  plugins: [
    {
      name: "no source map of the parser, whose sources are not in the package",
      transform: { filter: { id: ofParser }, handler: (code) => ({ code, map: { mappings: "" } }) },
    },
  ],
  onwarn(warning) {
    throw new Error(warning.message);
  },
});
await bundle.write({
  dir: join(root, "dist"),
  chunkFileNames: "shared/[name].js",
  minifyInternalExports: false,
  codeSplitting: {
    groups: [
      { name: "kv", test: /[\\/]src[\\/](?:errors|bytes|options|kv[\\/][^\\/]+)\.ts$/, minShareCount: 2 },
      { name: "versioned", minShareCount: 2 },
    ],
  },
  sourcemap: true,
  sourcemapExcludeSources: true,
  banner: ({ moduleIds }) => (moduleIds.some((id) => ofParser.test(id)) ? licenceOf(PARSER) : ""),
});
await bundle.close();
chmodSync(join(root, bin.vkv), 0o755);

/** @param {string} name */
function licenceOf(name) {
  const { version } = readJson(`node_modules/${name}/package.json`);
  return `/*!\nThis file holds ${name} ${version}:\n\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").trim()}\n*/`;
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(join(root, file), "utf8"));
}
