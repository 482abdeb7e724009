/** What comes between a verb's beginning and its end: other writers, and interruptions. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vkv } from "../support/cli.ts";
import { type Finished, inTempFolder } from "../support/run.ts";

/** A new store with the key `a`. */
async function onStore(
  work: (run: (...args: string[]) => Promise<Finished>, store: string) => Promise<void>,
): Promise<void> {
  await inTempFolder(async (dir) => {
    const store = join(dir, "store");
    const run = (...args: string[]): Promise<Finished> => vkv([...args, "--store", store]);
    await run("init");
    await run("set", "a", "0");
    await work(run, store);
  });
}

const line = (key: string): Uint8Array => Buffer.from(`{"key":"${key}","value":"imported"}\n`);

describe("an import", () => {
  it("is merged with what others published meanwhile", () =>
    onStore(async (run, store) => {
      const input = async function* (): AsyncGenerator<Uint8Array> {
        yield line("b");
        await run("set", "a", "1");
      };
      const { code } = await vkv(["import", "-", "--store", store], { input: input() });
      expect(code).toBe(0);
      expect((await run("get", "a")).stdout).toBe("1");
      expect((await run("get", "b")).stdout).toBe("imported");
    }));

  it("gives up if they changed the same key", () =>
    onStore(async (run, store) => {
      const input = async function* (): AsyncGenerator<Uint8Array> {
        yield line("a");
        yield line("b");
        await run("set", "a", "1");
      };
      const { code, stdout, stderr } = await vkv(["import", "-", "--store", store], { input: input() });
      expect(stderr).toMatch(/^vkv: Others changed the same keys meanwhile: "a"\.\n {5}Nothing was changed\./);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect((await run("ls")).stdout).toBe("a\n");
    }));

  it("that fails on its way leaves the branch as it was", () =>
    onStore(async (run, store) => {
      const before = (await run("log")).stdout;
      const { code } = await vkv(["import", "-", "--batch", "1", "--store", store], {
        input: `${line("b")}${line("c")}oops`,
      });
      expect(code).toBe(4);
      expect((await run("log")).stdout).toBe(before);
    }));
});

describe("an interruption", () => {
  // None of them changes anything: they can share a store.
  let dir: string;
  let store: string;
  let before: string;
  const history = async (): Promise<string> => (await vkv(["log", "--store", store])).stdout;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "vkv-test-"));
    store = join(dir, "store");
    for (const args of [
      ["init"],
      ["set", "a", "0"],
      ["branch", "draft"],
      ["set", "b", "1", "-b", "draft"],
      ["set", "c", "1"],
    ]) {
      await vkv([...args, "--store", store]);
    }
    before = await history();
  });

  afterAll(() => rm(dir, { recursive: true }));

  it.each([
    ["set", "a", "1"],
    ["rm", "a"],
    ["import", "-"],
    ["merge", "draft"],
    ["cherry-pick", "draft"],
    ["revert", "main"],
    ["reset", "main~1"],
    ["ls"],
    ["ls", "-l"],
    ["log"],
    ["log", "--key", "a"],
    ["diff", "main~1"],
    ["show"],
    ["verify"],
    ["gc"],
    ["export", "-"],
  ])("ends %s %s with 130", async (...args) => {
    const given = args.filter((arg) => arg !== undefined);
    const found = await vkv([...given, "--store", store], { signal: AbortSignal.abort(), input: line("d") });
    expect(found.stderr).toBe("vkv: Interrupted.\n     The branch is as it was.\n");
    expect(found.code).toBe(130);
    expect(await history()).toBe(before);
  });
});
