/** The program as a process: what a shell sees. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { environment, VKV, vkv, vkvProcess } from "../support/cli.ts";
import { execute, inTempFolder } from "../support/run.ts";

/** A new store, in a folder to work in. */
async function inStore(work: (dir: string, env: { readonly VKV_STORE: string }) => Promise<void>): Promise<void> {
  await inTempFolder(async (dir) => {
    await vkv(["init", "--store", join(dir, "store")]);
    await work(dir, { VKV_STORE: "./store" });
  });
}

describe("the program", () => {
  it("can be run, and holds the licence of what is bundled with it", async () => {
    await access(VKV, constants.X_OK);
    const text = await readFile(VKV, "utf8");
    expect(text).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(text).toContain("TJ Holowaychuk");
    // As npm installs it: by a link.
    await inTempFolder(async (dir) => {
      await symlink(VKV, join(dir, "vkv"));
      const found = await execute(join(dir, "vkv"), ["--version"]);
      expect(found).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
    });
  });

  it("says what it can do", async () => {
    const [help, none, verb] = await Promise.all([vkv(["--help"]), vkvProcess([]), vkv(["help", "merge"])]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(none).toEqual({ code: 2, stdout: "", stderr: help.stdout });
    expect(verb).toEqual({
      code: 0,
      stdout: expect.stringMatching(/--ours-key[\s\S]*--store[\s\S]*Examples:/),
      stderr: "",
    });
  });

  it("takes the store and the author from its environment", () =>
    inStore(async (cwd, env) => {
      const set = await vkvProcess(["set", "k"], { cwd, env: { ...env, VKV_AUTHOR: "ann" }, input: "v" });
      expect(set).toEqual({ code: 0, stdout: expect.stringMatching(/^\[main \w{8}\] set k\n$/), stderr: "" });
      const show = await vkv(["show", "--json", "--store", join(cwd, "store")]);
      expect(JSON.parse(show.stdout)).toMatchObject({ info: { by: "ann", why: "set k" } });
    }));

  it("exits with the code of what went wrong, in two lines", () =>
    inStore(async (cwd, env) => {
      const runs: [args: string[], code: number, says: RegExp][] = [
        [["nope"], 2, /unknown command/],
        [["lg"], 2, /unknown command 'lg'\. Did you mean/],
        [["help", "nope"], 2, /unknown command 'nope'/],
        [["reset"], 2, /missing required argument.*\n.*`vkv reset --help`/],
        [["branch", "main"], 3, /exists already/],
        [["import", "./nope"], 4, /ENOENT/],
        [["ls", "--store", join(cwd, "nope")], 1, /There is no store in ".*nope"/],
        [["ls", "--store", "redis://127.0.0.1:1"], 4, /ECONNREFUSED/],
        [["ls", "--store", "postgres://127.0.0.1:1/x"], 4, /ECONNREFUSED/],
      ];
      await Promise.all(
        runs.map(async ([args, code, says]) => {
          const found = await vkv(["--store", join(cwd, "store"), ...args]);
          expect.soft(found, args.join(" ")).toEqual({ code, stdout: "", stderr: expect.stringMatching(says) });
          expect.soft(found.stderr, args.join(" ")).toMatch(/^vkv: .+\n {5}.+\n$/);
        }),
      );
      const verbose = await vkvProcess(["get", "x", "--verbose"], { cwd, env });
      expect(verbose.code).toBe(1);
      expect(verbose.stderr).toMatch(/^vkv: .+\n {5}.+\nCliError: .+\n {4}at /);
      await expect(access(join(cwd, "nope"))).rejects.toThrow();
    }));
});

describe("several at once", () => {
  it("lose nothing", () =>
    inStore(async (cwd, env) => {
      const runs = await Promise.all([1, 2, 3].map((i) => vkvProcess(["set", `k${i}`, "v"], { cwd, env })));
      expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
      const store = join(cwd, "store");
      expect((await vkv(["ls", "--store", store])).stdout).toBe("k1\nk2\nk3\n");
      expect((await vkv(["log", "--store", store])).stdout.split("\n").length).toBe(5);
    }));
});

describe("in a pipe", () => {
  it("goes in and out, byte for byte", () =>
    inStore(async (cwd, env) => {
      const script = [
        "set -eo pipefail",
        'vkv() { "$NODE" "$VKV" "$@"; }',
        "head -c 300000 /dev/urandom > random",
        "vkv set random < random > /dev/null",
        "vkv get random | cmp - random",
        "vkv export - | vkv import - --store ./copy > /dev/null",
        "echo same",
      ].join("\n");
      const copy = join(cwd, "copy");
      await vkv(["init", "--store", copy]);
      expect(await bash(script, cwd, env)).toEqual({ code: 0, stdout: "same\n", stderr: "" });
      expect((await vkv(["get", "random", "--store", copy, "-o", join(cwd, "copied")])).code).toBe(0);
      expect(await readFile(join(cwd, "copied"))).toEqual(await readFile(join(cwd, "random")));
    }));

  it("ends quietly when nobody reads on", () =>
    inStore(async (cwd, env) => {
      const input = Array.from({ length: 15_000 }, (_, i) => `{"key":"key-${i}","value":"v"}\n`).join("");
      await vkv(["import", "-", "--store", join(cwd, "store")], { input });
      const script = '"$NODE" "$VKV" ls | head -n 1; echo $PIPESTATUS';
      expect(await bash(script, cwd, env)).toEqual({ code: 0, stdout: "key-0\n0\n", stderr: "" });
    }));
});

describe("what cannot be written or read", () => {
  it("is an error", () =>
    inStore(async (cwd, env) => {
      await writeFile(join(cwd, "store/data.mdb"), "garbage");
      const damaged = await vkvProcess(["ls"], { cwd, env });
      expect(damaged).toEqual({
        code: 4,
        stdout: "",
        stderr: expect.stringMatching(/is damaged.*\n {5}.*restore a backup/),
      });
      if (process.platform !== "linux") return;
      const full = await bash('"$NODE" "$VKV" --help > /dev/full', cwd, env);
      expect(full).toEqual({ code: 4, stdout: "", stderr: expect.stringMatching(/^vkv: ENOSPC.*\n {5}.*Make room/) });
    }));
});

describe("SIGINT", () => {
  /** More than a pipe holds: once it is written, the program is reading. */
  const input = Array.from({ length: 20 }, (_, i) => `{"key":"k${i}","value":"${"x".repeat(100_000)}"}\n`).join("");

  it.each([
    ["while it waits for input", ["set", "k"]],
    ["in an import", ["import", "-"]],
    ["in an import in batches", ["import", "-", "--batch", "1"]],
  ])("%s ends it with 130, and leaves the branch as it was", (_, args) =>
    inStore(async (cwd, env) => {
      const store = join(cwd, "store");
      const before = (await vkv(["log", "--json", "--store", store])).stdout;
      const child = spawn(process.execPath, [VKV, ...args], { cwd, env: environment(env) });
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      const ended = once(child, "close");
      await new Promise((resolve) => child.stdin.write(input, resolve));
      child.kill("SIGINT");
      expect(await ended).toEqual([130, null]);
      expect(stderr).toBe("vkv: Interrupted.\n     The branch is as it was.\n");
      expect((await vkv(["log", "--json", "--store", store])).stdout).toBe(before);
      expect((await vkv(["verify", "--store", store])).code).toBe(0);
    }),
  );
});

describe("vkv ui", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("serves the page until %s, which is no failure", (signal) =>
    inStore(async (cwd, env) => {
      const child = spawn(process.execPath, [VKV, "ui", "--json"], { cwd, env: environment(env) });
      const ended = once(child, "close");
      const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
      const { url } = JSON.parse(line) as { url: string };
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22,}\/$/);
      const page = await fetch(url);
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<script")]);
      const second = await vkv(["ui", "--port", new URL(url).port, "--store", join(cwd, "store")]);
      expect(second).toMatchObject({ code: 4, stderr: expect.stringContaining("Give another --port, or none.") });
      child.kill(signal);
      expect(await ended).toEqual([0, null]);
      await expect(fetch(url)).rejects.toThrow("fetch failed");
    }),
  );
});

/** Runs a script, in which `$NODE` runs the program `$VKV`. */
function bash(script: string, cwd: string, env: Readonly<Record<string, string>>): ReturnType<typeof execute> {
  const settings = Object.entries({ ...env, NODE: process.execPath, VKV }).map(([name, value]) => `${name}=${value}`);
  return execute("env", [...settings, "bash", "-c", script], cwd);
}
