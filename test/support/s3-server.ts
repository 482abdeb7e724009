/** Servers with S3's protocol, for tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCommand } from "./needs.ts";
import { freePort, Server } from "./server.ts";

/** `moto`, which keeps everything in memory and knows what Amazon answers; `versitygw`, which keeps objects as files. */
export type S3ServerKind = "moto" | "versitygw";

/** Name and password of every server's only user. */
export const S3_CREDENTIALS = { accessKeyId: "tester", secretAccessKey: "testertester" } as const;

/** Whether such a server can be started. */
export function hasS3(kind: S3ServerKind): boolean {
  return hasCommand(kind === "moto" ? "moto_server" : "versitygw");
}

/** One server, which keeps its port when it is started again; `versitygw` keeps its data, too. */
export class S3Server {
  readonly port: number;
  readonly #kind: S3ServerKind;
  readonly #dir: string;
  #server: Server | undefined;

  private constructor(kind: S3ServerKind, port: number, dir: string) {
    this.port = port;
    this.#kind = kind;
    this.#dir = dir;
  }

  static async start(kind: S3ServerKind): Promise<S3Server> {
    const server = new S3Server(kind, await freePort(), mkdtempSync(join(tmpdir(), "vkv-s3-")));
    await server.restart();
    return server;
  }

  /** Starts it again. */
  async restart(): Promise<void> {
    if (this.#kind === "moto") {
      this.#server = await Server.start("moto_server", ["-H", "127.0.0.1", "-p", String(this.port)], /Running on/);
      return;
    }
    const { accessKeyId, secretAccessKey } = S3_CREDENTIALS;
    const user = ["--access", accessKeyId, "--secret", secretAccessKey];
    const args = ["--port", `127.0.0.1:${this.port}`, "--keep-alive", ...user, "posix", this.#dir];
    this.#server = await Server.start("versitygw", args, /listening on/);
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#server?.stop("SIGKILL");
  }

  /** Ends it, and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
