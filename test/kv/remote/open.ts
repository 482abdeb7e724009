/** Opens stores on servers: in tests, in the processes that these start, and in measurements. */
import { createRequire } from "node:module";
import { Pool } from "pg";
import { PostgresStore } from "../../../src/kv/postgres.ts";
import { RedisStore } from "../../../src/kv/redis.ts";
import { S3Store } from "../../../src/kv/s3.ts";
import type { KVStore } from "../../../src/kv/store.ts";
import { connectRedis, type RedisDriver } from "./redis-clients.ts";
import { BUCKET, connectS3 } from "./s3-client.ts";

/** The versions of `pg` that `PostgresStore` is tested on. */
export type PostgresDriver = "pg 8" | "pg 8.12";

/** The oldest version of `pg` that `PostgresStore` runs on. Its types are those of the newest. */
const old = createRequire(import.meta.url)("pg-8.12") as typeof import("pg");

/** Where a store is, as it can be told to another process. */
export interface Place {
  readonly driver: RedisDriver | PostgresDriver | "s3";
  /** One port, or those of a cluster. */
  readonly ports: readonly number[];
  /** Other ports to connect to instead. */
  readonly detours?: Readonly<Record<number, number>>;
}

/** A connection that stores can be opened on. */
export interface Remote {
  /** The store over the data of this name, which is there from then on. */
  open(name: string): Promise<KVStore>;
  close(): Promise<unknown> | unknown;
}

/** Connects to a server. */
export async function connectTo({ driver, ports, detours = {} }: Place): Promise<Remote> {
  if (driver === "pg 8" || driver === "pg 8.12") {
    const [port = 0] = ports;
    const pool = new (driver === "pg 8" ? Pool : old.Pool)({
      host: "127.0.0.1",
      port: detours[port] ?? port,
      user: "postgres",
      database: "postgres",
      idleTimeoutMillis: 0,
    });
    // What is said about a lost connection that is idle; the next statement gets another one.
    pool.on("error", () => undefined);
    return { open: (name) => PostgresStore.create(pool, { table: name }), close: () => pool.end() };
  }
  if (driver === "s3") {
    const [port = 0] = ports;
    const client = connectS3(detours[port] ?? port);
    return {
      open: async (name) => new S3Store(client, { bucket: BUCKET, prefix: name.replaceAll(" ", "-") }),
      close: () => client.destroy(),
    };
  }
  const { client, close } = await connectRedis(driver, ports, detours);
  return { open: async (name) => new RedisStore(client, { prefix: name }), close };
}
