import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `work` in an empty folder that is a disk of its own, in memory, of `size` (as `mount` takes it: `2m`). */
export async function onSmallDisk(work: (folder: string) => Promise<void>, size = "2m"): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "vkv-disk-"));
  try {
    mount(folder, size);
    try {
      await work(folder);
    } finally {
      execFileSync("umount", ["-l", folder]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether this process may mount disks. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "vkv-disk-"));
  try {
    mount(folder, "1m");
    execFileSync("umount", ["-l", folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mount(folder: string, size: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
}
