/** A way to a server that tests can make slow, and cut. */
import { once } from "node:events";
import { createServer, connect as open, type Server, type Socket } from "node:net";

/** Passes on what comes in on a port of its own. */
export class TcpProxy {
  /** How much longer a request takes, in ms. */
  latency = 0;
  /** Whether it cuts a connection instead of passing on an answer. */
  losesAnswers = false;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  private constructor(target: number) {
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client, target));
  }

  /** Starts one in front of the port `target` of this machine. */
  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy is not listening.");
    return address.port;
  }

  /** Breaks all connections, in the middle of whatever is on its way. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket, port: number): void {
    const server = open({ port, host: "127.0.0.1", noDelay: true });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      // Either end may be gone at any time: then so is the other.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    // What came first goes on first, also when the latency has been lowered meanwhile.
    const waiting: Buffer[] = [];
    client.on("data", (bytes) => {
      waiting.push(bytes);
      const passOn = (): void => {
        const first = waiting.shift();
        if (first !== undefined && server.writable) server.write(first);
      };
      if (this.latency === 0 && waiting.length === 1) passOn();
      else setTimeout(passOn, this.latency);
    });
    server.on("data", (bytes) => {
      if (this.losesAnswers) client.resetAndDestroy();
      else if (client.writable) client.write(bytes);
    });
  }
}
