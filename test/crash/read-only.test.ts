import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Disk } from "../../src/kv/disk.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { folders } from "../kv/folders.ts";
import { bundleProgram, linkPackages } from "../support/child.ts";
import { lacks } from "../support/needs.ts";

const newFolder = folders();
/** Whom rights bind: this user, or another one where this is root. */
const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** Runs the reader as that user. */
function read(program: string, folder: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [program, folder], { encoding: "utf8", ...user });
  return stdout + stderr;
}

function canActAsUser(): boolean {
  return process.platform !== "win32" && spawnSync(process.execPath, ["--version"], user).status === 0;
}

describe.skipIf(lacks("a user without rights", canActAsUser()))("a store that may not be written", () => {
  it("cannot be opened, says so, and stays as it is", async () => {
    const folder = newFolder();
    chmodSync(folder, 0o755);
    const programs = join(folder, "programs");
    mkdirSync(programs);
    linkPackages(programs);
    const program = await bundleProgram(new URL("children/reader.ts", import.meta.url), programs);
    const path = join(folder, "store");
    const store = new Disk(path);
    const v = await Versioned.open(store);
    await v.snapshot({ k: new Uint8Array(100) });
    await v.merge();
    await store.close();
    const files = ["data.mdb", "lock.mdb"].map((name) => join(path, name));
    const before = files.map((file) => readFileSync(file));
    for (const file of files) chmodSync(file, 0o444);
    chmodSync(path, 0o555);
    try {
      expect(read(program, path)).toBe('{"error":"VKV_STORAGE"}');
    } finally {
      chmodSync(path, 0o755);
    }
    expect(files.map((file) => readFileSync(file))).toEqual(before);
  });
});
