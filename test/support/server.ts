/** Servers that tests start on free ports, with folders of their own, kill, and start again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A server that runs. */
export class Server {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /**
   * Starts `command`; resolves when it has printed `ready`, rejects with what it printed if it ends before.
   *
   * @param user whom it runs as; by default, who runs the tests
   */
  static async start(
    command: string,
    args: readonly string[],
    ready: RegExp,
    user: { uid?: number; gid?: number } = {},
  ): Promise<Server> {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...user });
    const end = (): void => {
      child.kill("SIGKILL");
    };
    process.once("exit", end);
    child.once("close", () => process.off("exit", end));
    await new Promise<void>((resolve, reject) => {
      let printed = "";
      const read = (text: string): void => {
        printed += text;
        if (ready.test(printed)) resolve();
      };
      child.stdout.setEncoding("utf8").on("data", read);
      child.stderr.setEncoding("utf8").on("data", read);
      child.once("error", reject);
      child.once("close", () => reject(new Error(`${command} did not start: ${printed}`)));
    });
    return new Server(child);
  }

  /** Ends it; resolves when it is gone. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "close");
    this.#process.kill(signal);
    await gone;
  }
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("There is no port.");
  return address.port;
}
