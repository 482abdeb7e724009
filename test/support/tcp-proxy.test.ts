import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";

it("keeps the order of what it passes on when it gets faster", async () => {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    // The proxy resets its connections when it stops.
    socket.on("error", () => undefined).on("data", (bytes) => received.push(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const proxy = await TcpProxy.start(typeof address === "object" && address !== null ? address.port : 0);
  const client = connect({ port: proxy.port, host: "127.0.0.1", noDelay: true });
  await once(client, "connect");

  proxy.latency = 50;
  client.write("first,");
  await sleep(10);
  proxy.latency = 0;
  client.write("second");
  const text = (): string => Buffer.concat(received).toString();
  await expect.poll(text).toBe("first,second");

  client.destroy();
  await proxy.stop();
  server.close();
});
