import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const long = "test/**/*.long.test.ts";

/** `vitest run --mode long` runs the long part, and nothing else; `VKV_LONG` tells the tests so. */
export default defineConfig(({ mode }) => ({
  resolve: {
    // Tests run on the sources: the package's own names are read from src, with Node's hash.
    alias: [
      { find: "#sha256", replacement: source("hash/sha256-node.ts") },
      { find: /^vkv$/, replacement: source("index.ts") },
      { find: "vkv/memory", replacement: source("kv/memory.ts") },
      { find: "vkv/disk", replacement: source("kv/disk.ts") },
      { find: "vkv/tiered", replacement: source("kv/tiered.ts") },
      { find: "vkv/redis", replacement: source("kv/redis.ts") },
      { find: "vkv/postgres", replacement: source("kv/postgres.ts") },
      { find: "vkv/s3", replacement: source("kv/s3.ts") },
      { find: "vkv/indexeddb", replacement: source("kv/indexeddb.ts") },
      { find: "vkv/conformance", replacement: source("conformance/index.ts") },
    ],
  },
  test: {
    include: [mode === "long" ? long : "test/**/*.test.ts"],
    exclude: mode === "long" ? [] : [long],
    env: mode === "long" ? { VKV_LONG: "1" } : {},
    passWithNoTests: mode === "long",
    globalSetup: "test/support/build.ts",
    reporters: ["default", "./test/support/closing-line.ts"],
    silent: "passed-only",
    slowTestThreshold: 10_000,
    pool: "forks",
    maxWorkers: 2,
    testTimeout: mode === "long" ? 1_200_000 : 60_000,
    hookTimeout: 120_000,
  },
}));

function source(path: string): string {
  return fileURLToPath(new URL(`src/${path}`, import.meta.url));
}
