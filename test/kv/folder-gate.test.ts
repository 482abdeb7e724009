import { spawnSync } from "node:child_process";
import { lutimesSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gated } from "../../src/kv/folder-gate.ts";
import { folders } from "./folders.ts";

const newFolder = folders();

describe.skipIf(process.platform === "win32")("a folder's gate", () => {
  it("is closed during the work, and open afterwards, also when that fails", () => {
    const folder = newFolder();
    expect(gated(folder, () => readdirSync(folder))).toEqual(["opening"]);
    expect(() =>
      gated(folder, () => {
        throw new Error("No.");
      }),
    ).toThrow("No.");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is opened where a process that is gone left it closed", () => {
    const folder = newFolder();
    const { pid } = spawnSync(process.execPath, ["--version"]);
    symlinkSync(`${pid}-x`, join(folder, "opening"));
    expect(gated(folder, () => 1)).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is opened when it has been closed for too long, by whomever", () => {
    const folder = newFolder();
    const path = join(folder, "opening");
    symlinkSync(`${process.pid}-x`, path);
    const then = Date.now() / 1000 - 60;
    lutimesSync(path, then, then);
    expect(gated(folder, () => 1)).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps nobody out where it cannot be closed", () => {
    expect(gated(join(newFolder(), "missing"), () => 1)).toBe(1);
  });
});
