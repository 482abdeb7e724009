/** PostgreSQL servers for tests. */
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, Server } from "./server.ts";

/** Where Debian's package has the programs of each version. */
const VERSIONS = "/usr/lib/postgresql";

/** The folder with `initdb` and `postgres`, which are seldom on the PATH; `undefined` if there is none. */
function programs(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(VERSIONS, version, "bin")),
    ...(process.env["PATH"] ?? "").split(":"),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** Whom the server runs as: it refuses root. */
const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** Whether a PostgreSQL server can be started. */
export function hasPostgres(): boolean {
  const folder = programs();
  return folder !== undefined && spawnSync(join(folder, "postgres"), ["--version"], user).status === 0;
}

/** One server, which keeps its port and its data when it is started again. */
export class PostgresServer {
  readonly port: number;
  readonly #dir: string;
  readonly #settings: Readonly<Record<string, string>>;
  #server: Server | undefined;

  private constructor(port: number, dir: string, settings: Readonly<Record<string, string>>) {
    this.port = port;
    this.#dir = dir;
    this.#settings = settings;
  }

  /** @param durable as it is by default; otherwise it is faster, and loses its data in a crash */
  static async start(durable = false): Promise<PostgresServer> {
    const dir = mkdtempSync(join(tmpdir(), "vkv-postgres-"));
    if (user.uid !== undefined) chownSync(dir, user.uid, user.gid);
    const initdb = join(programs() ?? "", "initdb");
    const args = ["--pgdata", join(dir, "data"), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8"];
    const { status, stderr } = spawnSync(initdb, [...args, "--no-sync"], { encoding: "utf8", cwd: dir, ...user });
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`);
    const quick = durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
    const server = new PostgresServer(await freePort(), dir, quick);
    await server.restart();
    return server;
  }

  /** Starts it again, if it is not running. */
  async restart(): Promise<void> {
    const settings = {
      port: String(this.port),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: this.#dir,
      max_connections: "200",
      deadlock_timeout: "200ms",
      ...this.#settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const start = (): Promise<Server> =>
      Server.start(
        join(programs() ?? "", "postgres"),
        ["-D", join(this.#dir, "data"), ...args],
        /ready to accept connections/,
        user,
      );
    for (let attempt = 1; this.#server === undefined; attempt++) {
      try {
        this.#server = await start();
      } catch (error) {
        // What a killed server leaves running keeps its memory for a moment.
        if (attempt === 50) throw error;
        await sleep(100);
      }
    }
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#server?.stop("SIGKILL");
    this.#server = undefined;
  }

  async stop(): Promise<void> {
    // Unlike SIGKILL, this ends the server's own processes, too.
    await this.#server?.stop("SIGQUIT");
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
