import { describe, expect, it } from "vitest";
import { Disk } from "../../src/kv/disk.ts";
import { folders } from "./folders.ts";

const newFolder = folders();
const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

describe("in one turn of the event loop, Disk", () => {
  it("shows at once what createMany created, and nothing else before it is acknowledged", async () => {
    await using store = new Disk(newFolder());
    await store.set("old", one);
    const set = store.set("old", two);
    const cas = store.cas("new", one, undefined);
    expect(store.createMany({ "n/a": one, old: two })).toEqual(["old"]);
    expect(store.createMany({ "n/a": two })).toEqual(["n/a"]);
    expect(store.get("n/a")).toEqual(one);
    expect(store.has("n/a")).toBe(true);
    expect(store.getMany(["n/a", "old", "new"])).toEqual(
      new Map([
        ["n/a", one],
        ["old", one],
      ]),
    );
    expect([...store.keys()]).toEqual(["n/a", "old"]);
    await set;
    expect(await cas).toBe(true);
    expect(store.get("old")).toEqual(two);
  });

  it("carries out late writes in their order, after early ones", async () => {
    await using store = new Disk(newFolder());
    const answers = Promise.all([
      store.cas("k", one, undefined),
      store.cas("k", two, undefined),
      store.cas("k", two, one),
      store.remove("n/a"),
      store.createMany({ "n/a": one }),
      store.set("n/a", two),
    ]);
    expect((await answers).slice(0, 3)).toEqual([true, false, true]);
    expect(store.get("k")).toEqual(two);
    expect(store.get("n/a")).toEqual(two);
  });

  it("may be used by several stores of one folder", async () => {
    const folder = newFolder();
    await using store = new Disk(folder);
    await using other = new Disk(`${folder}/../${folder.slice(folder.lastIndexOf("/") + 1)}`);
    expect(store.createMany({ "n/a": one })).toEqual([]);
    expect(other.createMany({ "n/a": two, "n/b": one })).toEqual(["n/a"]);
    expect(await Promise.all([store.cas("k", one, undefined), other.cas("k", two, undefined)])).toEqual([true, false]);
    expect(other.getMany(["n/a", "n/b", "k"])).toEqual(
      new Map([
        ["n/a", one],
        ["n/b", one],
        ["k", one],
      ]),
    );
  });

  it("finishes what was begun when it is closed, and can be opened again at once", async () => {
    const folder = newFolder();
    const store = new Disk(folder);
    const writes = Promise.all([store.set("a", one), store.cas("b", one, undefined), store.createMany({ "n/c": one })]);
    const closed = store.close();
    const again = new Disk(folder);
    expect(await writes).toEqual([undefined, true, []]);
    await closed;
    expect(again.getMany(["a", "b", "n/c"]).size).toBe(3);
    const both = [again.close(), again.close()];
    await Promise.all(both);
    await using last = new Disk(folder);
    expect([...last.keys()]).toEqual(["a", "b", "n/c"]);
  });

  it("commits a bulk load that never ends its turn", async () => {
    await using store = new Disk(newFolder(), { durable: false });
    let waited = 0;
    for (let i = 0; i < 40; i++) {
      const answer = store.createMany({ [`n/${i}`]: new Uint8Array(4_000_000).fill(i) });
      if (answer instanceof Promise) waited++;
      expect(await answer).toEqual([]);
    }
    // 160 MB, of which at most 64 MiB are held.
    expect(waited).toBeGreaterThanOrEqual(2);
    expect(store.get("n/39")?.[3_999_999]).toBe(39);
  });
});

describe("Disk", () => {
  it("holds values of 64 MiB, and of shared memory", async () => {
    await using store = new Disk(newFolder(), { durable: false });
    const long = new Uint8Array(2 ** 26);
    crypto.getRandomValues(long.subarray(2 ** 26 - 1000));
    await store.set("long", long);
    expect(Buffer.compare(store.get("long") ?? one, long)).toBe(0);
    const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(7);
    await store.set("set", shared);
    await store.createMany({ create: shared });
    shared.fill(8);
    for (const key of ["set", "create"]) expect(store.get(key)).toEqual(new Uint8Array(8).fill(7));
    expect(store.get("set")?.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it("lists in the order of code points", async () => {
    await using store = new Disk(newFolder());
    const keys = ["\0", "a", "a\0", "b", "é", "\u{ffff}", "\u{10000}", "\u{1f600}"];
    await store.setMany(keys.toReversed().map((key) => [key, one] as const));
    expect([...store.keys()]).toEqual(keys);
  });
});
