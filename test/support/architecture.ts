/** The rules of the sources' layers, and a checker for them. Paths are relative to src. */
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import manifest from "../../package.json" with { type: "json" };

/** From the bottom up; a file imports from its own layer and from those before it. A name ending in `/` is a folder. */
const LAYERS: readonly (readonly string[])[] = [
  ["bytes.ts", "errors.ts", "options.ts", "hash/"],
  ["kv/"],
  ["chunk/"],
  ["tree/"],
  ["commit/"],
  ["versioned/"],
  ["content-types/", "gc/", "gc-versioned.ts", "namespaced.ts"],
  ["index.ts"],
  ["cli/", "viewer/"],
];

/** The modules behind the package's entry points, which is all that its users have. */
const PUBLIC = Object.values(manifest.exports)
  .filter((entry) => typeof entry !== "string")
  .map((entry) => entry.default.replace("./dist/", "").replace(/\.js$/, ".ts"));

/** Beside the layers: what a folder may import, whatever lies below it. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  "conformance/": ["conformance/", "kv/", "bytes.ts", "errors.ts"],
  "cli/": ["cli/", "viewer/serve.ts", ...PUBLIC],
  "viewer/page/": ["viewer/page/", "viewer/protocol.ts"],
  "viewer/": ["viewer/", "index.ts", "kv/memory.ts", "kv/disk.ts", "kv/tiered.ts"],
};

/** Files for Node only: they alone may use its built-in modules, and none but they may import them. */
const NODE_ONLY = [
  "kv/disk.ts",
  "kv/folder-gate.ts",
  "kv/last-transaction.ts",
  "kv/redis.ts",
  "kv/redis-client.ts",
  "hash/sha256-node.ts",
  "cli/",
  "viewer/",
];

/** Within them, what is for browsers only: it imports no file for Node, and none of those imports it. */
const PAGE = "viewer/page/";

/** The packages that may be imported, and where. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@noble/hashes": ["hash/sha256.ts"],
  lmdb: ["kv/disk.ts"],
  commander: ["cli/"],
  redis: ["cli/drivers.ts"],
  ioredis: ["cli/drivers.ts"],
  pg: ["cli/open-store.ts"],
  "@aws-sdk/client-s3": ["cli/open-store.ts"],
  preact: [PAGE],
  diff: [PAGE],
};

const within = (places: readonly string[], path: string): boolean =>
  places.some((place) => (place.endsWith("/") ? path.startsWith(place) : path === place));

const layerOf = (path: string): number => LAYERS.findIndex((places) => within(places, path));

/** What `source` imports: statements at the start of a line, `import("…")` anywhere but in a comment line. */
export function importsOf(source: string): string[] {
  const statements = source.matchAll(/^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*"([^"]+)"/gm);
  const calls = source.matchAll(/^(?!\s*(?:\*|\/\/|\/\*)).*?\bimport\(\s*"([^"]+)"/gm);
  return [...statements, ...calls].map((match) => String(match[1]));
}

/** Every breach of the rules in `files` (path → source), one sentence each. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of files) {
    const targets: string[] = [];
    for (const specifier of importsOf(source)) {
      if (specifier.startsWith(".")) {
        const target = posix.join(posix.dirname(path), specifier);
        targets.push(target);
        found.push(...checkImport(path, target, files));
      } else if (specifier !== "#sha256") {
        found.push(...checkPackage(path, specifier));
      }
    }
    graph.set(path, targets);
    if (layerOf(path) < 0 && !within(Object.keys(ONLY), path)) found.push(`${path} is in no layer.`);
  }
  return [...found, ...cycles(graph)];
}

function checkImport(path: string, target: string, files: ReadonlyMap<string, string>): string[] {
  if (!files.has(target)) return [`${path} imports ${target}, which does not exist.`];
  const own = Object.entries(ONLY).find(([place]) => within([place], path));
  if (own !== undefined && !within(own[1], target)) return [`${path} may not import ${target}.`];
  if (within([PAGE], target) && !within([PAGE], path))
    return [`${path} imports ${target}, which is for browsers only.`];
  if (own === undefined && layerOf(target) > layerOf(path)) return [`${path} imports upward: ${target}.`];
  if (own === undefined && layerOf(target) < 0) return [`${path} imports ${target}, which is beside the layers.`];
  if (within(NODE_ONLY, target) && !within(NODE_ONLY, path))
    return [`${path} imports ${target}, which is for Node only.`];
  return [];
}

function checkPackage(path: string, specifier: string): string[] {
  if (isBuiltin(specifier)) {
    return within(NODE_ONLY, path) && !within([PAGE], path)
      ? []
      : [`${path} imports ${specifier}, but must run everywhere.`];
  }
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return within(PACKAGES[name] ?? [], path) ? [] : [`${path} may not import the package ${name}.`];
}

/** One sentence for each file that is reached from itself, by the import that closes the cycle first found. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const from = trail.indexOf(path);
    if (from >= 0) found.push(`A cycle: ${[...trail.slice(from), path].join(" → ")}.`);
    if (from >= 0 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}
