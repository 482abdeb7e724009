/** The clients that the stores on servers must accept. Nothing here runs. */
import type { PGlite } from "@electric-sql/pglite";
import type { Cluster, Redis } from "ioredis";
import type { Cluster as Cluster5, Redis as Redis5 } from "ioredis-5";
import type { Pool } from "pg";
import type { createClient, createClientPool, createCluster, RedisClientType, RedisClusterType } from "redis";
import type { createClient as createClient63, createCluster as createCluster63 } from "redis-6.3";
import { PostgresStore } from "vkv/postgres";
import { RedisStore } from "vkv/redis";

declare const redisClients: [
  RedisClientType,
  RedisClusterType,
  ReturnType<typeof createClient>,
  ReturnType<typeof createCluster>,
  ReturnType<typeof createClientPool>,
  ReturnType<typeof createClient63>,
  ReturnType<typeof createCluster63>,
  Redis,
  Cluster,
  Redis5,
  Cluster5,
];
for (const client of redisClients) new RedisStore(client, { prefix: "app" });

declare const databases: [Pool, PGlite];
for (const database of databases) new PostgresStore(database, { table: "t", schema: "s" });

declare const wrong: { query(): void };
// @ts-expect-error not a database
new PostgresStore(wrong);
// @ts-expect-error not a client
new RedisStore({});
// @ts-expect-error an option that there is not
new RedisStore(redisClients[0], { keyPrefix: "app" });
