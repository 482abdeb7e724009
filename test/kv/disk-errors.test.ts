import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CorruptionError, StorageError, StoreClosedError } from "../../src/errors.ts";
import { Disk } from "../../src/kv/disk.ts";
import { completeSize } from "../../src/kv/lmdb-file.ts";
import { lacks } from "../support/needs.ts";
import { node } from "../support/run.ts";
import { canMount, onSmallDisk } from "../support/small-disk.ts";
import { folders } from "./folders.ts";

const newFolder = folders();
const source = fileURLToPath(new URL("../../src", import.meta.url));

describe("Disk says so clearly when", () => {
  it("lmdb is not installed", async () => {
    const folder = newFolder();
    cpSync(source, join(folder, "src"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(
      join(folder, "main.ts"),
      'import { Disk } from "./src/kv/disk.ts";\n' +
        'try { new Disk("db"); } catch (error) { console.log(error.name, error.code, error.message); }\n',
    );
    const tsx = fileURLToPath(import.meta.resolve("tsx"));
    const { stdout } = await node(["--import", tsx, "main.ts"], folder);
    expect(stdout).toMatch(/^StorageError VKV_STORAGE .*npm install lmdb/);
    expect(existsSync(join(folder, "db", "data.mdb"))).toBe(false);
  });

  it("the folder cannot be created", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "file"), "");
    for (const path of [join(folder, "file"), join(folder, "file", "db"), "\0"]) {
      expect(() => new Disk(path)).toThrow(StorageError);
    }
  });

  it("it is open in another way", async () => {
    const folder = newFolder();
    await using _ = new Disk(folder);
    expect(() => new Disk(folder, { durable: false })).toThrow(/is open with durable: true/);
  });

  it("it is closed, also in the middle of a listing", async () => {
    const store = new Disk(newFolder());
    await store.setMany(Array.from({ length: 1500 }, (_, i) => [`k${i}`, new Uint8Array(1)] as const));
    const keys = store.keys();
    keys.next();
    await store.close();
    expect(() => [...keys]).toThrow(StoreClosedError);
  });
});

describe("Disk refuses", () => {
  /** A store of some pages, closed. */
  async function filled(): Promise<string> {
    const folder = newFolder();
    const store = new Disk(folder);
    for (let round = 0; round < 20; round++) {
      await store.setMany(
        Array.from(
          { length: 50 },
          (_, i) => [`n/${(i * 79 + round * 31) % 700}`, new Uint8Array((i * 97) % 9000)] as const,
        ),
      );
    }
    await store.close();
    return folder;
  }

  it("files that are no LMDB files", async () => {
    const folder = await filled();
    const path = join(folder, "data.mdb");
    const good = readFileSync(path);
    const wrong: Uint8Array[] = [
      new Uint8Array(1),
      new TextEncoder().encode("text".repeat(5000)),
      new Uint8Array(100_000),
    ];
    // The magic number, the version, the size of a page: in the first header and in the second.
    for (const at of [24, 28, 48, 4096 + 24, 4096 + 28, 4096 + 48]) {
      const damaged = new Uint8Array(good);
      damaged.fill(0xee, at, at + 4);
      wrong.push(damaged);
    }
    for (const bytes of wrong) {
      writeFileSync(path, bytes);
      expect(() => new Disk(folder)).toThrow(CorruptionError);
    }
    writeFileSync(path, good);
    await using store = new Disk(folder);
    expect([...store.keys()].length).toBeGreaterThan(300);
  });

  it("files that are cut off, anywhere", async () => {
    const folder = await filled();
    const path = join(folder, "data.mdb");
    const good = readFileSync(path);
    for (let part = 1; part < 40; part++) {
      writeFileSync(path, good);
      truncateSync(path, Math.floor((good.length * part) / 40));
      expect(() => new Disk(folder)).toThrow(CorruptionError);
    }
    truncateSync(path, 0);
    writeFileSync(path, good);
    truncateSync(path, good.length - 1);
    expect(() => new Disk(folder)).toThrow(CorruptionError);
  });

  it("files that lack the end of a long value", async () => {
    const folder = newFolder();
    const path = join(folder, "data.mdb");
    const store = new Disk(folder);
    await store.set("k", new Uint8Array(1_000_000));
    await store.close();
    truncateSync(path, statSync(path).size - 4096);
    expect(() => new Disk(folder)).toThrow(/cut off/);
  });

  it("no file that lacks only free pages at its end", async () => {
    const folder = newFolder();
    const path = join(folder, "data.mdb");
    const store = new Disk(folder);
    const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`);
    await store.setMany(keys.map((key) => [key, new Uint8Array(900)] as const));
    await store.removeMany(keys.slice(1));
    // Pages at the end are used by one transaction, and free after the next.
    for (const value of [1, 2]) await store.set("l", Uint8Array.of(value));
    await store.close();
    const whole = new Uint8Array(readFileSync(path));
    const read = (position: number, length: number): Uint8Array => whole.slice(position, position + length);
    const isCutOff = (size: number): boolean => {
      try {
        return completeSize({ name: path, size, read }) !== whole.length;
      } catch {
        return true;
      }
    };
    let size = whole.length;
    while (!isCutOff(size - 4096)) size -= 4096;
    expect(size).toBeLessThan(whole.length - 50 * 4096);
    truncateSync(path, size);
    await using again = new Disk(folder);
    expect(statSync(path).size).toBe(whole.length);
    expect([...again.keys()]).toEqual(["k0", "l"]);
    await again.setMany(keys.map((key) => [key, new Uint8Array(901)] as const));
    expect([...again.getMany(keys).values()].every((value) => value.length === 901)).toBe(true);
  });
});

describe.skipIf(lacks("the right to mount a disk", canMount()))("Disk on a full or read-only disk", () => {
  it("says that a write failed, and goes on when there is room again", () =>
    onSmallDisk(async (folder) => {
      await using store = new Disk(join(folder, "db"));
      await store.set("small", Uint8Array.of(1));
      const fill = async (): Promise<void> => {
        for (let i = 0; i < 10; i++) await store.set(`big${i}`, new Uint8Array(400_000));
      };
      await expect(fill()).rejects.toThrow(/disk.*full/);
      await expect(store.cas("big", new Uint8Array(900_000), undefined)).rejects.toThrow(StorageError);
      expect(store.get("small")).toEqual(Uint8Array.of(1));
      expect(store.has("big")).toBe(false);
      await store.removeMany(["big0", "big1"]);
      await store.set("small", Uint8Array.of(2));
      expect(store.get("small")).toEqual(Uint8Array.of(2));
    }));

  it("acknowledges nothing after it lost what createMany had created, until it is opened again", () =>
    onSmallDisk(async (folder) => {
      const store = new Disk(join(folder, "db"));
      await store.set("b/main", Uint8Array.of(1));
      expect(await store.createMany({ "n/lost": new Uint8Array(3_000_000) })).toEqual([]);
      const cas = store.cas("b/main", Uint8Array.of(2), Uint8Array.of(1));
      await expect(cas).rejects.toThrow(StorageError);
      const lost = /acknowledged could not be committed/;
      await expect(store.cas("b/main", Uint8Array.of(2), Uint8Array.of(1))).rejects.toThrow(lost);
      expect(() => store.createMany({ "n/small": new Uint8Array(1) })).toThrow(lost);
      expect(store.get("b/main")).toEqual(Uint8Array.of(1));
      expect(store.has("n/lost")).toBe(false);
      await store.close();
      await using again = new Disk(join(folder, "db"));
      await again.set("b/main", Uint8Array.of(3));
      expect(again.get("b/main")).toEqual(Uint8Array.of(3));
    }));

  it("says that it cannot write", () =>
    onSmallDisk(async (folder) => {
      await new Disk(join(folder, "db")).close();
      execFileSync("mount", ["-o", "remount,ro", folder]);
      expect(() => new Disk(join(folder, "db"))).toThrow(StorageError);
      expect(() => new Disk(join(folder, "new"))).toThrow(StorageError);
    }));
});
