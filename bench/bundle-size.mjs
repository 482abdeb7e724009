// How large vkv is in a page, minified and compressed: `npm run build && node bench/bundle-size.mjs`.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const ENTRIES = {
  "Versioned, on IndexedDB": 'export { Versioned } from "vkv"; export { IndexedDBStore } from "vkv/indexeddb";',
  "the same, with collectGarbage, verify, Namespaced and Tiered":
    'export { collectGarbage, Namespaced, verify, Versioned } from "vkv"; export { IndexedDBStore } from "vkv/indexeddb"; export { Tiered } from "vkv/tiered";',
  "all of vkv, on IndexedDB": 'export * from "vkv"; export { IndexedDBStore } from "vkv/indexeddb";',
};

for (const [name, contents] of Object.entries(ENTRIES)) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    minify: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    write: false,
    tsconfigRaw: {},
  });
  const bytes = outputFiles[0].contents;
  const kilobytes = (length) => (length / 1000).toFixed(1);
  console.log(
    `${name}: ${kilobytes(bytes.length)} kB, ${kilobytes(gzipSync(bytes, { level: 9 }).length)} kB with gzip`,
  );
}
