import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles the program of the tests' pages for browsers, with the built package as a user has it. */
export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    write: false,
    // Without the paths of the repository's own settings, `vkv` is what package.json says: dist.
    tsconfigRaw: {},
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}
