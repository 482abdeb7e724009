import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as vkv from "vkv";
import { Memory, Namespaced, object, retainHistory, text, Versioned, VkvError } from "vkv";
import { Disk } from "vkv/disk";
import { beginEpoch, raiseRefs } from "../src/commit/epoch.ts";
import { inTempFolder, root } from "./support/run.ts";
import { bytes, change, diverged, failure } from "./versioned/helpers.ts";
import { isBranchCas, ScriptedStore } from "./versioned/scripted-store.ts";

const unknown = "f".repeat(64);

/** By code: what provokes the error through the public API, and the fields it then has. */
const provoked: Record<string, { provoke: () => Promise<unknown>; fields: Record<string, unknown> }> = {
  VKV_CONCURRENCY: {
    async provoke() {
      const store = new ScriptedStore(new Memory());
      const v = await Versioned.open(store, { branch: "dev" });
      await change(v, { a: "1" });
      store.script = (call) => (isBranchCas(call, "dev") ? "refuse" : "pass");
      return failure(v.merge({ retries: 1 }));
    },
    fields: { name: "ConcurrencyError", ref: "dev", outcome: "lost", attempts: expect.any(Number) },
  },
  VKV_MERGE_CONFLICT: {
    async provoke() {
      const { ours } = await diverged({ k: "0" }, { k: "1", l: "1" }, { k: "2", l: "2" });
      const fails = (): never => {
        throw new RangeError("no");
      };
      return failure(ours.merge({ mergeFns: { l: fails } }));
    },
    fields: {
      name: "MergeConflict",
      message: 'Both sides changed "k", "l", and the rule for "l" failed: no',
      cause: new RangeError("no"),
      conflicts: [
        { key: "k", old: bytes("0"), ours: bytes("1"), theirs: bytes("2") },
        { key: "l", old: undefined, ours: bytes("1"), theirs: bytes("2"), error: new RangeError("no") },
      ],
      conflictingKeys: new Set(["k", "l"]),
      mergeErrors: new Map([["l", new RangeError("no")]]),
    },
  },
  VKV_TEXT_CONFLICT: {
    provoke: () => failure(() => text().merge("a\nb\n", "a\nB\n", "a\nX\n")),
    fields: {
      name: "TextConflictError",
      parts: ["a\n", expect.any(Object)],
      conflicts: [
        { old: { line: 2, lines: ["b\n"] }, ours: { line: 2, lines: ["B\n"] }, theirs: { line: 2, lines: ["X\n"] } },
      ],
    },
  },
  VKV_FIELD_CONFLICT: {
    provoke: () => failure(async () => object().merge({ a: 1 }, { a: 2 }, { a: 3 })),
    fields: { name: "FieldConflictError", conflicts: [{ path: ["a"], old: 1, ours: 2, theirs: 3 }] },
  },
  VKV_BRANCH_EXISTS: {
    provoke: async () => failure((await Versioned.open()).createBranch("main")),
    fields: { name: "BranchExistsError", branch: "main" },
  },
  VKV_BRANCH_NOT_FOUND: {
    provoke: () => failure(Versioned.open(new Memory(), { branch: "dev", create: false })),
    fields: { name: "BranchNotFoundError", branch: "dev" },
  },
  VKV_TAG_EXISTS: {
    async provoke() {
      const v = await Versioned.open();
      await v.createTag("v1");
      return failure(v.createTag("v1"));
    },
    fields: { name: "TagExistsError", tag: "v1" },
  },
  VKV_TAG_NOT_FOUND: {
    provoke: async () => failure((await Versioned.open()).mergeFrom({ tag: "v1" })),
    fields: { name: "TagNotFoundError", tag: "v1" },
  },
  VKV_COMMIT_NOT_FOUND: {
    provoke: async () => failure((await Versioned.open()).commit(unknown)),
    fields: { name: "CommitNotFoundError", commit: unknown, candidates: [] },
  },
  VKV_SESSION_COLLECTED: {
    async provoke() {
      const store = new Memory();
      const v = await Versioned.open(store);
      const before = new Set(store.keys());
      await change(v, { a: "x".repeat(3000) });
      await raiseRefs(store, await beginEpoch(store));
      for (const key of [...store.keys()]) if (key.startsWith("n/") && !before.has(key)) store.remove(key);
      return failure(v.merge());
    },
    fields: { name: "SessionCollectedError" },
  },
  VKV_HISTORY_CUT: {
    async provoke() {
      const store = new Memory();
      const v = await Versioned.open(store);
      const other = await v.createBranch("other");
      for (const handle of [v, other]) {
        await change(handle, { [handle.branch]: "1" });
        await handle.merge();
      }
      await retainHistory(store, { commits: 1 });
      await v.reset();
      return failure(v.mergeFrom("other"));
    },
    fields: { name: "HistoryCutError" },
  },
  VKV_INVALID_KEY: {
    provoke: async () => failure((await Versioned.open()).get("")),
    fields: { name: "InvalidKeyError", key: "" },
  },
  VKV_INVALID_NAME: {
    provoke: async () => failure((await Versioned.open()).createTag("a\nb")),
    fields: { name: "InvalidNameError", invalidName: "a\nb" },
  },
  VKV_INVALID_NAMESPACE: {
    provoke: async () => {
      const v = await Versioned.open();
      return failure(() => new Namespaced(v, "a/b"));
    },
    fields: { name: "InvalidNamespaceError", namespace: "a/b" },
  },
  VKV_CORRUPTION: {
    async provoke() {
      const store = new Memory();
      await Versioned.open(store);
      store.set("b/main", new Uint8Array([1, 9]));
      return failure(Versioned.open(store));
    },
    fields: { name: "CorruptionError", at: "b/main", cause: expect.any(Error) },
  },
  VKV_FORMAT_VERSION: {
    async provoke() {
      const store = new Memory();
      store.set("vkv/format", bytes("vkv 999"));
      return failure(Versioned.open(store));
    },
    fields: { name: "FormatVersionError", found: "vkv 999", supported: "vkv 4" },
  },
  VKV_STORE_CLOSED: {
    async provoke() {
      const store = new Memory();
      const v = await Versioned.open(store);
      store.close();
      return failure(v.latestHead());
    },
    fields: { name: "StoreClosedError" },
  },
  VKV_STORAGE: {
    provoke: () =>
      inTempFolder(async (dir) => {
        const path = join(dir, "file");
        writeFileSync(path, "no folder");
        return failure(() => new Disk(path));
      }),
    fields: { name: "StorageError", cause: expect.any(Error) },
  },
};

/** The error classes that the package exports, by name. */
const classes = Object.entries(vkv).filter(
  ([, value]) => typeof value === "function" && value.prototype instanceof VkvError,
);

describe("errors", () => {
  it.each(Object.entries(provoked))("%s is thrown, with its fields", async (code, { provoke, fields }) => {
    const error = await provoke();
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(VkvError);
    if (!(error instanceof VkvError)) return;
    expect(error.code).toBe(code);
    for (const [field, value] of Object.entries(fields)) {
      expect([field, (error as unknown as Record<string, unknown>)[field]]).toEqual([field, value]);
    }
    expect(error.message.length).toBeGreaterThan(10);
    expect(error.stack).toContain(error.message.split("\n")[0]);
    expect(classes.map(([name]) => name)).toContain(error.name);
    expect(error.constructor).toBe(Object.fromEntries(classes)[error.name]);
  });

  it("are all provoked here", () => {
    const source = readFileSync(join(root, "src/errors.ts"), "utf8");
    const codes = [...source.matchAll(/readonly code = "(VKV_\w+)"/g)].map(([, code]) => code);
    expect(codes.sort()).toEqual(Object.keys(provoked).sort());
    expect(classes).toHaveLength(codes.length);
  });

  it.skipIf(!existsSync(join(root, "docs/errors.md")))("each have a heading in docs/errors.md", () => {
    const headings = readFileSync(join(root, "docs/errors.md"), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("#"))
      .map((line) => line.replace(/^#+\s*/, "").replaceAll("`", ""));
    for (const code of Object.keys(provoked)) expect(headings).toContain(code);
  });

  it("name candidates, long keys and many conflicts briefly", async () => {
    const long = "k".repeat(100_000);
    const tooLong = await failure((await Versioned.open()).get(long));
    expect(tooLong).toMatchObject({ key: long });
    expect(String(tooLong).length).toBeLessThan(300);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, "x"]));
    const { ours } = await diverged({}, many, Object.fromEntries(Object.keys(many).map((key) => [key, "y"])));
    const conflict = await failure(ours.merge());
    expect(String(conflict).length).toBeLessThan(300);
    expect(String(conflict)).toContain("and 495 more");
  });
});
