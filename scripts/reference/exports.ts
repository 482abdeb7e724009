import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Item, itemOf } from "./item.ts";
import { type Declared, SourceFile } from "./source.ts";

/** The repository's folder. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** An export, with the entry points that have it. */
export interface Export {
  readonly item: Item;
  readonly declared: Declared;
  /** `vkv`, `vkv/disk` … */
  readonly from: readonly string[];
}

/** Every export of every entry point of the package, by name. */
export function publicExports(): Map<string, Export> {
  const all = entryPoints().flatMap(({ entry, file }) =>
    [...SourceFile.at(file).exports()].map(([name, declared]) => ({ name, entry, declared })),
  );
  const names = new Set(all.map(({ name }) => name));
  return new Map(
    all.map(({ name, declared }) => {
      const same = all.filter((each) => each.name === name);
      if (same.some((each) => each.declared.node !== declared.node)) {
        throw new Error(`Two entry points export something different as ${name}.`);
      }
      return [name, { item: itemOf(declared, names), declared, from: same.map(({ entry }) => entry) }];
    }),
  );
}

/** What `exports` of package.json names, with the sources. */
function entryPoints(): { entry: string; file: string }[] {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    if (typeof target === "string") return [];
    const source = target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts");
    return [{ entry: `vkv${path.slice(1)}`, file: join(root, source) }];
  });
}
