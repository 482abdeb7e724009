import { setTimeout as sleep } from "node:timers/promises";
import { PostgresServer } from "../../support/postgres-server.ts";
import type { RemoteServer } from "./suite.ts";

/** Starts one PostgreSQL server. */
export async function startPostgres(durable: boolean): Promise<RemoteServer> {
  const server = await PostgresServer.start(durable);
  return {
    place: { driver: "pg", ports: [server.port] },
    crash: async (pause) => {
      await server.kill();
      await sleep(pause);
      await server.restart();
    },
    stop: () => server.stop(),
  };
}
