import { setTimeout as sleep } from "node:timers/promises";
import { PostgresServer } from "../../support/postgres-server.ts";
import type { PostgresDriver } from "./open.ts";
import type { RemoteServer } from "./server.ts";

/** Starts one PostgreSQL server. */
export async function startPostgres(driver: PostgresDriver, durable: boolean): Promise<RemoteServer> {
  const server = await PostgresServer.start(durable);
  return {
    place: { driver, ports: [server.port] },
    crash: async (pause) => {
      await server.kill();
      await sleep(pause);
      await server.restart();
    },
    stop: () => server.stop(),
  };
}
