/** Names and values that are made to do harm. */
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Versioned } from "vkv";
import { Disk } from "vkv/disk";
import { FileNames } from "../../src/cli/formats/file-names.ts";
import { vkv } from "../support/cli.ts";
import { inTempFolder } from "../support/run.ts";

const EVIL = "\u001b]0;owned\u0007\u009b2J\u202egnp\r\nx";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A store whose branch `main` has these keys, and a commit of evil info, tagged. */
async function withKeys(keys: readonly string[], work: (store: string, dir: string) => Promise<void>): Promise<void> {
  await inTempFolder(async (dir) => {
    const disk = new Disk(join(dir, "store"));
    const v = await Versioned.open(disk);
    await v.snapshot(new Map(keys.map((key) => [key, bytes(EVIL)])), { info: { why: EVIL, [EVIL]: [EVIL] } });
    await v.merge();
    // Names have no control characters, but others that turn what follows around.
    await v.createTag("\u202egnp", { info: { why: EVIL } });
    const draft = await v.createBranch("\u2066draft");
    await draft.snapshot(new Map(keys.map((key) => [key, bytes(`draft ${EVIL}`)])));
    await draft.merge();
    await v.snapshot(new Map(keys.map((key) => [key, bytes(`main ${EVIL}`)])));
    await v.merge();
    await disk.close();
    await work(join(dir, "store"), dir);
  });
}

describe("control characters", () => {
  it("never reach a terminal", () =>
    withKeys([EVIL], async (store, dir) => {
      const runs = [
        ["ls"],
        ["ls", "-l"],
        ["ls", "-l", "--json"],
        ["get", EVIL],
        ["get", `${EVIL}x`],
        ["get", EVIL, "--json"],
        ["log", "--graph", "--all"],
        ["log", "--key", EVIL],
        ["log", "--json"],
        ["show", "main~1"],
        ["diff", "main~1"],
        ["branch"],
        ["branch", EVIL],
        ["tag"],
        ["merge", "\u2066draft"],
        ["merge", "\u2066draft", "--theirs", "-m", EVIL],
        ["set", EVIL, EVIL, "-m", EVIL],
        ["rm", EVIL, "-m", EVIL],
        ["reset", EVIL],
        [EVIL],
        ["ls", `--${EVIL}`],
        ["ls", "--limit", EVIL],
        ["ls", "--store", `${dir}/${EVIL}`],
        ["import", `${dir}/${EVIL}`],
      ];
      for (const run of runs) {
        const { stdout, stderr } = await vkv(["--store", store, ...run], { isTerminal: true });
        expect.soft(stdout + stderr, JSON.stringify(run)).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
        expect.soft(stdout + stderr, JSON.stringify(run)).not.toBe("");
      }
    }));

  it("are bytes of a value in a pipe", () =>
    withKeys(["k"], async (store) => {
      expect((await vkv(["--store", store, "get", "k"])).stdout).toBe(`main ${EVIL}`);
    }));

  it("make a binary value that a terminal does not get", () =>
    inTempFolder(async (dir) => {
      const store = join(dir, "store");
      await vkv(["init", "--store", store]);
      await vkv(["set", "bin", "--store", store], { input: new Uint8Array([0, 1, 2, 255]) });
      const { stdout, stderr } = await vkv(["get", "bin", "--store", store], { isTerminal: true });
      expect(stdout).toBe("(binary, 4 bytes)\n");
      expect(stderr).toMatch(/--output FILE/);
    }));
});

describe("an export into a folder", () => {
  it("refuses keys that can be no paths in it, and writes nothing", () => {
    const keys = ["../x", "a/../../x", "..", ".", "a/./b", "/x", "a//b", "a/", "a\0b", "x".repeat(300)];
    const prefixed = keys.flatMap((key, i) => [`${i}:a-good-one`, `${i}:${key}`]);
    return withKeys(prefixed, async (store, dir) => {
      await mkdir(join(dir, "place"));
      for (const [i, key] of keys.entries()) {
        const { code, stderr, stdout } = await vkv([
          ...["export", join(dir, "place/out"), "--prefix", `${i}:`, "--store", store],
        ]);
        expect.soft({ key, code, stdout }).toEqual({ key, code: 4, stdout: "" });
        expect.soft(stderr, key).toMatch(/can be no file in the folder/);
        expect.soft(await readdir(join(dir, "place")), key).toEqual(["out"]);
        expect.soft(await readdir(join(dir, "place/out")), key).toEqual([]);
        expect.soft((await readdir(dir)).sort(), key).toEqual(["place", "store"]);
      }
    });
  });

  it("refuses keys that need the same name, whichever comes first", () =>
    withKeys(["a", "a!", "a/b/c"], async (store, dir) => {
      const { code, stderr } = await vkv(["--store", store, "export", join(dir, "out")]);
      expect(stderr).toMatch(/^vkv: "a" and "a\/b\/c" cannot both be files/);
      expect(code).toBe(4);
      expect(await readdir(join(dir, "out"))).toEqual([]);
    }));

  it("refuses a folder in which a link could lead elsewhere", () =>
    withKeys(["a/b"], async (store, dir) => {
      await mkdir(join(dir, "out"));
      await mkdir(join(dir, "elsewhere"));
      await symlink(join(dir, "elsewhere"), join(dir, "out/a"));
      const { code, stderr } = await vkv(["--store", store, "export", join(dir, "out")]);
      expect(stderr).toMatch(/is not empty/);
      expect(code).toBe(4);
      expect(await readdir(join(dir, "elsewhere"))).toEqual([]);
    }));

  it("knows what a file system takes for the same name", () => {
    const names = new FileNames((name) => name.toLowerCase());
    expect(names.path("Dir/A")).toBe("Dir/A");
    expect(names.path("dir/b")).toBe("dir/b");
    expect(() => names.path("dir/a")).toThrow('"Dir/A" and "dir/a"');
    expect(() => names.path("DIR")).toThrow('"Dir/A" and "DIR"');
    expect(() => names.path("dir/B/c")).toThrow('"dir/b" and "dir/B/c"');
  });

  it.each(["a\\b", "C:x", "con", "NUL.txt", "a.", "a ", "a\tb", "a?"])("refuses %j on Windows", (key) => {
    const same = (name: string): string => name;
    expect(() => new FileNames(same, true).path(key)).toThrow("Windows has no such names");
    expect(new FileNames(same, false).path(key)).toBe(key);
  });
});

describe("an import of a folder", () => {
  it("does not follow links, nor reads the store itself", () =>
    inTempFolder(async (dir) => {
      const folder = join(dir, "in");
      await mkdir(join(folder, "sub"), { recursive: true });
      await mkdir(join(dir, "secrets"));
      await writeFile(join(dir, "secrets/key"), "secret");
      await writeFile(join(folder, "sub/file"), "x");
      await symlink(join(dir, "secrets"), join(folder, "linked"));
      await symlink(join(dir, "secrets/key"), join(folder, "sub/linked"));
      const store = join(folder, "store");
      await vkv(["init", "--store", store]);
      const { stdout, stderr } = await vkv(["import", folder, "--store", store]);
      expect(stdout).toMatch(/\(1 key\)\n$/);
      expect(stderr).toMatch(/^Passed over 3 that are links, no files, or the store itself: /);
      expect((await vkv(["ls", "--store", store])).stdout).toBe("sub/file\n");
      await symlink(store, join(dir, "link"));
      for (const from of [folder, store])
        await vkv(["import", from, "--prefix", "again/", "--store", join(dir, "link")]);
      expect((await vkv(["ls", "again", "--store", store])).stdout).toBe("again/sub/file\n");
    }));

  it.skipIf(process.platform !== "linux")("refuses a name that is no UTF-8, which would become another one", () =>
    inTempFolder(async (dir) => {
      const store = join(dir, "store");
      await mkdir(join(dir, "in"));
      await writeFile(join(dir, "in/a"), "x");
      await writeFile(Buffer.concat([Buffer.from(join(dir, "in/")), Buffer.from([0xff])]), "x");
      await vkv(["init", "--store", store]);
      const { code, stderr } = await vkv(["import", join(dir, "in"), "--store", store]);
      expect(stderr).toMatch(/^vkv: The name "ÿ" \(in Latin-1\) of a file is no UTF-8\./);
      expect(code).toBe(4);
      expect((await vkv(["ls", "--store", store])).stdout).toBe("");
    }),
  );
});
