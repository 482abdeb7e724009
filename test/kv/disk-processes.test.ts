import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { Disk } from "../../src/kv/disk.ts";
import type { Request } from "./children/writer.ts";
import { folders } from "./folders.ts";

const file = fileURLToPath(new URL("children/writer.ts", import.meta.url));
const newFolder = folders();
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function start(folder: string): Promise<ChildProcess> {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = fork(file, [folder], { execArgv: ["--import", "tsx"], env });
  children.push(child);
  await once(child, "message");
  return child;
}

/** Resolves in the very turn in which the child's answer comes. */
function ask(child: ChildProcess, request: Request): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once("message", (reply: { answer?: unknown; error?: string }) => {
      if (reply.error === undefined) resolve(reply.answer);
      else reject(new Error(reply.error));
    });
    child.send(request);
  });
}

it("loses no increment of four processes", async () => {
  const folder = newFolder();
  const writers = await Promise.all([1, 2, 3, 4].map(async () => start(folder)));
  await Promise.all(writers.map(async (writer) => ask(writer, { do: "count", times: 200 })));
  await using store = new Disk(folder);
  expect(new DataView(store.get("counter")?.buffer ?? new ArrayBuffer(4)).getUint32(0, true)).toBe(800);
});

it("shows what another process wrote as soon as that was acknowledged, and the other way round", async () => {
  const folder = newFolder();
  await using store = new Disk(folder);
  const other = await start(folder);
  for (let i = 1; i <= 100; i++) {
    // A read opens a snapshot, which must not outlive the other's write.
    expect(store.get("theirs")?.[0]).toBe(i === 1 ? undefined : i - 1);
    const answer = ask(other, { do: "set", key: "theirs", value: i });
    store.get("theirs");
    await answer;
    expect(store.get("theirs")?.[0]).toBe(i);
    await store.set("ours", Uint8Array.of(i));
    expect(await ask(other, { do: "get", key: "ours" })).toBe(i);
  }
});

it("creates each key once, and follows a file that another process makes longer", async () => {
  const folder = newFolder();
  await using store = new Disk(folder);
  expect(store.get("n/0")).toBe(undefined);
  const writers = await Promise.all([start(folder), start(folder)]);
  const request: Request = { do: "fill", prefix: "n/", count: 4000, bytes: 3000 };
  const existing = await Promise.all(writers.map(async (writer) => ask(writer, request)));
  expect(existing.toSorted()).toEqual([0, 4000]);
  const keys = [...store.keys("n/")];
  expect(keys.length).toBe(4000);
  const values = store.getMany(keys);
  for (const key of keys) expect(values.get(key)?.[2999]).toBe(Number(key.slice(2)) & 255);
});

it("goes on when a process is killed within a transaction", async () => {
  const folder = newFolder();
  await using store = new Disk(folder);
  await store.set("k", Uint8Array.of(1));
  const other = await start(folder);
  other.send({ do: "hold" });
  await once(other, "message");
  other.kill("SIGKILL");
  await once(other, "exit");
  await store.set("k", Uint8Array.of(2));
  expect(store.get("k")).toEqual(Uint8Array.of(2));
  expect(store.has("n/held")).toBe(false);
});
