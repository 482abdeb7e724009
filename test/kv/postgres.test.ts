import { setTimeout as sleep } from "node:timers/promises";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../../src/conformance/check.ts";
import { conformance } from "../../src/conformance/index.ts";
import { StorageError } from "../../src/errors.ts";
import { type PostgresDatabase, PostgresStore } from "../../src/kv/postgres.ts";
import { lacks } from "../support/needs.ts";
import { hasPostgres, PostgresServer } from "../support/postgres-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { startPostgres } from "./remote/postgres.ts";
import { storeTests } from "./remote/suite.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** A database that fails with these codes, one after the other, and then answers; `asked`: how often it was. */
function failing(...codes: string[]): PostgresDatabase & { asked: number } {
  return {
    asked: 0,
    async query() {
      const code = codes[this.asked++];
      if (code !== undefined) throw Object.assign(new Error(`failure ${code}`), { code });
      return { rows: [{ key: bytes(107) }] };
    },
  };
}

describe("new PostgresStore", () => {
  it.each([
    [undefined, {}, TypeError],
    [{}, {}, TypeError],
    ["postgres://localhost", {}, TypeError],
    [new Client(), {}, TypeError],
    [failing(), { table: 1 }, TypeError],
    [failing(), { tabel: "t" }, TypeError],
    [failing(), { table: "" }, RangeError],
    [failing(), { table: "a\0b" }, RangeError],
    [failing(), { table: "\ud800" }, RangeError],
    [failing(), { schema: "ü".repeat(32) }, RangeError],
  ])("refuses %j with the options %j", (database, options, type) => {
    expect(() => new PostgresStore(database as PostgresDatabase, options as object)).toThrow(type);
  });

  it("prints its migration", () => {
    expect(PostgresStore.migration()).toBe(
      'CREATE TABLE IF NOT EXISTS "vkv" (key bytea PRIMARY KEY, value bytea NOT NULL)',
    );
    expect(PostgresStore.migration({ schema: "App", table: 'a"b' })).toContain('"App"."a""b"');
  });
});

describe("a statement", () => {
  const calls: Record<string, (store: PostgresStore) => Promise<unknown>> = {
    get: (store) => store.has("k"),
    set: (store) => store.set("k", bytes(1)),
    createMany: (store) => store.createMany({ k: bytes(1) }),
    cas: (store) => store.cas("k", bytes(1), bytes(2)),
    removeMany: (store) => store.removeMany(["k"]),
    keys: (store) => collect(store.keys()),
  };

  it.each(Object.keys(calls))("that the database undid is tried again: %s", async (name) => {
    const database = failing("40001", "40P01", "40001");
    await calls[name]?.(new PostgresStore(database));
    expect(database.asked).toBe(4);
  });

  it.each(Object.keys(calls))("that may have happened is not: %s", async (name) => {
    for (const code of ["08006", "57P01", "40003", "ECONNRESET"]) {
      const database = failing(code);
      const error: unknown = await calls[name]?.(new PostgresStore(database)).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(StorageError);
      expect(error).toMatchObject({ message: `PostgreSQL failed: failure ${code}`, cause: { code } });
      expect(database.asked).toBe(1);
    }
  });

  it.each(Object.keys(calls))("that is answered as no Pool does fails: %s", async (name) => {
    const database = { query: async () => [[], []] } as unknown as PostgresDatabase;
    await expect(calls[name]?.(new PostgresStore(database))).rejects.toMatchObject({
      code: "VKV_STORAGE",
      message: expect.stringContaining("rows"),
    });
  });

  it("is not tried for ever", async () => {
    const database = failing(...Array<string>(20).fill("40001"));
    await expect(new PostgresStore(database).get("k")).rejects.toMatchObject({ code: "VKV_STORAGE" });
    expect(database.asked).toBe(10);
  });
});

describe.skipIf(lacks("PostgreSQL", hasPostgres()))("PostgresStore", () => {
  storeTests("pg 8", () => startPostgres("pg 8", false), 3);

  describe("on a server", () => {
    let server: PostgresServer;
    let pool: Pool;
    let count = 0;
    const settings = { host: "127.0.0.1", user: "postgres", database: "postgres" };
    const create = (on = pool): Promise<PostgresStore> => PostgresStore.create(on, { table: `t${++count}` });
    beforeAll(async () => {
      server = await PostgresServer.start();
      pool = new Pool({ ...settings, port: server.port });
    });
    afterAll(async () => {
      await pool.end();
      await server.stop();
    });

    it.each(["read committed", "repeatable read", "serializable"])("keeps its word at the level %s", async (level) => {
      const options = `-c default_transaction_isolation=${level.replace(" ", "\\ ")}`;
      const strict = new Pool({ ...settings, port: server.port, options });
      expect((await strict.query("SHOW transaction_isolation")).rows).toEqual([{ transaction_isolation: level }]);
      const tables = new Map<unknown, string>();
      const open = async (table: string): Promise<PostgresStore> => {
        const store = await PostgresStore.create(strict, { table });
        tables.set(store, table);
        return store;
      };
      const factory = {
        create: () => open(`strict${++count}`),
        another: (store: unknown) => open(tables.get(store) ?? ""),
      };
      for (const test of conformance.filter(({ topic }) => topic === "races" || topic === "cas"))
        await test.run(factory);
      await strict.end();
    });

    it("has one winner of every race between creating, swapping and removing", async () => {
      const store = await create();
      for (let round = 0; round < 60; round++) {
        const start = round % 2 === 0 ? undefined : bytes(0);
        if (start !== undefined) await store.set("k", start);
        else await store.remove("k");
        // From each value, one step leads on: what happened is a path, in which each step was taken once.
        const steps: [from: Uint8Array | undefined, to: Uint8Array | undefined][] = [
          [undefined, bytes(1)],
          [undefined, bytes(1)],
          [bytes(0), undefined],
          [bytes(0), undefined],
          [bytes(1), bytes(2)],
          [bytes(1), bytes(2)],
          [bytes(2), undefined],
        ];
        const won = await Promise.all(steps.map(([from, to]) => store.cas("k", to, from)));
        const taken = steps.filter((_, i) => won[i]).map(([from, to]) => [`${from}`, `${to}`] as const);
        let at = `${start}`;
        for (let left = [...taken]; left.length > 0; ) {
          const next = left.findIndex(([from]) => from === at);
          expect(next, `${JSON.stringify(taken)} from ${start}`).toBeGreaterThanOrEqual(0);
          at = left[next]?.[1] ?? "";
          left = left.toSpliced(next, 1);
        }
        expect(`${await store.get("k")}`).toBe(at);
      }
    });

    it("gets over a deadlock", async () => {
      let deadlocks = 0;
      const counting: PostgresDatabase = {
        query: (sql, values) =>
          pool.query(sql, values).catch((error: Error & { code?: string }) => {
            if (error.code === "40P01") deadlocks++;
            throw error;
          }),
      };
      const table = `t${++count}`;
      const store = await PostgresStore.create(counting, { table });
      await store.setMany({ a: bytes(0), b: bytes(0) });
      // Another one locks "b", then waits for "a" and looks for a deadlock only after a long time.
      const rival = await pool.connect();
      await rival.query("SET deadlock_timeout = '10s'");
      await rival.query("BEGIN");
      const touch = (key: string): Promise<unknown> =>
        rival.query(`UPDATE ${table} SET value = value WHERE key = $1`, [Buffer.from(key)]);
      await touch("b");
      const written = store.setMany({ b: bytes(1), a: bytes(1) });
      await sleep(50);
      await touch("a");
      await rival.query("COMMIT");
      await rival.query("RESET deadlock_timeout");
      rival.release();
      await written;
      expect(deadlocks).toBe(1);
      expect(await store.getMany(["a", "b"])).toEqual(
        new Map([
          ["a", bytes(1)],
          ["b", bytes(1)],
        ]),
      );
    });

    it("meets no deadlock among batches of the same keys in different orders", async () => {
      const store = await create();
      const entries = Array.from({ length: 200 }, (_, i) => [`k${i}`, bytes(1)] as const);
      await Promise.all(
        Array.from({ length: 6 }, async (_, i) => {
          const order = i % 2 === 0 ? entries : entries.toReversed();
          for (let round = 0; round < 4; round++) {
            if (i % 3 === 0) await store.removeMany(order.map(([key]) => key));
            else if (i % 3 === 1) await store.setMany(order);
            else await store.createMany(order);
          }
        }),
      );
    });

    it("takes any name", async () => {
      const names = ['"; DROP TABLE vkv; --', 'a"b', "Ünïcode 😀", "select", "ü".repeat(31), "x y", "$1"];
      await pool.query('CREATE SCHEMA "My ""schema"');
      const schema = 'My "schema';
      const stores = await Promise.all(names.map((table) => PostgresStore.create(pool, { schema, table })));
      for (const [i, store] of stores.entries()) await store.set("k", bytes(i));
      for (const [i, store] of stores.entries()) expect(await store.get("k")).toEqual(bytes(i));
      const { rows } = await pool.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [schema]);
      expect(rows.map(({ tablename }: { tablename: string }) => tablename).sort()).toEqual(names.sort());
    });

    it("is created once by many at a time", async () => {
      for (let round = 0; round < 10; round++) {
        const table = `raced${round}`;
        const stores = await Promise.all(Array.from({ length: 8 }, () => PostgresStore.create(pool, { table })));
        await Promise.all(stores.map((store, i) => store.set(`k${i}`, bytes(i))));
        expect(await collect(new PostgresStore(pool, { table }).keys())).toHaveLength(8);
      }
    });

    it("says what PostgreSQL said", async () => {
      const store = new PostgresStore(pool, { table: "not there" });
      const error: unknown = await store.get("k").catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(StorageError);
      expect(error).toMatchObject({ message: expect.stringContaining("does not exist"), cause: { code: "42P01" } });
    });

    it("leaves the pool open when it is closed", async () => {
      const store = await create();
      store.close();
      await expect(store.get("k")).rejects.toMatchObject({ code: "VKV_STORE_CLOSED" });
      expect(await (await create()).get("k")).toBeUndefined();
    });

    it("splits batches that are too large for a statement", async () => {
      const store = await create();
      const values = Array.from({ length: 10 }, (_, i) => [`k${i}`, new Uint8Array(2 ** 20).fill(i)] as const);
      expect(await store.createMany(values)).toEqual([]);
      expect(await store.createMany(values)).toEqual(values.map(([key]) => key));
      expect((await store.getMany(values.map(([key]) => key))).get("k7")).toEqual(values[7]?.[1]);
    });

    it("finds the keys under a prefix by the index", async () => {
      const store = await create();
      await store.setMany(Array.from({ length: 5000 }, (_, i) => [`n/${i}`, bytes(1)] as const));
      await store.set("b/main", bytes(1));
      await pool.query(`ANALYZE t${count}`);
      const plans: string[] = [];
      const explaining: PostgresDatabase = {
        query: async (sql, values) => {
          plans.push(JSON.stringify((await pool.query(`EXPLAIN ${sql}`, values)).rows));
          return pool.query(sql, values);
        },
      };
      expect(await collect(new PostgresStore(explaining, { table: `t${count}` }).keys("b/"))).toEqual(["b/main"]);
      expect(plans).toHaveLength(1);
      expect(plans[0]).toMatch(/Index Only Scan|Index Scan/);
    });

    it("runs nothing twice when an answer is lost", async () => {
      const store = await create();
      const proxy = await TcpProxy.start(server.port);
      const far = new Pool({ ...settings, port: proxy.port });
      far.on("error", () => undefined);
      const cut = new PostgresStore(far, { table: `t${count}` });
      await cut.set("k", bytes(1));
      for (const write of [() => cut.cas("k", bytes(2), bytes(1)), () => cut.createMany({ "n/1": bytes(1) })]) {
        await cut.get("k"); // there is a connection
        proxy.losesAnswers = true;
        await expect(write()).rejects.toMatchObject({ code: "VKV_STORAGE" });
        proxy.losesAnswers = false;
      }
      expect(await store.get("k")).toEqual(bytes(2));
      expect(await store.createMany({ "n/1": bytes(2) })).toEqual(["n/1"]);
      await far.end();
      await proxy.stop();
    });
  });
});
