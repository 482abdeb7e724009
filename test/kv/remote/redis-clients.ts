/** Clients of every package and version that `RedisStore` runs on. */
import { Cluster, Redis } from "ioredis";
import { Cluster as Cluster5, Redis as Redis5 } from "ioredis-5";
import { createClient, createCluster } from "redis";
import { createClient as createClient63, createCluster as createCluster63 } from "redis-6.3";
import type { RedisClient } from "../../../src/kv/redis.ts";

/** The packages, with their versions: "redis 6.3" and "ioredis 5" are the oldest that `RedisStore` runs on, the others the newest. */
export type RedisDriver = "redis 6.3" | "redis 6" | "ioredis 5" | "ioredis 6";

/** All of them. */
export const REDIS_DRIVERS: readonly RedisDriver[] = ["redis 6.3", "redis 6", "ioredis 5", "ioredis 6"];

/** A client that is connected, and how it is closed. */
export interface Connected<C> {
  readonly client: C;
  close(): Promise<unknown> | unknown;
}

/**
 * Connects to the server on a port, or to the cluster on several.
 *
 * @param detours other ports to connect to instead of the servers' own
 */
export async function connectRedis(
  driver: RedisDriver,
  ports: readonly number[],
  detours: Readonly<Record<number, number>> = {},
): Promise<Connected<RedisClient>> {
  const host = "127.0.0.1";
  const nodes = ports.map((each) => ({ host, port: detours[each] ?? each }));
  const map = Object.fromEntries(Object.entries(detours).map(([from, port]) => [`${host}:${from}`, { host, port }]));

  const socket = nodes[0] ?? { host, port: 0 };
  const forNodeCluster = { rootNodes: nodes.map((each) => ({ socket: each })), nodeAddressMap: map };
  const forNode = { socket: { ...socket, reconnectStrategy: 20 } };
  const forCluster = { lazyConnect: true, retryDelayOnFailover: 0, natMap: map };
  const forOne = { ...socket, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => 20 };
  const isCluster = ports.length > 1;
  switch (driver) {
    case "redis 6.3":
      return opened(isCluster ? createCluster63(forNodeCluster) : createClient63(forNode));
    case "redis 6":
      return opened(isCluster ? createCluster(forNodeCluster) : createClient(forNode));
    case "ioredis 5":
      return opened(isCluster ? new Cluster5(nodes, forCluster) : new Redis5(forOne));
    case "ioredis 6":
      return opened(isCluster ? new Cluster(nodes, forCluster) : new Redis(forOne));
  }
}

/** What all clients have, beside what `RedisStore` uses. */
interface Lifecycle {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy?(): unknown;
  disconnect(): unknown;
}

async function opened(client: RedisClient & Lifecycle): Promise<Connected<RedisClient>> {
  // What is said about a lost connection, the commands that are lost with it say, too.
  client.on("error", () => undefined);
  await client.connect();
  return { client, close: () => (client.destroy === undefined ? client.disconnect() : client.destroy()) };
}
