import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Memory, Versioned } from "vkv";
import { resolveRevision } from "../../src/cli/revision.ts";
import { vkv } from "../support/cli.ts";
import { inTempFolder } from "../support/run.ts";

const value = (byte: number): Uint8Array => new Uint8Array([byte]);

describe("a revision", () => {
  let v: Versioned;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    v = await Versioned.open(new Memory());
    ids["root"] = v.currentCommit;
    ids["one"] = await v.snapshot({ a: value(1) });
    await v.merge();
    const side = await v.createBranch("side~1");
    ids["side"] = await side.snapshot({ b: value(1) });
    await side.merge();
    ids["two"] = await v.snapshot({ c: value(1) });
    await v.mergeFrom("side~1");
    await v.merge();
    ids["merge"] = v.currentCommit;
    await v.createTag("v1", { at: ids["one"] });
  });

  afterAll(() => v.store.close());

  it.each([
    ["main", "merge"],
    ["v1", "one"],
    ["main~", "two"],
    ["main~2", "one"],
    ["main^", "two"],
    ["main^2", "side"],
    ["main^2~1", "one"],
    ["main^2^", "one"],
    ["main^0", "merge"],
    ["main~0~3", "root"],
    ["side~1", "side"],
    ["side~1~1", "one"],
  ])("%s is %s", async (revision, name) => {
    expect(await resolveRevision(v, revision)).toBe(ids[name]);
  });

  it("can be the beginning of an id", async () => {
    expect(await resolveRevision(v, `${ids["merge"]?.slice(0, 6)}^2`)).toBe(ids["side"]);
  });

  it.each(["main~4", "main^3", "v1^2", "nope", "nope~1", "~1", "ab", ""])("%s is none", async (revision) => {
    await expect(resolveRevision(v, revision)).rejects.toThrow(/There is no commit/);
  });
});

describe("a short id", () => {
  it("that fits several is refused, with what it could be", () =>
    inTempFolder(async (dir) => {
      const store = join(dir, "store");
      await vkv(["init", "--store", store]);
      const lines = Array.from({ length: 500 }, (_, i) => `{"key":"k","value":"${i}"}\n`).join("");
      await vkv(["import", "-", "--batch", "1", "--date", "-", "--store", store], { input: lines });
      const { stdout } = await vkv(["log", "--json", "--store", store]);
      const starts = stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { commit: string }).commit.slice(0, 4));
      const twice = starts.find((start, i) => starts.indexOf(start) < i) ?? "";
      expect(twice).not.toBe("");
      const { code, stderr } = await vkv(["show", twice, "--store", store]);
      expect(stderr).toMatch(/is ambiguous: .*\n {5}Give more digits\.\n/);
      expect(code).toBe(1);
    }));
});
