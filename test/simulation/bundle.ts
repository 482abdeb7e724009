/** Bundles the simulation with the sources, changed or as they are, into one program. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** A change of a source: `find`, which occurs once, becomes `replace`. */
export interface Patch {
  /** Relative to `src`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const SOURCES = fileURLToPath(new URL("../../src/", import.meta.url));

/** The program as one module's text. Throws if a patch does not fit. */
export async function bundle(patches: readonly Patch[]): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL("worker.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    logLevel: "silent",
    plugins: [fromSources(patches)],
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error("esbuild made no file.");
  return output.text;
}

function fromSources(patches: readonly Patch[]): Plugin {
  return {
    name: "from-sources",
    setup(build) {
      build.onResolve({ filter: /^vkv$/ }, () => ({ path: `${SOURCES}index.ts` }));
      build.onResolve({ filter: /^#sha256$/ }, () => ({ path: `${SOURCES}hash/sha256-node.ts` }));
      build.onResolve({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({ path: path.replace(/^.*\/src\//, SOURCES) }));
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        return { contents: patched(text, path.slice(SOURCES.length), patches), loader: "ts" };
      });
    },
  };
}

/** A source with the changes that are of its file. Throws if one does not fit. */
export function patched(source: string, file: string, patches: readonly Patch[]): string {
  let text = source;
  for (const { find, replace } of patches.filter((patch) => patch.file === file)) {
    const parts = text.split(find);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${find}`);
    text = parts.join(replace);
  }
  return text;
}
