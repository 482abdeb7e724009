import { setTimeout as sleep } from "node:timers/promises";
import { S3Server, type S3ServerKind } from "../../support/s3-server.ts";
import { BUCKET, connectS3 } from "./s3-client.ts";
import type { RemoteServer } from "./server.ts";

/** Starts one server with S3's protocol, with a bucket. */
export async function startS3(kind: S3ServerKind): Promise<RemoteServer> {
  const server = await S3Server.start(kind);
  const client = connectS3(server.port);
  await client.createBucket({ Bucket: BUCKET });
  client.destroy();
  return {
    place: { driver: "s3", ports: [server.port] },
    crash: async (pause) => {
      await server.kill();
      await sleep(pause);
      await server.restart();
    },
    stop: () => server.stop(),
  };
}
