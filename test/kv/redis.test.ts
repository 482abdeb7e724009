import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createClient, createClientPool, createSentinel } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { collectGarbage } from "../../src/commit/collect.ts";
import { collect } from "../../src/conformance/check.ts";
import { conformance } from "../../src/conformance/index.ts";
import { StorageError } from "../../src/errors.ts";
import { type RedisClient, RedisStore } from "../../src/kv/redis.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { lacks } from "../support/needs.ts";
import { hasRedis, RedisCluster, RedisServer } from "../support/redis-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { startRedis, startRedisCluster } from "./remote/redis.ts";
import { type Connected, connectRedis } from "./remote/redis-clients.ts";
import { storeTests, writersTests } from "./remote/suite.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** A client for what the store does not do. */
function admin(port = 0) {
  const client = createClient({ socket: { port } });
  client.on("error", () => undefined);
  return client.connect();
}

describe("new RedisStore", () => {
  const options = { lazyConnect: true };
  const callBuffer = async (): Promise<null> => null;
  it.each([
    ["no client", {}, TypeError, /not a Object/],
    ["nothing", undefined, TypeError, /not undefined/],
    ["an ioredis client that sends commands again", new Redis(options), TypeError, /maxRetriesPerRequest: 0/],
    [
      "one that adds a prefix",
      new Redis({ ...options, maxRetriesPerRequest: 0, keyPrefix: "x" }),
      TypeError,
      /without keyPrefix/,
    ],
    [
      "one that makes pipelines by itself",
      new Redis({ ...options, maxRetriesPerRequest: 0, enableAutoPipelining: true }),
      TypeError,
      /enableAutoPipelining/,
    ],
    [
      "a client of sentinels by the package redis",
      createSentinel({ name: "x", sentinelRootNodes: [{ host: "127.0.0.1", port: 1 }] }),
      TypeError,
      /createSentinel/,
    ],
    [
      "a cluster that sends commands again",
      { callBuffer, nodes: () => [], options: { retryDelayOnFailover: 100 } },
      TypeError,
      /retryDelayOnFailover: 0/,
    ],
    [
      "a cluster whose nodes do",
      { callBuffer, nodes: () => [], options: { retryDelayOnFailover: 0, clusterNodeRetryStrategy: () => 1 } },
      TypeError,
      /clusterNodeRetryStrategy: null/,
    ],
    [
      "a cluster that reads from replicas",
      { callBuffer, nodes: () => [], options: { retryDelayOnFailover: 0, scaleReads: "slave" } },
      TypeError,
      /read from masters/,
    ],
  ])("refuses %s", (_, client, type, message) => {
    const create = (): RedisStore => new RedisStore(client as RedisClient);
    expect(create).toThrow(type);
    expect(create).toThrow(message);
  });

  it.each([
    ["", RangeError],
    ["a/b", RangeError],
    ["{a}", RangeError],
    ["x".repeat(101), RangeError],
    ["\ud800", RangeError],
    [1, TypeError],
  ])("refuses the prefix %j", (prefix, type) => {
    expect(() => new RedisStore(createClient(), { prefix: prefix as string })).toThrow(type);
    expect(() => new RedisStore(createClient(), { perfix: "a" } as object)).toThrow(TypeError);
  });
});

describe.skipIf(lacks("redis-server", hasRedis()))("RedisStore", () => {
  storeTests("redis 6, one server", () => startRedis("redis 6", false), 3);
  storeTests("ioredis 6, a cluster", () => startRedisCluster("ioredis 6", false), 3);
  writersTests("redis 6, one server", () => startRedis("redis 6", true), {
    writers: 3,
    time: 1500,
    troubles: ["everything"],
  });

  describe("on one server", () => {
    let server: RedisServer;
    let proxy: TcpProxy;
    let connected: Connected<RedisClient>;
    let redis: Awaited<ReturnType<typeof admin>>;
    beforeAll(async () => {
      server = await RedisServer.start();
      proxy = await TcpProxy.start(server.port);
      redis = await admin(server.port);
    });
    afterAll(async () => {
      redis.destroy();
      await proxy.stop();
      await server.stop();
    });
    beforeEach(async () => {
      await redis.flushAll();
      connected = await connectRedis("redis 6", [proxy.port]);
    });
    afterEach(() => connected.close());

    it("shares the server with stores of other prefixes, and other keys", async () => {
      const prefixes = ["a", "a:n", "*", "[ab]", "\\", "å"];
      const stores = prefixes.map((prefix) => new RedisStore(connected.client, { prefix }));
      await redis.set("a:x", "not ours");
      for (const [i, store] of stores.entries())
        await store.setMany({ "n/1": bytes(i), "b/main": bytes(i), "n/*": bytes(i) });
      for (const [i, store] of stores.entries()) {
        expect(await collect(store.keys())).toHaveLength(3);
        expect(await store.get("n/1")).toEqual(bytes(i));
      }
      const first = new RedisStore(connected.client, { prefix: "a" });
      await first.clear();
      expect(await collect(first.keys())).toEqual([]);
      for (const store of stores.slice(1))
        expect((await collect(store.keys())).sort()).toEqual(["b/main", "n/*", "n/1"]);
      expect(await redis.get("a:x")).toBe("not ours");
    });

    it("leaves nothing behind when all is removed", async () => {
      const store = new RedisStore(connected.client);
      await store.setMany({ "n/1": bytes(1), "b/main": bytes(1), k: bytes(1) });
      await store.cas("k", undefined, bytes(1));
      await store.clear();
      expect(await redis.dbSize()).toBe(0);
    });

    it.each(["{vkv}:index", "{vkv}:records"])(
      "lists no branches, and collects nothing, when %s was evicted",
      async (lost) => {
        const store = new RedisStore(connected.client);
        const v = await Versioned.open(store);
        await v.snapshot({ k: bytes(1) });
        await v.merge();
        const before = await collect(store.keys("n/"));
        await redis.unlink(lost);
        await expect(Versioned.branches(store)).rejects.toMatchObject({ code: "VKV_STORAGE" });
        await expect(collectGarbage(store, { minAge: 0 })).rejects.toMatchObject({ code: "VKV_STORAGE" });
        expect(await collect(store.keys("n/"))).toEqual(before);
      },
    );

    it("runs on a pool of clients", async () => {
      const pool = createClientPool({ socket: { port: server.port } });
      await pool.connect();
      for (const test of conformance.filter(({ topic }) => topic === "cas" || topic === "races")) {
        const create = (): RedisStore => new RedisStore(pool, { prefix: test.name });
        await test.run({ create, another: create });
      }
      pool.destroy();
    });

    it("leaves the client open when it is closed", async () => {
      const store = new RedisStore(connected.client);
      await store.set("k", bytes(1));
      store.close();
      await expect(store.get("k")).rejects.toMatchObject({ code: "VKV_STORE_CLOSED" });
      expect(await new RedisStore(connected.client).get("k")).toEqual(bytes(1));
    });

    it("does without the scripts that the server has forgotten", async () => {
      const store = new RedisStore(connected.client);
      for (const key of ["k", "n/k"]) {
        expect(await store.cas(key, bytes(1), undefined)).toBe(true);
        await redis.scriptFlush();
        expect(await store.cas(key, bytes(2), bytes(1))).toBe(true);
      }
    });

    it("says what Redis said", async () => {
      const store = new RedisStore(connected.client);
      await redis.set("{vkv}:records", "not a hash");
      const calls = [() => store.get("k"), () => store.set("k", bytes(1)), () => store.getMany(["n/1", "k"])];
      for (const call of calls) {
        const error: unknown = await call().catch((cause: unknown) => cause);
        expect(error).toBeInstanceOf(StorageError);
        expect(error).toMatchObject({ message: expect.stringContaining("WRONGTYPE"), cause: expect.any(Error) });
      }
    });

    it.each(["redis 6.3", "redis 6", "ioredis 5", "ioredis 6"] as const)(
      "runs nothing twice when %s loses an answer",
      async (driver) => {
        const { client, close } = await connectRedis(driver, [proxy.port]);
        const store = new RedisStore(client);
        await store.set("k", bytes(1));
        await store.cas("k", bytes(1), bytes(1)); // the script is known from here on
        const writes = [
          () => store.cas("k", bytes(2), bytes(1)),
          () => store.createMany({ "n/1": bytes(1) }),
          () => store.createMany({ "b/1": bytes(1) }),
        ];
        for (const write of writes) {
          proxy.losesAnswers = true;
          await expect(write()).rejects.toMatchObject({ code: "VKV_STORAGE" });
          proxy.losesAnswers = false;
          while (!(await store.has("k").catch(() => false)));
        }
        // It has happened, once.
        expect(await store.get("k")).toEqual(bytes(2));
        expect(await store.createMany({ "n/1": bytes(2), "b/1": bytes(2) })).toEqual(["n/1", "b/1"]);
        await close();
      },
    );

    it("lists each key once though the server's table shrinks, and SCAN repeats some", async () => {
      const keys = Array.from({ length: 20_000 }, (_, i) => `n/${i}`);
      const scanned: string[] = [];
      let scans = 0;
      let kept: string[] = [];
      const store = new RedisStore({
        async sendCommand(command: readonly (string | Uint8Array)[], options?: object) {
          const reply = await redis.sendCommand(command as string[], options);
          if (command[0] !== "scan") return reply;
          const page = (reply as unknown as [unknown, Buffer[]])[1].map(String);
          scanned.push(...page);
          if (++scans === 5) {
            // Only what was scanned last stays: the table is made smaller, and the scan goes on in a bucket that it has seen in part.
            kept = page.slice(-250);
            await redis.unlink(keys.map((key) => `vkv:${key}`).filter((key) => !kept.includes(key)));
            await sleep(600);
          }
          return reply;
        },
      });
      await store.setMany(keys.map((key) => [key, bytes(1)]));
      const found = await collect(store.keys("n/"));
      expect(new Set(scanned).size).toBeLessThan(scanned.length);
      expect(new Set(found).size).toBe(found.length);
      expect(new Set(found)).toEqual(new Set(scanned.map((key) => key.slice(4))));
    });
  });

  it("does not list a cluster whose slots are being moved", async () => {
    const cluster = await RedisCluster.start();
    const { client, close } = await connectRedis("redis 6", cluster.ports);
    try {
      const [one, two] = await Promise.all([admin(cluster.ports[0]), admin(cluster.ports[1])]);
      const other = String(await two.sendCommand(["CLUSTER", "MYID"]));
      const store = new RedisStore(client);
      await store.setMany({ "n/1": bytes(1), b: bytes(1) });
      expect(await collect(store.keys())).toHaveLength(2);
      await one.sendCommand(["CLUSTER", "SETSLOT", "0", "MIGRATING", other]);
      await expect(collect(store.keys())).rejects.toThrow("being moved");
      await expect(collect(store.keys("n/"))).rejects.toMatchObject({ code: "VKV_STORAGE" });
      expect(await collect(store.keys("b"))).toEqual(["b"]);
      await one.sendCommand(["CLUSTER", "SETSLOT", "0", "STABLE"]);
      const listing = store.keys("n/");
      expect(await listing.next()).toEqual({ done: false, value: "n/1" });
      await one.sendCommand(["CLUSTER", "DELSLOTS", "0"]);
      await expect(listing.next()).rejects.toThrow("moved");
      for (const each of [one, two]) each.destroy();
    } finally {
      await close();
      await cluster.stop();
    }
  });
});
