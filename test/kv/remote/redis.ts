import { setTimeout as sleep } from "node:timers/promises";
import { RedisCluster, RedisServer } from "../../support/redis-server.ts";
import type { RedisDriver } from "./redis-clients.ts";
import type { RemoteServer } from "./server.ts";

/** Starts one Redis server. */
export async function startRedis(driver: RedisDriver, durable: boolean): Promise<RemoteServer> {
  const server = await RedisServer.start(durable);
  return {
    place: { driver, ports: [server.port] },
    crash: (pause) => crash(server, pause),
    stop: () => server.stop(),
  };
}

/** Starts a cluster of three masters; one after the other crashes. */
export async function startRedisCluster(driver: RedisDriver, durable: boolean): Promise<RemoteServer> {
  const cluster = await RedisCluster.start(durable);
  let crashes = 0;
  return {
    place: { driver, ports: cluster.ports },
    crash: async (pause) => {
      const server = cluster.servers[crashes++ % cluster.servers.length];
      if (server !== undefined) await crash(server, pause);
      await cluster.ready();
    },
    stop: () => cluster.stop(),
  };
}

async function crash(server: RedisServer, pause: number): Promise<void> {
  await server.kill();
  await sleep(pause);
  await server.restart();
}
