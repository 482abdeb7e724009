/** Writes to the folder `argv[2]`, `argv[3]` ("durable" or "relaxed"), and marks in its standard error what it does. */
import { writeSync } from "node:fs";
import { Disk } from "../../../src/kv/disk.ts";

const store = new Disk(process.argv[2] ?? "", { durable: process.argv[3] === "durable" });
const value = new Uint8Array(100);
const chunks = Array.from({ length: 5 }, (_, i) => [`n/${i}`, value] as const);
const mark = (text: string): number => writeSync(2, `MARK ${text}\n`);
const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

const calls: Record<string, () => unknown> = {
  set: () => store.set("set", value),
  setMany: () => store.setMany(chunks),
  remove: () => store.remove("set"),
  removeMany: () => store.removeMany(chunks.map(([key]) => key)),
  cas: () => store.cas("b/main", value, undefined),
  "failed cas": () => store.cas("b/main", value, undefined),
  createMany: () => store.createMany(chunks),
  "createMany of what exists": () => store.createMany(chunks),
  "createMany, then cas": async () => {
    await store.createMany(chunks.map(([key]) => [`${key}/2`, value] as const));
    await store.cas("b/main", new Uint8Array(1), value);
  },
  "ten cas at once": () =>
    Promise.all(chunks.flatMap(([key]) => [1, 2].map((i) => store.cas(`${key}${i}`, value, undefined)))),
  "get, getMany, has, keys": () => [
    store.get("b/main"),
    store.getMany(["b/main"]),
    store.has("b/main"),
    ...store.keys(),
  ],
  clear: () => store.clear(),
};

await store.set("warm", value);
for (const [name, call] of Object.entries(calls)) {
  await nextTurn();
  mark(`begin ${name}`);
  await call();
  mark("acknowledged");
  await nextTurn();
  mark("end");
}
await store.close();
