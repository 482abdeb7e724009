/** The example of a backend, examples/redis-store.ts, against a real server that this test starts and stops. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KVStore, Versioned } from "vkv";
import { canRun, conformance, type StoreFactory } from "vkv/conformance";
import { RedisStore } from "../../examples/redis-store.ts";
import { hasCommand, lacks } from "../support/needs.ts";
import { root } from "../support/run.ts";

const COMMAND = "redis-server";

/** A server with a folder of its own, that listens on a socket file there: no port is taken. */
class Server {
  readonly #dir: string;
  readonly #process: ChildProcess;

  private constructor(dir: string, process: ChildProcess) {
    this.#dir = dir;
    this.#process = process;
  }

  static async start(): Promise<Server> {
    const dir = await mkdtemp(join(tmpdir(), "vkv-redis-"));
    const settings = { port: "0", unixsocket: join(dir, "socket"), dir, save: "", appendonly: "no", daemonize: "no" };
    const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const process = spawn(COMMAND, options, { stdio: ["ignore", "pipe", "inherit"] });
    const server = new Server(dir, process);
    process.stdout.setEncoding("utf8");
    let printed = "";
    for await (const text of process.stdout.iterator({ destroyOnReturn: false })) {
      printed += String(text);
      if (!/ready to accept connections/i.test(printed)) continue;
      process.stdout.resume();
      return server;
    }
    throw new Error(`${COMMAND} did not start: ${printed}`);
  }

  /** A store with a client of its own. */
  async store(name: string): Promise<RedisStore> {
    const client = createClient({ socket: { path: join(this.#dir, "socket"), tls: false } });
    await client.connect();
    return new RedisStore(client, name);
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, "exit");
    if (this.#process.kill()) await exit;
    await rm(this.#dir, { recursive: true, force: true });
  }
}

describe.skipIf(lacks(COMMAND, hasCommand(COMMAND)))("RedisStore", () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start();
  });
  afterAll(() => server.stop());

  const names = new WeakMap<KVStore, string>();
  let created = 0;
  const open = async (name: string): Promise<KVStore> => {
    const store = await server.store(name);
    names.set(store, name);
    return store;
  };
  const factory: StoreFactory = {
    create: () => open(`store ${++created}`),
    another: (store) => open(names.get(store) ?? ""),
    reopen: async (store) => {
      await store.close();
      return open(names.get(store) ?? "");
    },
  };
  for (const test of conformance) {
    it.skipIf(!canRun(test, factory))(`${test.topic}: ${test.name}`, () => test.run(factory));
  }

  it("holds branches that several clients write at once", async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => server.store("shared")));
    await Promise.all(
      stores.map(async (store) => {
        const v = await Versioned.open(store);
        for (let i = 0; i < 10; i++) {
          await v.transact(async (tx) => {
            await tx.snapshot({ count: new Uint8Array([((await tx.get("count"))?.[0] ?? 0) + 1]) });
          });
        }
      }),
    );
    const [store] = stores;
    const v = await Versioned.open(store, { create: false });
    expect(await v.get("count")).toEqual(new Uint8Array([40]));
    expect(await v.history().toArray()).toHaveLength(41);
    for (const store of stores) await store.close();
  });
});

it("is shown in docs/backends.md as it is", async () => {
  const [source, page] = await Promise.all([
    readFile(join(root, "examples/redis-store.ts"), "utf8"),
    readFile(join(root, "docs/backends.md"), "utf8"),
  ]);
  expect(page).toContain(source.trim());
});
