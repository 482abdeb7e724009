/** Redis servers and clusters for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { hasCommand } from "./needs.ts";
import { freePort, Server } from "./server.ts";

const COMMAND = "redis-server";
const SLOTS = 16384;

/** Whether a Redis server can be started. */
export const hasRedis = (): boolean => hasCommand(COMMAND);

/** One server, which keeps its port and its data when it is started again. */
export class RedisServer {
  readonly port: number;
  readonly #dir: string;
  readonly #settings: Readonly<Record<string, string>>;
  #server: Server | undefined;

  private constructor(port: number, dir: string, settings: Readonly<Record<string, string>>) {
    this.port = port;
    this.#dir = dir;
    this.#settings = settings;
  }

  /** @param durable with the settings by which nothing acknowledged is lost when it is killed */
  static async start(durable = false, settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
    const dir = await mkdtemp(join(tmpdir(), "vkv-redis-"));
    const log = durable ? { appendonly: "yes", appendfsync: "always" } : { appendonly: "no" };
    const server = new RedisServer(await freePort(), dir, { save: "", ...log, ...settings });
    await server.restart();
    return server;
  }

  /** Starts it again, if it is not running. */
  async restart(): Promise<void> {
    const settings = { port: String(this.port), bind: "127.0.0.1", dir: this.#dir, daemonize: "no", ...this.#settings };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.#server = await Server.start(COMMAND, args, /ready to accept connections/i);
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#server?.stop("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** A cluster of three masters. */
export class RedisCluster {
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers;
  }

  static async start(durable = false): Promise<RedisCluster> {
    const servers = await Promise.all(
      Array.from({ length: 3 }, async () =>
        RedisServer.start(durable, {
          "cluster-enabled": "yes",
          "cluster-port": String(await freePort()),
          "cluster-node-timeout": "5000",
        }),
      ),
    );
    const cluster = new RedisCluster(servers);
    await cluster.#join();
    return cluster;
  }

  /** The ports of its servers. */
  get ports(): number[] {
    return this.servers.map(({ port }) => port);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  /** Deals the slots out, and waits until all servers know each other. */
  async #join(): Promise<void> {
    const clients = await Promise.all(this.ports.map((port) => createClient({ socket: { port } }).connect()));
    const share = Math.ceil(SLOTS / clients.length);
    for (const [i, client] of clients.entries()) {
      const end = Math.min(SLOTS, (i + 1) * share) - 1;
      await client.sendCommand(["CLUSTER", "ADDSLOTSRANGE", String(i * share), String(end)]);
    }
    const busPorts = await Promise.all(clients.map(async (client) => client.configGet("cluster-port")));
    for (const [i, port] of this.ports.entries()) {
      if (i === 0) continue;
      const bus = String(busPorts[i]?.["cluster-port"]);
      await clients[0]?.sendCommand(["CLUSTER", "MEET", "127.0.0.1", String(port), bus]);
    }
    for (const client of clients) client.destroy();
    await this.ready();
  }

  /** Resolves when all servers know each other, and serve their slots: some time after one has been started again. */
  async ready(): Promise<void> {
    for (const port of this.ports) {
      const client = await createClient({ socket: { port } }).connect();
      const isReady = async (): Promise<boolean> => {
        const [info, nodes] = await Promise.all(
          ["INFO", "NODES"].map(async (about) => String(await client.sendCommand(["CLUSTER", about]))),
        );
        const isKnown = nodes?.trim().split("\n").length === this.servers.length;
        return isKnown && info?.includes("cluster_state:ok") === true;
      };
      while (!(await isReady())) await sleep(20);
      client.destroy();
    }
  }
}
